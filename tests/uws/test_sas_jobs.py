"""Jobs that run programs of SAS: what these get, and what of what they say becomes of the job."""

from __future__ import annotations

import hashlib
import json
import os
import sys

import pytest

from jobdefs import registry
from tests.sasroot import make_sas
from tests.uws.running import BOTH_WAYS
from tests.uws.sassite import file_of, finished, make_job
from uws.engine.command import build_argv, build_environment, build_sandbox, speakers_of
from uws.http.description import describe_job
from uws.machine import describe_machine
from uws.operating.details import job_text

pytestmark = pytest.mark.usefixtures("site")


@pytest.mark.parametrize("mode", BOTH_WAYS)
def test_program_of_sas(site, settings, tmp_path, mode):
    settings.ATHANOR_SANDBOX, settings.SAS_VERBOSITY = mode, 6
    site.behave("rmfgen", "write(parameters['rmfset'], open(os.environ['SAS_CCF']).read())")
    (tmp_path / "ccf.cif").write_text("an index")
    job = finished(make_job("rmfgen", rmfset="a.rmf", ccf=file_of(tmp_path / "ccf.cif")))
    assert (job.phase, job.error_message, job.messages) == ("COMPLETED", "", [])
    assert (job.workdir / "work" / "a.rmf").read_text() == "an index"
    [call] = site.calls("rmfgen", jobs=settings.ATHANOR_HOME)
    assert (call.argv, call.cwd) == (["rmfset=a.rmf"], str(job.workdir / "work"))
    assert call.listing == ["inputs"]
    assert call.environment["SAS_CCF"] == str(job.workdir / "work" / "inputs" / "ccf.cif")
    assert call.environment["SAS_VERBOSITY"] == "6"
    assert call.environment["PFILES"].startswith(f"{job.workdir}/tmp/pfiles-")
    assert call.environment["PYTHONPATH"] == f"{site.root}/lib/python"
    assert "ATHANOR_SAS_COMMAND" not in call.environment
    assert job.stage == "rmfgen"


def test_calibration_cannot_be_changed_from_within_walls(site, settings):
    settings.ATHANOR_SANDBOX = "auto"
    site.behave(
        "rmfgen",
        "try:\n    open(os.path.join(os.environ['SAS_CCFPATH'], 'x'), 'w')\n"
        "except OSError as e:\n    write('out.rmf', e.strerror)",
    )
    job = finished(make_job("rmfgen"))
    if job.usage["sandbox"] == "none":
        pytest.skip("this machine makes no walls")
    assert job.phase == "COMPLETED"
    assert (job.workdir / "work" / "out.rmf").read_text() == "Read-only file system"


def test_parameter_that_is_a_variable(site):
    site.behave("evselect", "write('image.fits')")
    job = finished(make_job("evselect", random="42"))
    [call] = site.calls("evselect")
    assert (job.phase, call.argv, call.environment["SAS_RAND_SEED"]) == ("COMPLETED", [], "42")


def test_jobs_side_by_side_have_parameter_files_of_their_own(site):
    site.behave("rmfgen", "write('out.rmf')")
    jobs = [make_job("rmfgen") for _ in range(2)]
    for job in jobs:
        assert finished(job).phase == "COMPLETED"
    first, second = (call.environment["PFILES"] for call in site.calls("rmfgen"))
    assert first != second
    assert {first.split("/tmp/pfiles-")[0], second.split("/tmp/pfiles-")[0]} == {str(job.workdir) for job in jobs}


@pytest.mark.parametrize(
    ("new", "version", "release"),
    [(False, "20.0.0", "20211130_0941-20.0.0"), (True, "22.0.0", "22.0.0-9173c7d25-20250127")],
)
def test_version_is_kept_with_the_job(site, tmp_path, new, version, release):
    make_sas(tmp_path, version=version, new_release=new, behaviours={"rmfgen": "write('out.rmf')"})
    jobs = [finished(make_job("rmfgen")) for _ in range(2)]
    told = {"athanor": "0.1.0", "sas": version, "ccf": str(site.ccf), "rmfgen": "1.0", "xmmsas": release}
    assert [job.software for job in jobs] == [told | describe_machine()] * 2
    assert len(site.calls("sasversion")) == 1


def test_installation_that_is_replaced_is_asked_again(site, tmp_path):
    finished(make_job("rmfgen"))
    make_sas(tmp_path, version="21.1.0")
    os.utime(site.root / "bin" / "sasversion", ns=(1, 1))
    assert finished(make_job("rmfgen")).software["sas"] == "21.1.0"


