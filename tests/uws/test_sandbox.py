"""What a command within walls has, that nothing of it survives, and machines that cannot make walls."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobdefs import registry
from tests.jobdefs.evselect.events import make_events
from tests.uws.running import BOTH_WAYS, JOB_ID, NEEDS_WALLS, ROOT, Runner, output
from uws import runner_walled
from uws.engine.command import build_environment, build_sandbox
from uws.phases import Phase
from uws.processes import is_alive, marked_processes
from uws.sandbox import find_bubblewrap
from uws.testing import drive

NOBODY = 65534


@pytest.fixture
def walled(tmp_path) -> Runner:
    return Runner(tmp_path / "job", "require")


@NEEDS_WALLS
def test_what_a_command_is_and_has(walled):
    walled.run("""
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "capabilities": [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "privileges": status["NoNewPrivs"].strip(),
    "descriptors": sorted(os.listdir("/proc/self/fd")),
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
    "leads_its_session": os.getsid(0) == os.getpid(),
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]],
    "etc": sorted(set(os.listdir("/etc")) & {"passwd", "group", "shadow", "resolv.conf", "hosts", "machine-id"}),
    "users": [line.split(":")[0] for line in open("/etc/passwd")],
    "umask": os.umask(0),
}))""")
    seen = json.loads(walled.read("stdout.txt"))
    assert seen.pop("processes")[0] == 1
    assert seen == {
        "ids": [1000, 1000, seen["ids"][2]],
        "capabilities": [0] * 5,
        "privileges": "1",
        "descriptors": ["0", "1", "2", "3"],
        "leads_its_session": True,
        "interfaces": ["lo"],
        "etc": ["group", "hosts", "passwd"],
        "users": ["root", "job"],
        "umask": 0o027,
    }
    assert set(seen["ids"][2]) <= {1000, NOBODY}


def test_without_walls_no_privileges_are_gained(tmp_path):
    runner = Runner(tmp_path / "job", "off")
    runner.run("print([line.split()[1] for line in open('/proc/self/status') if line.startswith('NoNewPrivs')])")
    assert runner.read("stdout.txt") == "['1']\n"


@NEEDS_WALLS
def test_its_own_places_can_be_written(walled):
    walled.run(
        "import os, tempfile, multiprocessing\n"
        "open('a', 'w').write('a')\n"
        "open(os.environ['HOME'] + '/b', 'w'); open('/tmp/c', 'w'); open('/var/tmp/d', 'w')\n"
        "tempfile.mkstemp(suffix='e')\n"
        "multiprocessing.Lock(); print(multiprocessing.Pool(2).map(abs, [-1, 1]))\n"
    )
    assert walled.read("stdout.txt") == "[1, 1]\n"
    assert walled.read("work/a") == "a"
    assert {"b", "c", "d"} <= {path.name for path in (walled.workdir / "tmp").iterdir()}
    assert list((walled.workdir / "tmp").glob("*e"))


@pytest.mark.parametrize("mode", BOTH_WAYS)
def test_inputs_are_found_wherever_they_lie(tmp_path, mode):
    runner = Runner(tmp_path / "job", mode)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    paths = {
        "plain": tmp_path / "plain.fits",
        "again": tmp_path / "plain.fits",
        "spaces": tmp_path / "real" / "a b\tc é.fits",
        "below a link": tmp_path / "link" / "x.fits",
        "a link": tmp_path / "to.fits",
        "sent with the job": runner.workdir / "uploads" / "events",
    }
    for name, path in paths.items():
        path.parent.mkdir(exist_ok=True)
        if name == "a link":
            path.symlink_to("real/y.fits")
        path.write_text(path.name)
    inputs = [{"name": name, "path": str(path), "sha256": "known"} for name, path in paths.items()]
    code = "import json, os; print(json.dumps({n: open('inputs/' + n).read() for n in os.listdir('inputs')}))"
    runner.run(code, inputs=inputs)
    assert json.loads(runner.read("stdout.txt")) == {name: path.name for name, path in paths.items()}


@NEEDS_WALLS
@pytest.mark.parametrize("more", [[], [sys.prefix]])
def test_program_that_is_a_link(walled, tmp_path, more):
    program = tmp_path / "python"
    program.symlink_to(sys.executable)
    argv = [str(program), "-I", "-c", "import sys; print(sys.executable, sys.base_prefix)"]
    report = walled.run(argv=argv, sandbox={"readable": [str(program), sys.executable, *more]})
    assert report["exit_code"] == 0, walled.read("stderr.txt")
    assert walled.read("stdout.txt") == f"{program} {sys.base_prefix}\n"


@NEEDS_WALLS
def test_state_below_what_is_readable_stays_hidden(tmp_path):
    site = tmp_path / "site"
    runner = Runner(site / "state" / "jobs" / "mine", "require")
    files = ("tools/program", "state/database", "state/jobs/other/result", "source/settings.py", "source/jobdefs/x")
    for name in files:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
    sandbox = {
        "readable": [sys.prefix, sys.base_prefix, str(site / "source" / "jobdefs"), str(site)],
        "hidden": [str(site / "state"), str(site / "source"), str(site / "not there"), str(tmp_path)],
    }
    report = runner.run(
        f"import glob; print(*glob.glob('**', root_dir={str(site)!r}, recursive=True), sep='\\n')\n"
        f"open({str(site / 'state' / 'planted')!r}, 'w')",
        sandbox=sandbox,
    )
    seen = set(runner.read("stdout.txt").split())
    assert {path for path in seen if not path.startswith("state/jobs/mine/tmp/")} == {
        "tools",
        "tools/program",
        "state",
        "state/jobs",
        "state/jobs/mine",
        "state/jobs/mine/work",
        "state/jobs/mine/work/inputs",
        "state/jobs/mine/tmp",
        "source",
        "source/jobdefs",
        "source/jobdefs/x",
    }
    assert report["exit_code"] == 1
    assert "Read-only file system" in runner.read("stderr.txt")


NO_NAMESPACES = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "0", "--disable-userns", "--"]
NO_PROGRAM = ["bwrap", "--dev-bind", "/", "/", "--bind", "/dev/null", shutil.which("bwrap") or "/usr/bin/bwrap", "--"]


@NEEDS_WALLS
@pytest.mark.parametrize(
    ("before", "why"),
    [(NO_NAMESPACES, "bubblewrap cannot make namespaces here: bwrap: "), (NO_PROGRAM, "bubblewrap is not installed")],
)
def test_machine_that_cannot_confine(tmp_path, before, why):
    outcomes = {}
    for mode in ("off", "auto", "require"):
        runner = Runner(tmp_path / mode, mode, before)
        report = runner.run("print('ran')", outputs=[])
        outcomes[mode] = (report["reason"], report["usage"]["sandbox"], (runner.workdir / "stdout.txt").exists())
    assert outcomes == {
        "off": ("exited", "none", True),
        "auto": ("exited", "none", True),
        "require": ("failed-to-start", "none", False),
    }
    assert report["message"].startswith(f"ATHANOR_SANDBOX is require, but {why}")


@NEEDS_WALLS
def test_walls_are_not_left_out_for_the_sake_of_one_job(tmp_path):
    runner = Runner(tmp_path / "job", "auto")
    missing = {"name": "a", "path": str(tmp_path / "missing"), "sha256": "known"}
    report = runner.run("open('ran', 'w')", inputs=[missing])
    assert report["reason"] == "failed-to-start"
    assert report["message"] == f"bwrap: Can't find source path {missing['path']}: No such file or directory"
    assert not (runner.workdir / "work" / "ran").exists()


def processes(mark: str) -> list[int]:
    """Ids of the live processes whose command line has a text, and of bubblewrap's own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes() and is_alive(int(path.parent.name)):
                found.append(int(path.parent.name))
    return found


