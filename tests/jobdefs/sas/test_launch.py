"""What a program of SAS gets when it is launched: its arguments, its environment, directories of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobdefs.sas.environment import Installation, installation
from jobdefs.sas.launch import prepare
from tests.sasroot import make_sas
from vo.errors import NotFoundError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def job(tmp_path):
    """A job's directory, and the environment of its process."""
    folder = tmp_path / "job"
    for name in ("work", "tmp"):
        (folder / name).mkdir(parents=True)
    return folder


def process_environment(job, sas, **more):
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(job / "tmp"),
        "TMPDIR": str(job / "tmp"),
        "LANG": "C.UTF-8",
        "ATHANOR_JOB": "abc",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        **sas.to_environment(),
        **more,
    }


def launch(job, sas, *words, **more):
    return subprocess.run(
        [sys.executable, "-P", "-m", "jobdefs.sas", *words],
        cwd=job / "work",
        env=process_environment(job, sas, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_whole_environment_and_arguments(tmp_path, job):
    root = make_sas(tmp_path)
    sas = Installation(str(root.root), str(root.ccf), str(root.heasoft), verbosity=5, suppress_warning=3)
    words = ["table=inputs/events.fits:EVENTS", "expression=(PI>300) && $(touch x) ; 'a b'", "withimageset=yes"]
    done = launch(job, sas, "evselect", *words, SAS_CCF="inputs/ccf.cif", SAS_RAND_SEED="7")
    assert (done.returncode, done.stderr) == (0, "")
    [call] = root.calls()
    assert (call.task, call.argv, call.cwd) == ("evselect", words, str(job / "work"))
    [pfiles] = (job / "tmp").glob("pfiles-*")
    found = {name: value for name, value in call.environment.items() if name != "HOME"}
    assert found == {
        "SAS_DIR": f"{root.root}",
        "SAS_PATH": f"{root.root}",
        "SAS_CCFPATH": f"{root.ccf}",
        "SAS_CCF": f"{job}/work/inputs/ccf.cif",
        "SAS_RAND_SEED": "7",
        "SAS_VERBOSITY": "5",
        "SAS_SUPPRESS_WARNING": "3",
        "SAS_IMAGEVIEWER": "ds9",
        "PATH": f"{root.root}/bin:{root.root}/bin/devel:{root.root}/binextra:{root.heasoft}/bin"
        ":/usr/local/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": f"{root.root}/lib:{root.root}/libextra:{root.root}/libsys:{root.heasoft}/lib",
        "PERL5LIB": f"{root.root}/lib/perl5:{root.heasoft}/lib/perl",
        "PYTHONPATH": f"{root.root}/lib/python",
        "PFILES": f"{pfiles};{root.heasoft}/syspfiles",
        "PGPLOT_DIR": f"{root.heasoft}/lib",
        "PGPLOT_FONT": f"{root.heasoft}/lib/grfont.dat",
        "PGPLOT_RGB": f"{root.heasoft}/lib/rgb.txt",
        "HEADAS": f"{root.heasoft}",
        "HEADASNOQUERY": "",
        "HEADASPROMPT": "/dev/null",
        "LHEASOFT": f"{root.heasoft}",
    }


def test_without_heasoft_nothing_names_it(tmp_path, job):
    root = make_sas(tmp_path)
    launch(job, Installation(str(root.root), str(root.ccf)), "rmfgen")
    [call] = root.calls()
    assert not {"HEADAS", "LHEASOFT"} & call.environment.keys()
    assert ";" not in call.environment["PFILES"]


def test_programs_of_heasoft_are_found_too(tmp_path, job):
    root = make_sas(tmp_path)
    assert launch(job, Installation(str(root.root), headas=str(root.heasoft)), "lcurve").returncode == 0
    assert [call.task for call in root.calls()] == ["lcurve"]


def test_two_runs_have_parameter_files_of_their_own(tmp_path, job):
    root = make_sas(tmp_path)
    sas = Installation(str(root.root))
    for _ in range(2):
        launch(job, sas, "evselect")
    first, second = (call.environment["PFILES"] for call in root.calls())
    assert first != second


def test_exit_status_and_streams_are_the_programs_own(tmp_path, job):
    root = make_sas(tmp_path, behaviours={"merge": "error('noSet', 'there is none'); sys.exit(4)"})
    done = launch(job, Installation(str(root.root)), "merge")
    assert done.returncode == 4
    assert done.stderr == "** merge: error (noSet), there is none\n"


CONTAINERS = {
    "apptainer": "apptainer exec --bind /data --pwd {workdir} /images/sas.sif",
    "podman": "podman run --rm --network none -v {jobdir}:{jobdir} -w {workdir} registry.example/sas:21",
}


@pytest.mark.parametrize("command", CONTAINERS.values(), ids=CONTAINERS)
def test_container_command(job, monkeypatch, command):
    monkeypatch.chdir(job / "work")
    sas = Installation("/opt/sas", "/data/ccf", container=tuple(command.split()))
    argv, environment = prepare("evselect", ["table=a b.fits", "x={jobdir}"], process_environment(job, sas))
    prefix = [word.replace("{jobdir}", str(job)).replace("{workdir}", str(job / "work")) for word in command.split()]
    assert argv[: len(prefix) + 1] == [*prefix, "env"]
    assert argv[-3:] == ["evselect", "table=a b.fits", "x={jobdir}"]
    told = dict(word.split("=", 1) for word in argv[len(prefix) + 1 : -3])
    assert told["PATH"] == "/opt/sas/bin:/opt/sas/bin/devel:/opt/sas/binextra:/usr/local/bin:/usr/bin:/bin"
    assert (told["SAS_DIR"], told["SAS_CCFPATH"]) == ("/opt/sas", "/data/ccf")
    assert told["PFILES"].startswith(str(job / "tmp"))
    # The container command itself runs in the job's environment, not in SAS's.
    assert environment["PATH"] == "/usr/local/bin:/usr/bin:/bin"
    assert not {"LD_LIBRARY_PATH", "PYTHONPATH", "ATHANOR_SAS_COMMAND"} & environment.keys()


def test_container_is_run(tmp_path, job):
    root = make_sas(tmp_path)
    engine = tmp_path / "container"
    engine.write_text('#!/bin/sh\necho "in $1" >&2\nshift\nexec "$@"\n')
    engine.chmod(0o755)
    sas = Installation(str(root.root), str(root.ccf), container=(str(engine), "image"))
    done = launch(job, sas, "evselect", "table=x y")
    assert done.stderr == "in image\n"
    [call] = root.calls()
    assert (call.argv, call.cwd) == (["table=x y"], str(job / "work"))


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("nothing", "There is no program nothing in SAS_DIR."),
        ("../evselect", "'../evselect' is no name of a task."),
        ("-x", "'-x' is no name of a task."),
    ],
)
def test_refused(tmp_path, job, task, message):
    sas = Installation(str(make_sas(tmp_path).root))
    with pytest.raises(NotFoundError) as error:
        prepare(task, [], process_environment(job, sas))
    assert str(error.value) == message
    done = launch(job, sas, task)
    assert (done.returncode, done.stderr) == (1, f"** {task}: error (CannotRun), {message}\n")