ERROR = {"level": "error", "task": "evselect", "code": "ImgBinVal", "text": "the bin is too small"}
WARNING = {"level": "warning", "task": "evselect", "code": "NoFilteredEvents", "text": "there are none"}
FATAL = {"level": "fatal", "task": "hkgtigen", "code": "noSet", "text": "there is no set"}


@pytest.mark.parametrize(
    ("behaviour", "phase", "message", "messages"),
    [
        ("write('image.fits')", "COMPLETED", "", []),
        (
            "warning('NoFilteredEvents', 'there are none'); write('image.fits')",
            "COMPLETED",
            "",
            [WARNING],
        ),
        (
            "error('ImgBinVal', 'the bin is too small'); sys.exit(1)",
            "ERROR",
            "evselect ended with exit code 1: ** evselect: error (ImgBinVal), the bin is too small",
            [ERROR],
        ),
        (
            "error('ImgBinVal', 'the bin is too small'); write('image.fits')",
            "ERROR",
            "evselect ended with exit code 0, but said: ** evselect: error (ImgBinVal), the bin is too small",
            [ERROR],
        ),
        (
            "error('ImgBinVal', 'the bin is too small')",
            "ERROR",
            "evselect ended with exit code 0, but said: ** evselect: error (ImgBinVal), the bin is too small",
            [ERROR],
        ),
        (
            (
                "sys.stderr.write('** epproc::hkgtigen: fatal (noSet), there is no set\\n');"
                " error('ImgBinVal', 'the bin is too small')"
            ),
            "ERROR",
            "evselect ended with exit code 0, but said: ** hkgtigen: fatal (noSet), there is no set",
            [FATAL, ERROR],
        ),
        (
            "warning('NoFilteredEvents', 'there are none'); pass",
            "ERROR",
            "evselect ended without an error, but did not write image.fits.",
            [WARNING],
        ),
        ("sys.stderr.write('it broke\\n'); sys.exit(2)", "ERROR", "evselect ended with exit code 2: it broke", []),
    ],
)
def test_what_the_task_says_and_writes_decides(site, behaviour, phase, message, messages):
    site.behave("evselect", behaviour)
    job = finished(make_job("evselect"))
    assert (job.phase, job.error_message) == (phase, message)
    assert sorted(job.messages, key=str) == sorted(messages, key=str)
    assert job.results.count() == ("image.fits" in behaviour)
    assert describe_job(job, url="http://testserver/j").get("messages", []) == job.messages


def test_each_message_is_kept_once_and_bounded(site):
    site.behave(
        "evselect",
        "for n in range(3000):\n    warning('W%d' % (n % 150), 'x' * 9000)\nerror('last', 'the end\\0')\nsys.exit(1)",
    )
    job = finished(make_job("evselect"))
    levels = [message["level"] for message in job.messages]
    assert (levels.count("warning"), levels.count("error")) == (100, 1)
    assert {len(message["text"]) for message in job.messages} == {500, 7}
    assert job.error_message.endswith("** evselect: error (last), the end")
    assert len(json.dumps(job.messages)) < 70_000


def test_first_error_is_told_even_where_the_log_has_gone_on(site):
    site.behave(
        "evselect", "error('first', 'the cause')\nfor n in range(900): sys.stderr.write('noise %d\\n' % n)\nsys.exit(1)"
    )
    job = finished(make_job("evselect"))
    assert job.error_message == "evselect ended with exit code 1: ** evselect: error (first), the cause"
    assert job.error_detail.startswith("** evselect: error (first), the cause\n…\n")


def test_chain_that_tells_everything_on_the_error_stream(site):
    site.behave(
        "emchain",
        "e = lambda text: print(text, file=sys.stderr)\n"
        "e('emchain::emframes:- Executing (routine): emframes frameset=x  -w 1 -V 4')\n"
        "e('emchain::emframes:- emframes (emframes-6.1)  [xmmsas_20211130_0941-21.0.0] started:  2023-01-01')\n"
        "e('** emchain::emframes: warning (badFrames), 3 frames are bad')\n"
        "write('P0123700101M1S001MIEVLI0000.FIT')",
    )
    job = finished(make_job("emchain"))
    assert (job.phase, job.stage, job.software["emframes"]) == ("COMPLETED", "emframes", "6.1")
    assert [(message["task"], message["code"]) for message in job.messages] == [("emframes", "badFrames")]