UNMARKED = """
import os, subprocess, sys, time
code = "import os, signal, time; signal.signal(15, signal.SIG_IGN); open('began', 'w').write('x'); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code, sys.argv[1]], env={}, start_new_session=True)
while not (os.path.exists("began") and open("began").read()):
    time.sleep(0.01)
"""


@NEEDS_WALLS
@pytest.mark.parametrize("way", ["end", "cancel", "kill", "kill the first process", "kill bubblewrap"])
def test_nothing_survives_a_run(walled, way):
    """Not even what took off its mark, left its session and ignores SIGTERM."""
    mark = f"survivor-{os.getpid()}-{way}"
    argv = [sys.executable, "-c", UNMARKED + ("" if way == "end" else "time.sleep(600)"), mark]
    process = walled.start(argv=argv)
    walled.wait_for("began")
    group = json.loads(walled.read("started"))["group"]
    if way == "cancel":
        process.terminate()
    elif way == "kill":
        process.kill()
    elif way == "kill bubblewrap":
        os.kill(group, 9)
    elif way == "kill the first process":
        (first,) = (int(pid) for pid in Path(f"/proc/{group}/task/{group}/children").read_text().split())
        os.kill(first, 9)
    process.wait(60)
    end = time.monotonic() + 60
    while processes(mark):
        assert time.monotonic() < end
        time.sleep(0.01)
    if way != "kill":
        signals = {"end": (0, None), "cancel": (None, 15)}
        assert (walled.report["exit_code"], walled.report["signal"]) == signals.get(way, (None, 9))


