"""What the environment may hold, and what production refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import VARIABLES, read_environment

SAFE = {
    "ATHANOR_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "archive.example",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATHANOR_HOME", str(tmp_path))


def test_defaults_serve_one_machine(tmp_path: Path) -> None:
    environment = read_environment()
    assert not environment.production
    assert environment.home == tmp_path
    assert environment.port == 8000
    assert environment.host == "127.0.0.1"
    assert environment.database["ENGINE"] == "django.db.backends.sqlite3"
    assert environment.database["NAME"] == str(tmp_path / "athanor.sqlite3")
    assert environment.archive_url == f"duckdb:{tmp_path / 'tables'}"
    assert environment.allowed_hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert environment.debug is False


def test_production_takes_safe_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    environment = read_environment()
    assert environment.production
    assert environment.allowed_hosts == ["archive.example"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS"),
    ],
)
def test_production_refuses(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], named: str) -> None:
    for name, value in {**SAFE, **changes}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=named):
        read_environment()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATHANOR_ENV", "staging"),
        ("PORT", "eighty"),
        ("ATHANOR_WEB_WORKERS", "0"),
        ("ATHANOR_MAXREC", "-1"),
        ("ATHANOR_UPLOAD_ROWS", "many"),
        ("ATHANOR_UPLOAD_HOSTS", "http://data.example.org"),
        ("ATHANOR_UPLOAD_HOSTS", "data.example.org:port"),
        ("ATHANOR_SANDBOX", "yes"),
        ("ATHANOR_SANDBOX_PATHS", "opt/heasoft"),
        ("ATHANOR_SANDBOX_PATHS", "/opt/heasoft:/"),
        ("DATABASE_URL", "mongodb://nowhere/athanor"),
        ("DATABASE_URL", "mysql://nowhere/athanor"),
        ("DATABASE_URL", "postgresql://localhost:port/athanor"),
        ("DATABASE_URL", "postgresql://localhost/athanor?conn_max_age=long"),
        ("ATHANOR_ARCHIVE_DAYS", "0"),
        ("ATHANOR_MIN_FREE_BYTES", "1 GB"),
        ("ATHANOR_NOTICE_HOSTS", "https://hooks.example.org"),
        ("ATHANOR_NOTICE_HOSTS", "http://hooks.example.org/path"),
        ("SAS_DIR", "opt/sas"),
        ("HEADAS", "heasoft"),
        ("SAS_VERBOSITY", "11"),
        ("ATHANOR_SAS_COMMAND", "apptainer exec 'sas.sif"),
        ("ATHANOR_ODF_DIR", "odf"),
        ("ATHANOR_XMM_ARCHIVE", "maybe"),
        ("ATHANOR_XMM_ARCHIVE", "ftp://nxsa.esac.esa.int/"),
        ("EMAIL_URL", "mail.example.org"),
        ("EMAIL_URL", "pop3://mail.example.org"),
    ],
)
def test_malformed_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        read_environment()


def test_hosts_of_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_environment().upload_hosts == []
    monkeypatch.setenv("ATHANOR_UPLOAD_HOSTS", "Data.example.org, mirror.example.org:8080,[2001:DB8::1],")
    assert read_environment().upload_hosts == ["data.example.org", "mirror.example.org:8080", "[2001:db8::1]"]


def test_hosts_of_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_environment().notice_hosts == []
    monkeypatch.setenv("ATHANOR_NOTICE_HOSTS", "Hooks.example.org:8443, HTTP://127.0.0.1:9000")
    assert read_environment().notice_hosts == ["hooks.example.org:8443", "http://127.0.0.1:9000"]


def test_sas(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = read_environment()
    assert (environment.sas_dir, environment.sas_ccfpath, environment.headas) == ("", "", "")
    assert (environment.sas_command, environment.sas_verbosity, environment.sas_suppress_warning) == ((), 4, 1)
    assert (environment.odf_dir, environment.xmm_archive) == ("", "")
    monkeypatch.setenv("ATHANOR_SAS_COMMAND", "podman run -v '/my data:/data' -w {workdir} sas:21")
    assert read_environment().sas_command == ("podman", "run", "-v", "/my data:/data", "-w", "{workdir}", "sas:21")


@pytest.mark.parametrize(
    ("value", "archive"), [("no", ""), ("yes", "yes"), ("http://127.0.0.1:8000/xsa?", "http://127.0.0.1:8000/xsa?")]
)
def test_archive_of_xmm(monkeypatch: pytest.MonkeyPatch, value: str, archive: str) -> None:
    monkeypatch.setenv("ATHANOR_XMM_ARCHIVE", value)
    assert read_environment().xmm_archive == archive


def test_archived_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_environment().archive_jobs == ["never"]
    monkeypatch.setenv("ATHANOR_ARCHIVE_JOBS", "evselect, epicspectrum,")
    assert read_environment().archive_jobs == ["evselect", "epicspectrum"]


def test_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_environment().email == {}
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://ada:se%40cret@mail.example.org:587")
    email = read_environment().email
    names = ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS")
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    assert [email[name] for name in names] == [smtp, "mail.example.org", 587, "ada", "se@cret", True]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://db.example/athanor", {"HOST": "db.example"}),
        (
            "postgresql://ada:se%40cret@[::1]:5433/athanor",
            {"USER": "ada", "PASSWORD": "se@cret", "HOST": "::1", "PORT": 5433},
        ),
        ("postgresql://ada@%2Frun%2Fpostgresql/athanor", {"USER": "ada", "HOST": "/run/postgresql"}),
        ("postgresql://%2fsrv%2fPg%20one:5433/athanor", {"HOST": "/srv/Pg one", "PORT": 5433}),
        ("postgresql:///athanor?host=/run/postgresql", {"OPTIONS": {"host": "/run/postgresql"}}),
        (
            "postgresql://h/athanor?conn_max_age=60&sslmode=require",
            {"HOST": "h", "CONN_MAX_AGE": 60, "OPTIONS": {"sslmode": "require"}},
        ),
        ("postgres:///athanor", {}),
    ],
)
def test_postgresql(monkeypatch: pytest.MonkeyPatch, url: str, named: dict[str, object]) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert {"OPTIONS": {}, **read_environment().database} == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "athanor",
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {},
        **named,
    }


@pytest.mark.parametrize("name", ["plain", "a+b", "100%20", "what?now#1", "Größe 1"])
def test_the_state_directory_may_have_any_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("ATHANOR_HOME", str(tmp_path / name))
    database = read_environment().database
    assert database == {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / name / "athanor.sqlite3")}