def test_operator_and_page_show_messages(site, client, django_user_model):
    user = django_user_model.objects.create_user("ada")
    site.behave("evselect", "warning('NoAttrib', 'no <b>keyword</b>'); write('image.fits')")
    job = finished(make_job("evselect", user=user))
    assert "  evselect: warning (NoAttrib), no <b>keyword</b>" in job_text(job)
    client.force_login(user)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert 'id="job-messages"' in page
    assert "no &lt;b&gt;keyword&lt;/b&gt;" in page


class TestDriver:
    """A program that calls tasks, and may do without what one of them could not make."""

    CODE = """#!{python}
import sys
print("[STAGE] calling", flush=True)
sys.stderr.write("** evselect: error (BadRateLimits), there is no rate\\n** chain::rmfgen: fatal (x), no\\n")
sys.stderr.write("** {name}: {level} (Mine), {text}\\n")
sys.exit({code})
"""

    def run(self, tmp_path, monkeypatch, level="warning", code=0):
        program = tmp_path / "mydriver"
        program.write_text(
            self.CODE.format(python=sys.executable, name=program.name, level=level, text="it is mine", code=code)
        )
        program.chmod(0o755)
        folder = tmp_path / "definitions"
        folder.mkdir()
        (folder / "calls-tasks.toml").write_text(
            f'name = "calls-tasks"\nversion = "1"\ntitle = "Calls"\nenvironment = "program"\ncommand = ["{program}"]\n'
        )
        monkeypatch.setattr(registry, "DIRECTORY", folder)
        return finished(make_job("calls-tasks"))

    def test_errors_of_tasks_that_it_calls_do_not_fail_it(self, tmp_path, monkeypatch):
        job = self.run(tmp_path, monkeypatch)
        assert (job.phase, job.error_message) == ("COMPLETED", "")
        assert [(it["task"], it["level"]) for it in job.messages] == [
            ("evselect", "error"),
            ("rmfgen", "fatal"),
            ("mydriver", "warning"),
        ]

    def test_its_own_error_does(self, tmp_path, monkeypatch):
        job = self.run(tmp_path, monkeypatch, level="error")
        assert job.phase == "ERROR"
        assert (
            job.error_message == "calls-tasks ended with exit code 0, but said: ** mydriver: error (Mine), it is mine"
        )

    def test_its_own_error_is_told_before_those_of_others(self, tmp_path, monkeypatch):
        job = self.run(tmp_path, monkeypatch, level="error", code=1)
        assert job.error_message == "calls-tasks ended with exit code 1: ** mydriver: error (Mine), it is mine"

    def test_it_ends_without_a_word(self, tmp_path, monkeypatch):
        job = self.run(tmp_path, monkeypatch, code=3)
        assert job.error_message == "calls-tasks ended with exit code 3."


def test_who_speaks_for_a_run():
    assert {name: speakers_of(item) for name, item in registry.all_definitions().items()} == {
        "barycen": [],
        "driver": ["driver"],
        "emchain": [],
        "evselect": [],
        "fetch-xmm": ["fetch-xmm", "fetch_xmm"],
        "helper": ["helper"],
        "rmfgen": [],
    }


def test_container(site, settings):
    settings.ATHANOR_SAS_COMMAND = ("apptainer", "exec", "--pwd", "{workdir}", "a b.sif")
    settings.SAS_DIR, settings.SAS_CCFPATH, settings.HEADAS = "/opt/sas", "/ccf", ""
    definition = registry.get("rmfgen")
    assert build_argv(definition, {}, {})[1:] == ["-P", "-m", "jobdefs.sas", "rmfgen"]
    environment = build_environment(definition)
    assert json.loads(environment["ATHANOR_SAS_COMMAND"]) == list(settings.ATHANOR_SAS_COMMAND)
    assert environment["SAS_DIR"] == "/opt/sas"
    assert build_sandbox(definition)["mode"] == "off"


def test_job_in_a_container(site, settings, tmp_path):
    engine = tmp_path / "podman"
    engine.write_text('#!/bin/sh\necho "[STAGE] in $2" \nshift 2\nexec "$@"\n')
    engine.chmod(0o755)
    image = tmp_path / "sas-21.sif"
    image.write_bytes(b"an image")
    settings.ATHANOR_SAS_COMMAND = (str(engine), "run", str(image))
    site.behave("rmfgen", "write('out.rmf')")
    job = finished(make_job("rmfgen"))
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    assert job.usage["sandbox"] == "none"
    assert (job.software["sas"], job.software["container"]) == ("21.0.0", "sas-21.sif")
    assert job.software["container_sha256"] == hashlib.sha256(b"an image").hexdigest()
    [call] = site.calls("rmfgen")
    assert call.environment["SAS_CCFPATH"] == str(site.ccf)