def test_processor_time_of_all_processes_counts(tmp_path):
    code = """
import os, signal, sys, time
if not os.fork():
    os.setsid()
    signal.signal(15, signal.SIG_IGN)
    while time.process_time() < 1:
        pass
    open("burnt", "w").write("x")
    time.sleep(600)
while not os.path.exists("burnt"):
    time.sleep(0.01)
"""
    for mode in ("off", "auto"):
        report = Runner(tmp_path / mode, mode).run(code)
        assert 1 <= report["usage"]["cpu_seconds"] < 20


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory of an ordinary user, with the runner's source and a Python that this user may run."""
    if os.getuid() != 0:
        pytest.skip("every test runs as an ordinary user")
    folder = Path(tempfile.mkdtemp(prefix="athanor-nobody-"))
    shutil.copytree(ROOT / "uws", folder / "uws", ignore=shutil.ignore_patterns("__pycache__"))
    folder.chmod(0o755)
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


@NEEDS_WALLS
@pytest.mark.parametrize("mode", ["off", "require"])
def test_ordinary_user(public, mode):
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
    check = "import sys, hashlib; hashlib.file_digest"
    if not python or subprocess.run([python, "-I", "-c", check], user=NOBODY, check=False).returncode:
        pytest.skip("no Python of the system is new enough")
    workdir = public / "jobs" / "mine"
    workdir.mkdir(parents=True)
    (public / "jobs" / "other.txt").write_text("another's")
    code = (
        "import os; open('a.txt', 'w').write('x')\n"
        f"print(os.path.exists({str(public / 'jobs' / 'other.txt')!r}), flush=True); os.kill(os.getpid(), 11)"
    )
    document = {"job_id": JOB_ID, "argv": [python, "-c", code], "outputs": [output("a", file="a.txt")]}
    (workdir / "job.json").write_text(json.dumps({**document, "sandbox": {"mode": mode}}))
    for path in (workdir, *workdir.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    done = subprocess.run(
        [python, "-E", "-s", "-S", "-m", "uws.runner", str(workdir)],
        cwd=public,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        check=False,
    )
    assert done.returncode == 0
    report = json.loads((workdir / "exit.json").read_text())
    assert (report["reason"], report["signal"]) == ("exited", 11)
    assert report["usage"]["sandbox"].split()[0] == ("none" if mode == "off" else "bubblewrap")
    assert [item["sha256"] for item in report["results"]] == [hashlib.sha256(b"x").hexdigest()]
    assert (workdir / "work" / "a.txt").stat().st_uid == NOBODY
    assert (workdir / "stdout.txt").read_text() == ("True\n" if mode == "off" else "False\n")
    assert marked_processes(JOB_ID) == []


@NEEDS_WALLS
def test_built_in_task_writes_the_same_bytes(tmp_path):
    definition = registry.get("evselect")
    events = make_events(tmp_path / "events.fits").path
    digests = []
    for mode in ("off", "require"):
        runner = Runner(tmp_path / mode, mode)
        report = runner.run(
            argv=[
                *(sys.executable, "-P", "-m", "jobdefs.tasks.evselect", "table=inputs/events.fits"),
                *("withfilteredset=yes", "filteredset=out.fits", "expression=(PI > 500) && (PATTERN <= 4)"),
                *("withspectrumset=yes", "spectrumset=spectrum.fits", "energycolumn=PI"),
            ],
            environment=build_environment(definition),
            inputs=[{"name": "events.fits", "path": str(events), "sha256": "known"}],
            outputs=[output("events", file="out.fits"), output("spectrum", file="spectrum.fits")],
            sandbox=build_sandbox(definition) | {"mode": mode},
        )
        assert report["reason"] == "exited", runner.read("stderr.txt")
        digests.append([(item["name"], item["size"], item["sha256"]) for item in report["results"]])
    assert digests[0] == digests[1]
    assert [name for name, *_ in digests[0]] == ["events", "spectrum"]


OUR_OWN = [sys.prefix, sys.base_prefix, str(ROOT / "jobdefs"), str(ROOT / "vo")]


@pytest.mark.parametrize(
    ("environment", "readable"),
    [
        ("builtin", [*OUR_OWN, "/opt/site"]),
        ("any", [*OUR_OWN, "/opt/sas", "/data/ccf", "/data/more", "/opt/heasoft", "/opt/site"]),
        ("sas", [*OUR_OWN, "/opt/sas", "/data/ccf", "/data/more", "/opt/heasoft", "/opt/site"]),
        ("program", ["/opt/site/merge", "/opt/site"]),
    ],
)
def test_what_each_kind_of_task_reads(settings, environment, readable):
    settings.SAS_DIR, settings.SAS_CCFPATH, settings.HEADAS = "/opt/sas", "/data/ccf:/data/more", "/opt/heasoft"
    settings.ATHANOR_SANDBOX, settings.ATHANOR_SANDBOX_PATHS = "require", ["/opt/site"]
    definition = replace(registry.get("evselect"), environment=environment, command=("/opt/site/merge",))
    assert build_sandbox(definition) == {
        "mode": "require",
        "readable": readable,
        "hidden": [str(settings.ATHANOR_HOME), str(ROOT)],
    }


@pytest.mark.parametrize("mode", BOTH_WAYS)
def test_job_says_what_confined_it(make_job, settings, mode):
    settings.ATHANOR_SANDBOX = mode
    job = make_job(text="hello", run=True)
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_message) == (Phase.COMPLETED, "")
    assert job.usage["sandbox"].split()[0] == ("none" if mode == "off" else "bubblewrap")


