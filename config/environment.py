"""The one place that reads the environment.

`VARIABLES` documents every variable; `docs/reference/settings.md` is checked against it.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured

__all__ = ["BASE_DIR", "INSECURE_SECRET_KEY", "VARIABLES", "Environment", "read_environment"]

BASE_DIR = Path(__file__).resolve().parent.parent
"""Root of the source tree."""

INSECURE_SECRET_KEY = "athanor-development-key-not-for-production"  # noqa: S105 - refused in production
"""Signs sessions in development; production refuses it."""

VARIABLES = {
    "ATHANOR_ENV": "`development` (default) or `production`. Production refuses the default `SECRET_KEY` and `DEBUG`.",
    "ATHANOR_HOME": "Directory that holds the service's state: database, tables, jobs. Default `./var`.",
    "PORT": "TCP port of the web server. Default 8000.",
    "HOST": "Address on which the web server listens. Default 127.0.0.1.",
    "SECRET_KEY": "Key that signs sessions and links. Required in production, at least 32 characters.",
    "DEBUG": "Django's debug pages, `true` or `false` (default). Refused in production.",
    "ALLOWED_HOSTS": "Comma-separated host names under which the service may be addressed. Required in production.",
    "DATABASE_URL": "Where jobs, accounts and provenance live, `sqlite:///…` or `postgresql://…`. Default: SQLite in"
    " `ATHANOR_HOME`.",
    "ARCHIVE_URL": "Where the archive's tables live, `duckdb:…` or `postgresql:…`. Default: files in `ATHANOR_HOME`.",
    "ATHANOR_ARCHIVE_READER_URL": "`ARCHIVE_URL` of a login for queries. Default: they take the role `athanor_reader`.",
    "SAS_DIR": "Root of an XMM-Newton SAS installation; empty (default) when there is none.",
    "SAS_CCFPATH": "Directory of the XMM-Newton current calibration files; empty (default) when there is none.",
    "ATHANOR_SAS_COMMAND": "Command that runs SAS in a container, as in `apptainer exec --bind /data /images/sas.sif`;"
    " `SAS_DIR` is then a path within it. `{jobdir}` and `{workdir}` stand for the directories of a job. Default: SAS"
    " is installed on the machine.",
    "HEADAS": "Root of a HEASoft installation, which some tasks of SAS need; empty (default) when there is none.",
    "SAS_VERBOSITY": "How much tasks of SAS tell, 0 to 10. Default 4.",
    "SAS_SUPPRESS_WARNING": "How often a task of SAS tells each warning. Default 1.",
    "ATHANOR_ODF_DIR": "Directory of the observation data files that jobs may name as `odf:<obsid>`; empty (default)"
    " when there is none.",
    "ATHANOR_XMM_ARCHIVE": "Where jobs may fetch files of XMM-Newton observations: `no` (default), `yes` for ESA's"
    " archive, or the URL of another with the same interface.",
    "ATHANOR_BASE_URL": "Public URL of the service when a proxy hides it. Default: taken from each request.",
    "ATHANOR_AUTHORITY": "IVOA authority in the identifiers of the archive's data sets. Default `athanor.example`.",
    "ATHANOR_WEB_WORKERS": "Web server processes. Default 2.",
    "ATHANOR_DEFINITIONS": "Directory of the site's own task definitions; empty (default) when there is none.",
    "ATHANOR_EXECUTOR": "What runs tasks whose definition does not say: `local` (default) or `slurm`.",
    "ATHANOR_SANDBOX": "Whether jobs run within walls made by bubblewrap: `auto` (default; where the machine can),"
    " `require` (jobs fail where it cannot) or `off`.",
    "ATHANOR_SANDBOX_PATHS": "Colon-separated paths that jobs may read within their walls, such as `/opt/heasoft`.",
    "ATHANOR_LOCAL_SLOTS": "Cores that one engine's jobs use at a time on its own machine. Default: number of cores.",
    "ATHANOR_SLURM_SLOTS": "Cores of one engine's jobs in Slurm at a time, waiting or running. Default 1000.",
    "ATHANOR_SLURM_PARTITION": "Partition of jobs whose definition names none. Default: Slurm's own.",
    "ATHANOR_SLURM_ACCOUNT": "Account of jobs whose definition names none. Default: Slurm's own.",
    "ATHANOR_SLURM_BIN": "Directory of Slurm's commands. Default: they are found in `/usr/local/bin` and `/usr/bin`.",
    "SLURM_CONF": "Slurm's configuration file, handed to its commands. Default: theirs.",
    "ATHANOR_OWNER_RUNNING": "Jobs of one owner that run at a time; 0 (default) is no limit. Allowances override it.",
    "ATHANOR_OWNER_QUEUED": "Jobs that one owner may have in the queue; 0 is no limit. Default 10000.",
    "ATHANOR_ANONYMOUS_RUNNING": "`ATHANOR_OWNER_RUNNING` of all who are not signed in, together. Default 0: the same.",
    "ATHANOR_ANONYMOUS_QUEUED": "`ATHANOR_OWNER_QUEUED` of all who are not signed in, together. Default 0: the same.",
    "ATHANOR_MAX_ARRAY": "Jobs that one array or pipeline may make. Default 10000.",
    "ATHANOR_ACCOUNTING_DAYS": "Days over which the processor time of owners is summed for limits. Default 30.",
    "ATHANOR_FAIR_SHARE_HOURS": "Hours in which past use of the machine counts half for an owner's turn. Default 6.",
    "ATHANOR_MAXREC": "Rows of a TAP answer when the client sets no MAXREC. Default 20000.",
    "ATHANOR_MAXREC_HARD": "Rows of a TAP answer that no MAXREC can exceed. Default 20000000.",
    "ATHANOR_SYNC_TIME_LIMIT": "Seconds that a synchronous TAP query may take. Default 60.",
    "ATHANOR_ASYNC_TIME_LIMIT": "Seconds that an asynchronous TAP query may take by default. Default 3600.",
    "ATHANOR_MAX_UPLOAD": "Bytes of a request that brings files for a job. Default 2147483648.",
    "ATHANOR_UPLOAD_BYTES": "Bytes of the tables that a TAP query may upload. Default 67108864.",
    "ATHANOR_UPLOAD_ROWS": "Rows of a table that a TAP query may upload. Default 1000000.",
    "ATHANOR_UPLOAD_HOSTS": "Comma-separated hosts (`name`, `name:port` or address) from which a TAP query may let the"
    " service fetch tables. Default: none.",
    "ATHANOR_JOB_RETENTION": "Seconds after its creation at which a job is destroyed by default. Default 604800.",
    "ATHANOR_ARCHIVE_JOBS": "Jobs of which a record without files is kept past their destruction time: `never`"
    " (default), `always`, or a comma-separated list of tasks.",
    "ATHANOR_ARCHIVE_DAYS": "Days for which such a record is kept. Default 365.",
    "ATHANOR_MIN_FREE_BYTES": "Free bytes on the disk of `ATHANOR_HOME` below which no job is started. Default"
    " 1073741824.",
    "ATHANOR_NOTICE_HOSTS": "Comma-separated hosts (`name`, `name:port`, or `http://name:port` for one without TLS)"
    " that may be told of the end of a job. Default: none.",
    "ATHANOR_PUBLISH": "Who may publish results of jobs in the archive: `operators` (default; superusers and users with"
    " the permission `obstap.publish_products`) or `owners` (also each user those of the user's own jobs).",
    "EMAIL_URL": "Mail server, as in `smtp+tls://user:password@mail.example.org:587`. Default: none, and jobs send no"
    " mail.",
    "DEFAULT_FROM_EMAIL": "Sender of mail. Default `athanor@localhost`.",
}
"""Every variable that is read, and what it means."""


_DATABASES = "write sqlite:///path or postgresql://user:password@host/database."
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True)
class Environment:
    """The environment, read and checked."""

    production: bool
    home: Path
    host: str
    port: int
    secret_key: str
    debug: bool
    allowed_hosts: list[str]
    database: dict[str, object]
    archive_url: str
    archive_reader_url: str
    sas_dir: str
    sas_ccfpath: str
    sas_command: tuple[str, ...]
    headas: str
    sas_verbosity: int
    sas_suppress_warning: int
    odf_dir: str
    xmm_archive: str
    base_url: str
    authority: str
    web_workers: int
    definitions: str
    executor: str
    sandbox: str
    sandbox_paths: list[str]
    local_slots: int
    slurm_slots: int
    slurm_partition: str
    slurm_account: str
    slurm_bin: str
    slurm_conf: str
    owner_running: int
    owner_queued: int
    anonymous_running: int
    anonymous_queued: int
    accounting_days: int
    fair_share_hours: int
    maxrec: int
    maxrec_hard: int
    sync_time_limit: int
    async_time_limit: int
    max_upload: int
    upload_bytes: int
    upload_rows: int
    max_array: int
    upload_hosts: list[str]
    job_retention: int
    archive_jobs: list[str]
    archive_days: int
    min_free_bytes: int
    notice_hosts: list[str]
    publish: str
    email: dict[str, object]
    from_email: str


def read_environment() -> Environment:
    """Read and check the environment.

    Raises
    ------
    ImproperlyConfigured
        When a value is malformed, or unsafe in production.
    """
    env = environ.Env()
    mode = env.str("ATHANOR_ENV", default="development")
    if mode not in ("development", "production"):
        raise ImproperlyConfigured(f"ATHANOR_ENV is {mode!r}; it must be 'development' or 'production'.")
    production = mode == "production"
    home = Path(env.str("ATHANOR_HOME", default="var")).expanduser().resolve()
    secret_key = env.str("SECRET_KEY", default=INSECURE_SECRET_KEY)
    debug = env.bool("DEBUG", default=False)
    allowed_hosts = env.list("ALLOWED_HOSTS", default=[] if production else ["localhost", "127.0.0.1", "[::1]"])
    if production:
        _refuse_unsafe(secret_key, debug, allowed_hosts)
    return Environment(
        production=production,
        home=home,
        host=env.str("HOST", default="127.0.0.1"),
        port=_positive(env, "PORT", 8000),
        secret_key=secret_key,
        debug=debug,
        allowed_hosts=allowed_hosts,
        database=_database(env, home),
        archive_url=env.str("ARCHIVE_URL", default=f"duckdb:{home / 'tables'}"),
        archive_reader_url=env.str("ATHANOR_ARCHIVE_READER_URL", default=""),
        sas_dir=_directory(env, "SAS_DIR"),
        sas_ccfpath=env.str("SAS_CCFPATH", default=""),
        sas_command=_words(env, "ATHANOR_SAS_COMMAND"),
        headas=_directory(env, "HEADAS"),
        sas_verbosity=_natural(env, "SAS_VERBOSITY", 4, most=10),
        sas_suppress_warning=_natural(env, "SAS_SUPPRESS_WARNING", 1),
        odf_dir=_directory(env, "ATHANOR_ODF_DIR"),
        xmm_archive=_archive(env, "ATHANOR_XMM_ARCHIVE"),
        base_url=env.str("ATHANOR_BASE_URL", default="").rstrip("/"),
        authority=env.str("ATHANOR_AUTHORITY", default="athanor.example"),
        web_workers=_positive(env, "ATHANOR_WEB_WORKERS", 2),
        definitions=env.str("ATHANOR_DEFINITIONS", default=""),
        executor=_one_of(env, "ATHANOR_EXECUTOR", ("local", "slurm")),
        sandbox=_one_of(env, "ATHANOR_SANDBOX", ("auto", "require", "off")),
        sandbox_paths=_paths(env, "ATHANOR_SANDBOX_PATHS"),
        local_slots=_positive(env, "ATHANOR_LOCAL_SLOTS", os.cpu_count() or 1),
        slurm_slots=_positive(env, "ATHANOR_SLURM_SLOTS", 1000),
        slurm_partition=env.str("ATHANOR_SLURM_PARTITION", default=""),
        slurm_account=env.str("ATHANOR_SLURM_ACCOUNT", default=""),
        slurm_bin=env.str("ATHANOR_SLURM_BIN", default=""),
        slurm_conf=env.str("SLURM_CONF", default=""),
        owner_running=_natural(env, "ATHANOR_OWNER_RUNNING", 0),
        owner_queued=_natural(env, "ATHANOR_OWNER_QUEUED", 10_000),
        anonymous_running=_natural(env, "ATHANOR_ANONYMOUS_RUNNING", 0),
        anonymous_queued=_natural(env, "ATHANOR_ANONYMOUS_QUEUED", 0),
        accounting_days=_positive(env, "ATHANOR_ACCOUNTING_DAYS", 30),
        fair_share_hours=_positive(env, "ATHANOR_FAIR_SHARE_HOURS", 6),
        maxrec=_positive(env, "ATHANOR_MAXREC", 20_000),
        maxrec_hard=_positive(env, "ATHANOR_MAXREC_HARD", 20_000_000),
        sync_time_limit=_positive(env, "ATHANOR_SYNC_TIME_LIMIT", 60),
        async_time_limit=_positive(env, "ATHANOR_ASYNC_TIME_LIMIT", 3600),
        max_upload=_positive(env, "ATHANOR_MAX_UPLOAD", 2**31),
        upload_bytes=_positive(env, "ATHANOR_UPLOAD_BYTES", 2**26),
        max_array=_positive(env, "ATHANOR_MAX_ARRAY", 10_000),
        upload_rows=_positive(env, "ATHANOR_UPLOAD_ROWS", 10**6),
        upload_hosts=_hosts(env, "ATHANOR_UPLOAD_HOSTS"),
        job_retention=_positive(env, "ATHANOR_JOB_RETENTION", 7 * 86400),
        archive_jobs=_names(env, "ATHANOR_ARCHIVE_JOBS", "never"),
        archive_days=_positive(env, "ATHANOR_ARCHIVE_DAYS", 365),
        min_free_bytes=_positive(env, "ATHANOR_MIN_FREE_BYTES", 2**30),
        notice_hosts=_hosts(env, "ATHANOR_NOTICE_HOSTS", plain="http://"),
        publish=_one_of(env, "ATHANOR_PUBLISH", ("operators", "owners")),
        email=_email(env),
        from_email=env.str("DEFAULT_FROM_EMAIL", default="athanor@localhost"),
    )


def _refuse_unsafe(secret_key: str, debug: bool, allowed_hosts: list[str]) -> None:
    if secret_key == INSECURE_SECRET_KEY or len(secret_key) < 32:
        raise ImproperlyConfigured(
            "SECRET_KEY must be set to at least 32 random characters when ATHANOR_ENV=production."
        )
    if debug:
        raise ImproperlyConfigured("DEBUG must not be set when ATHANOR_ENV=production.")
    if not allowed_hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the public host when ATHANOR_ENV=production.")


def _one_of(env: environ.Env, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, the first where nothing is said."""
    value: str = env.str(name, default=choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be {' or '.join(map(repr, choices))}.")
    return value


def _positive(env: environ.Env, name: str, default: int) -> int:
    return _natural(env, name, default, least=1)


def _natural(env: environ.Env, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    text = env.str(name, default=str(default))
    value = int(text) if text.isascii() and text.isdecimal() else -1
    if value < least:
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be a whole number of at least {least}.")
    if most is not None and value > most:
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be at most {most}.")
    return value


def _words(env: environ.Env, name: str) -> tuple[str, ...]:
    """A command as a shell would split it; none will ever see it."""
    try:
        return tuple(shlex.split(env.str(name, default="")))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be split into words: {error}.") from error


def _directory(env: environ.Env, name: str) -> str:
    path: str = env.str(name, default="")
    if path and not Path(path).is_absolute():
        raise ImproperlyConfigured(f"{name} is {path!r}; write a full path, as in /data/xmm.")
    return path


def _archive(env: environ.Env, name: str) -> str:
    """``yes``, a URL, or nothing where there is none."""
    value: str = env.str(name, default="no").strip()
    if value in ("", "no"):
        return ""
    if value != "yes" and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be yes, no or the URL of an archive.")
    return value


def _paths(env: environ.Env, name: str) -> list[str]:
    paths = [path for path in env.str(name, default="").split(os.pathsep) if path]
    for path in paths:
        if not Path(path).is_absolute() or Path(path) == Path("/"):
            raise ImproperlyConfigured(f"{name} has {path!r}; write full paths, as in /opt/heasoft:/opt/conda.")
    return paths


def _hosts(env: environ.Env, name: str, *, plain: str = "") -> list[str]:
    """Hosts, each possibly after `plain`, which says that it may be spoken to without TLS."""
    hosts = [host.strip().lower() for host in env.list(name, default=[]) if host.strip()]
    for host in hosts:
        if not _HOST.fullmatch(host.removeprefix(plain)):
            raise ImproperlyConfigured(
                f"{name} has {host!r}; write names or addresses of hosts, as in data.example.org or [2001:db8::1]:8080."
            )
    return hosts


def _names(env: environ.Env, name: str, default: str) -> list[str]:
    return [item.strip() for item in env.str(name, default=default).split(",") if item.strip()]


def _email(env: environ.Env) -> dict[str, object]:
    """Django's settings of mail, empty where none is sent."""
    if not env.str("EMAIL_URL", default=""):
        return {}
    try:
        return dict(env.email_url("EMAIL_URL"))
    except (ImproperlyConfigured, KeyError, ValueError) as error:
        raise ImproperlyConfigured(
            "EMAIL_URL is no address of a mail server; write it as smtp+tls://user:password@mail.example.org:587."
        ) from error


def _database(env: environ.Env, home: Path) -> dict[str, object]:
    """Django's settings of the database; PostgreSQL's host may be the directory of a socket, in percent form."""
    if not env.str("DATABASE_URL", default=""):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "athanor.sqlite3")}
    try:
        database = dict(env.db_url("DATABASE_URL"))
    except (ImproperlyConfigured, KeyError, ValueError) as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read; {_DATABASES}") from error
    match database.get("ENGINE"):
        case "django.db.backends.sqlite3":
            return database
        case "django.db.backends.postgresql":
            host = unquote(str(database["HOST"]))
            # A connection that is kept may have been ended by the server meanwhile.
            return {**database, "HOST": host, "CONN_MAX_AGE": _max_age(database), "CONN_HEALTH_CHECKS": True}
    raise ImproperlyConfigured(f"DATABASE_URL names another database; {_DATABASES}")


def _max_age(database: dict[str, object]) -> int:
    """Seconds for which each thread keeps its connection between two requests; 0 where nothing is said."""
    text = str(database.get("CONN_MAX_AGE", 0))
    if not (text.isascii() and text.isdecimal()):
        raise ImproperlyConfigured(f"DATABASE_URL has conn_max_age={text}; it must be a whole number of seconds.")
    return int(text)
