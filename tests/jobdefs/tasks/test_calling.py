"""A task that calls tasks: SAS's where the run has SAS, else the built-in ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jobdefs.sas.environment import Installation
from jobdefs.sas.messages import Message
from jobdefs.tasks.calling import call, has_sas
from jobdefs.tasks.reporting import TaskError
from tests.sasroot import make_sas

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run's own directory and environment, without SAS."""
    for name in ("SAS_DIR", "SAS_CCFPATH", "HEADAS", "ATHANOR_SAS_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def sas(run, monkeypatch):
    """The same with SAS."""
    made = make_sas(run)
    for name, value in Installation(str(made.root), str(made.ccf)).to_environment().items():
        monkeypatch.setenv(name, value)
    return made


def test_tasks_of_sas_are_called(sas, capfd):
    sas.behave("rmfgen", "warning('Mind', 'the gap'); write(parameters['rmfset'])")
    warned = call("rmfgen", {"rmfset": "a b.rmf", "format": "var"}, expected=["a b.rmf"])
    assert warned == [Message("warning", "rmfgen", "Mind", "the gap")]
    [made] = sas.calls("rmfgen")
    assert made.argv == ["rmfset=a b.rmf", "format=var"]
    assert made.cwd == str(Path.cwd())
    assert has_sas()
    out, err = capfd.readouterr()
    assert "rmfgen:- rmfgen (rmfgen-1.0)" in out
    assert err == "** rmfgen: warning (Mind), the gap\n"


@pytest.mark.parametrize(
    ("behaviour", "code", "text"),
    [
        ("error('NoSet', 'there is none'); sys.exit(1)", "NoSet", "rmfgen: there is none"),
        ("error('NoSet', 'there is none'); write('out')", "NoSet", "rmfgen: there is none"),
        ("sys.stderr.write('** rmfgen: error (Last), no newline'); sys.exit(1)", "Last", "rmfgen: no newline"),
        ("print('** chain::arfgen: fatal (Deep), within')", "Deep", "arfgen: within"),
        ("sys.exit(3)", "TaskFailed", "rmfgen ended with exit code 3."),
        ("os.kill(os.getpid(), 9)", "TaskFailed", "rmfgen ended with exit code -9."),
        ("pass", "OutputMissing", "rmfgen ended without an error, but did not write out."),
    ],
)
def test_what_a_task_could_not_do(sas, behaviour, code, text):
    sas.behave("rmfgen", behaviour)
    with pytest.raises(TaskError) as error:
        call("rmfgen", {}, expected=["out"])
    assert (error.value.code, error.value.message) == (code, text)


def test_program_that_the_installation_does_not_have(sas):
    sas.remove("rmfgen")
    with pytest.raises(TaskError, match="There is no program rmfgen in SAS_DIR") as error:
        call("rmfgen", {})
    assert error.value.code == "CannotRun"


def test_much_output_on_both_streams_blocks_nothing(sas, capfd):
    sas.behave(
        "merge",
        "for n in range(3000):\n    sys.stdout.write('o' * 100 + '\\n')\n    sys.stderr.write('e' * 100 + '\\n')",
    )
    assert call("merge", {}) == []
    out, err = capfd.readouterr()
    assert (out.count("o" * 100), err.count("e" * 100)) == (3000, 3000)


def test_without_sas_the_built_in_task_is_called(run):
    Path("intervals.txt").write_text("100 200 +\n")
    call("gtibuild", {"file": "intervals.txt", "table": "gti.fits"}, expected=["gti.fits"])
    assert not has_sas()


def test_without_sas_there_are_tasks_that_cannot_be_called(run):
    with pytest.raises(TaskError, match="rmfgen needs XMM-Newton SAS") as error:
        call("rmfgen", {})
    assert error.value.code == "NeedsSas"


def test_interpreter_is_our_own(sas):
    """The launcher runs in our Python, whatever comes first on SAS's path."""
    sas.behave("merge", "write('python', os.environ['PATH'].split(':')[0])")
    call("merge", {}, expected=["python"])
    assert Path("python").read_text() == f"{sas.root}/bin"
    assert Path(sys.executable).is_file()