@NEEDS_WALLS
@pytest.mark.parametrize("kills", [2, 3])
def test_walls_that_are_killed_while_they_are_made_are_made_again(tmp_path, monkeypatch, kills):
    real = find_bubblewrap()
    fake = tmp_path / "bwrap"
    fake.write_text(
        f"#!/bin/sh\necho x >>{tmp_path}/calls\n"
        f'[ "$(wc -l <{tmp_path}/calls)" -gt {kills} ] || kill -KILL $$\nexec {real.path} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(runner_walled, "find_bubblewrap", lambda: real._replace(path=str(fake)))
    workdir = tmp_path / "job"
    (workdir / "work" / "inputs").mkdir(parents=True)
    (workdir / "tmp").mkdir()
    job = {"job_id": JOB_ID, "argv": ["/bin/true"], "sandbox": {"mode": "require"}}
    if kills == runner_walled.ATTEMPTS:
        with pytest.raises(subprocess.SubprocessError, match="bubblewrap was killed"):
            runner_walled.start(workdir, job)
        return
    child = runner_walled.start(workdir, job)
    assert isinstance(child, runner_walled.WalledChild)
    _, status = os.waitpid(child.pid, 0)
    assert child.ended(status) == 0
    for descriptor in (child.stdout, child.stderr, child.report):
        os.close(descriptor)