def test_private_directories_that_cannot_be_made(tmp_path, job):
    root = make_sas(tmp_path)
    (job / "file").write_text("")
    done = launch(job, Installation(str(root.root), str(root.ccf)), "evselect", TMPDIR=str(job / "file" / "tmp"))
    assert done.returncode == 1
    assert done.stderr.startswith("** evselect: error (CannotRun), ")
    assert done.stderr.endswith("cannot be read or written: Not a directory.\n")
    assert root.calls() == []


def test_there_is_no_sas(job):
    done = launch(job, Installation(""), "evselect")
    assert done.returncode == 1
    assert "SAS_DIR is not set" in done.stderr


def test_installation_survives_the_environment():
    sas = Installation("/sas", "/a:/b", "/heasoft", ("podman", "run", "a b"), 6, 2)
    assert installation(sas.to_environment()) == sas
    assert json.loads(sas.to_environment()["ATHANOR_SAS_COMMAND"]) == ["podman", "run", "a b"]


class TestObservationDataFiles:
    @pytest.fixture
    def odf(self, tmp_path):
        folder = tmp_path / "volume" / "0123700101"
        folder.mkdir(parents=True)
        (folder / "0070_0123700101_SCX00000SUM.ASC").write_text("OBSERVATION\n")
        (folder / "0070_0123700101_PNS00101IME.FIT").write_bytes(b"x")
        return folder

    def view_of(self, root):
        [call] = root.calls()
        return Path(call.environment["SAS_ODF"])

    def test_a_directory_of_the_site_becomes_a_view(self, tmp_path, job, odf):
        root = make_sas(tmp_path, behaviours={"cifbuild": "print(sorted(os.listdir(os.environ['SAS_ODF'])))"})
        (job / "work" / "inputs").mkdir()
        (job / "work" / "inputs" / "odf").symlink_to(odf)
        done = launch(job, Installation(str(root.root)), "cifbuild", SAS_ODF="inputs/odf")
        assert (done.returncode, done.stderr) == (0, "")
        view = self.view_of(root)
        assert view.parent == job / "tmp"
        assert str(sorted(path.name for path in odf.iterdir())) in done.stdout

    def test_a_summary_comes_to_its_odf(self, tmp_path, job, odf):
        root = make_sas(tmp_path)
        summary = tmp_path / "0070_0123700101_SCX00000SUM.SAS"
        summary.write_text("// made by odfingest\nPATH /gone/elsewhere/\nOBSERVATION\n")
        launch(job, Installation(str(root.root)), "epproc", SAS_ODF=str(odf), ATHANOR_ODF_SUMMARY=str(summary))
        own = self.view_of(root)
        assert own.name == summary.name
        assert f"PATH {own.parent}/\n" in own.read_text()
        assert summary.read_text().count("/gone/elsewhere/") == 1

    def test_what_the_job_has_made_itself_stays(self, tmp_path, job, odf):
        root = make_sas(tmp_path)
        own = job / "work" / "odf"
        odf.rename(own)
        launch(job, Installation(str(root.root)), "epproc", SAS_ODF="odf")
        assert self.view_of(root) == own

    def test_there_is_none(self, tmp_path, job):
        root = make_sas(tmp_path)
        done = launch(job, Installation(str(root.root)), "epproc", SAS_ODF=str(tmp_path / "nowhere"))
        assert done.returncode == 1
        assert "** epproc: error (CannotRun), There is no ODF nowhere." in done.stderr
        assert root.calls() == []


def test_starting_costs_little():
    """The launcher loads nothing of the product's beyond itself, and no heavy module of Python's."""
    text = "import sys, jobdefs.sas.launch; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"numpy", "astropy", "django", "dataclasses", "tarfile"} & set(done.stdout.split())
