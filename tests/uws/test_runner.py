"""The runner with real commands, with and without walls: what it leaves, its limits, that nothing of a run survives."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.uws.running import BOTH_WAYS, JOB_ID, ROOT, Runner, output
from uws import runner_results
from uws.machine import describe_machine
from uws.processes import marked_processes
from uws.runner import REFUSED
from uws.wake import ENGINE, Ear


@pytest.fixture(params=BOTH_WAYS)
def runner(tmp_path, request) -> Runner:
    return Runner(tmp_path / "job", request.param)


def test_success(runner):
    report = runner.run(
        "import sys; open('a.txt', 'w').write('abc'); print('out'); print('err', file=sys.stderr)",
        outputs=[output("a", file="a.txt")],
    )
    assert report.pop("host")
    assert "2020" < report.pop("started") <= report.pop("ended")
    usage = report.pop("usage")
    assert 0 < usage["cpu_seconds"] < 20
    assert 2**20 < usage["max_rss_bytes"] < 2**30
    assert 0 < usage["wall_seconds"] < 60
    assert usage["sandbox"].split()[0] == ("none" if runner.mode == "off" else "bubblewrap")
    assert report == {
        "exit_code": 0,
        "signal": None,
        "reason": "exited",
        "message": "",
        "results": [
            {
                "name": "a",
                "path": "work/a.txt",
                "size": 3,
                "sha256": hashlib.sha256(b"abc").hexdigest(),
                "media_type": "text/plain",
                "role": "r",
                "product_type": "p",
            }
        ],
        "inputs": {},
        "listings": {},
        "software": describe_machine(),
        "messages": [],
        "error": {},
        "truncated": [],
    }
    assert (runner.read("stdout.txt"), runner.read("stderr.txt")) == ("out\n", "err\n")


def test_needs_neither_django_nor_site_packages(runner):
    code = "import sys; sys.argv[1:] = ['x', 'y']; import uws.runner as r; r.main(['x', 'y']); print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-E", "-s", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {name for name in modules if name.partition(".")[0] in ("django", "numpy", "asgiref", "lxml")}


def test_environment_is_made_from_nothing(runner, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not to be seen")
    runner.run("import json, os; print(json.dumps(dict(os.environ)))", environment={"SAS_DIR": "/sas", "LANG": "de"})
    seen = json.loads(runner.read("stdout.txt"))
    seen.pop("LC_CTYPE", None)
    assert seen == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(runner.workdir / "tmp"),
        "TMPDIR": str(runner.workdir / "tmp"),
        "LANG": "de",
        "SAS_DIR": "/sas",
        "ATHANOR_JOB": JOB_ID,
    }


def test_no_shell_sees_the_arguments(runner):
    argv = [sys.executable, "-c", "import sys; print(sys.argv[1:])", "$(touch /tmp/x); `id` \"' && | > y", "*"]
    runner.run(argv=argv)
    assert runner.read("stdout.txt") == f"{argv[3:]}\n"


@pytest.mark.parametrize(
    ("code", "exit_code", "number"),
    [
        ("raise SystemExit(3)", 3, None),
        ("raise SystemExit(139)", 139, None),
        ("raise SystemExit(255)", 255, None),
        ("1/0", 1, None),
        *((f"import os; os.kill(os.getpid(), {number})", None, number) for number in (1, 6, 9, 11, 15)),
        ("import os, signal; signal.signal(13, signal.SIG_DFL); os.kill(os.getpid(), 13)", None, 13),
        ("import os; os.kill(0, 15)", None, 15),
        ("import os; os.abort()", None, 6),
    ],
)
def test_failure(runner, code, exit_code, number):
    report = runner.run(code, outputs=[output("a", file="a.txt")])
    assert (report["reason"], report["exit_code"], report["signal"]) == ("exited", exit_code, number)


def test_results_of_a_failure_are_kept(runner):
    report = runner.run("open('a.txt', 'w').write('x'); 1/0", outputs=[output("a", file="a.txt")])
    assert [item["name"] for item in report["results"]] == ["a"]


def test_missing_program(runner):
    report = runner.run(argv=["/no/such/program"])
    assert (report["reason"], report["exit_code"]) == ("failed-to-start", None)
    assert report["message"] == "/no/such/program: No such file or directory"


def test_argument_that_no_program_takes(runner):
    report = runner.run(argv=["/bin/echo", "a\0b"])
    assert (report["reason"], report["message"]) == ("failed-to-start", "embedded null byte")


def test_missing_output(runner):
    report = runner.run(
        "open('b.txt', 'w').write('x')",
        outputs=[output("a", file="a.txt"), output("b", file="b.txt"), output("c", pattern="*.c", required=False)],
    )
    assert (report["reason"], report["message"], report["exit_code"]) == ("output-missing", "a.txt", 0)
    assert [item["name"] for item in report["results"]] == ["b"]


def test_outputs_by_pattern(runner):
    report = runner.run(
        "import os; os.mkdir('d'); [open(n, 'w').write(n) for n in ('b2', 'b1', 'a1', 'd/b3')]",
        outputs=[output("many", pattern="b*"), output("one", pattern="a*"), output("deep", pattern="d/*")],
    )
    assert [(item["name"], item["path"]) for item in report["results"]] == [
        ("many-1", "work/b1"),
        ("many-2", "work/b2"),
        ("one", "work/a1"),
        ("deep", "work/d/b3"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "os.symlink({other!r}, 'a.txt')",
        "os.symlink('b.txt', 'a.txt')",
        "os.symlink(os.path.dirname({other!r}), 'd'); os.symlink('d/other.txt', 'a.txt')",
        "os.link('b.txt', 'a.txt')",
        "os.mkfifo('a.txt')",
        "os.mkdir('a.txt')",
        "import socket; socket.socket(socket.AF_UNIX).bind('a.txt')",
        "os.symlink('a.txt', 'a.txt')",
        "os.rename('b.txt', b'a.txt\\xff')",
        "os.rename('b.txt', 'a.txt\\n')",
    ],
)
def test_only_plain_files_are_results(runner, tmp_path, code):
    (tmp_path / "other.txt").write_text("another's")
    report = runner.run(
        "import os; open('b.txt', 'w').write('x'); " + code.format(other=str(tmp_path / "other.txt")),
        outputs=[output("a", pattern="a.txt*")],
    )
    assert (report["reason"], report["message"], report["results"]) == ("output-missing", "a.txt*", [])


@pytest.mark.parametrize("file", ["../job.json", "{folder}/other.txt", "d/other.txt", "loop/a", "inputs/i.txt", "a\0b"])
def test_results_lie_in_the_directory_of_the_run(runner, tmp_path, file):
    (tmp_path / "other.txt").write_text("another's")
    report = runner.run(
        f"import os; os.symlink({str(tmp_path)!r}, 'd'); os.symlink('loop', 'loop')",
        inputs=[{"name": "i.txt", "path": str(tmp_path / "other.txt"), "sha256": "known"}],
        outputs=[output("a", file=file.format(folder=tmp_path))],
    )
    assert (report["reason"], report["results"]) == ("output-missing", [])


def test_unreadable_output_is_missing(tmp_path, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(path)

    monkeypatch.setattr(runner_results, "digest", refuse)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.txt").touch()
    assert runner_results.collect(tmp_path, [output("a", file="a.txt")]) == ([], ["a.txt"], 0)


def test_more_files_than_can_be_results(runner):
    outputs = [output("many", pattern="m*.txt"), output("last", file="z.txt")]
    code = "for n in range(10010): open(f'm{n:05}.txt', 'x').close()\nopen('z.txt', 'x').close()"
    report = runner.run(code, outputs=outputs)
    assert (report["reason"], report["exit_code"]) == ("exited", 0)
    assert report["message"] == "It wrote 10,011 files; 10,000 are results, no more."
    assert (len(report["results"]), report["results"][-1]["path"]) == (10_000, "work/m09999.txt")


def test_work_directory_in_the_way(runner):
    (runner.workdir / "work").write_text("no directory")
    report = runner.run("")
    assert report["reason"] == "failed-to-start"
    assert "directory" in report["message"] or "exists" in report["message"]


def test_inputs_are_linked_and_hashed(runner, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    report = runner.run(
        "print(open('inputs/a').read(), open('inputs/b').read())",
        inputs=[
            {"name": "a", "path": str(tmp_path / "one"), "sha256": ""},
            {"name": "b", "path": str(tmp_path / "two"), "sha256": "known"},
        ],
    )
    assert runner.read("stdout.txt") == "one two\n"
    assert report["inputs"] == {"a": hashlib.sha256(b"one").hexdigest()}


def test_output_is_capped(runner):
    code = "import sys; print('x' * 100000); print('[STAGE] still heard'); print('y' * 30, file=sys.stderr)"
    report = runner.run(code, limits={"output_bytes": 1000})
    assert runner.read("stdout.txt") == "x" * 1000 + "\n[output truncated after 1000 bytes]\n"
    assert runner.read("stderr.txt") == "y" * 30 + "\n"
    assert report["truncated"] == ["stdout"]
    assert json.loads(runner.read("stage.json"))["stage"] == "still heard"


def test_stages(runner):
    lines = [
        "evselect:- Executing (routine): evselect table=x -w 1 -V 4",
        "evselect:- evselect (evselect-3.71.1)  [xmmsas_20211130_0941-20.0.0] started:  2023-02-03T13:27:37.000",
        "[STAGE] Filtering events",
        "[PROGRESS] 3 / 7",
    ]
    report = runner.run(f"print({chr(10).join(lines)!r})")
    assert json.loads(runner.read("stage.json")) == {"stage": "Filtering events", "done": 3, "total": 7}
    assert report["software"] == {
        "evselect": "3.71.1",
        "xmmsas": "20211130_0941-20.0.0",
        **describe_machine(),
    }


def test_software_of_which_a_job_tells_without_end(runner):
    report = runner.run("for n in range(1000): print(f'x:- t{n} (t{n}-{n:0500})  [r{n}_1] started')")
    assert len(report["software"]) == 100 + len(describe_machine())
    assert report["software"]["t0"] == "0" * 100


def test_wall_limit(runner):
    report = runner.run(
        "open('a.txt', 'w').write('so far'); import time; time.sleep(60)",
        limits={"wall_seconds": 3},
        outputs=[output("a", file="a.txt")],
    )
    assert (report["reason"], report["signal"]) == ("wall-limit", signal.SIGTERM)
    assert [item["size"] for item in report["results"]] == [6]
    assert report["usage"]["wall_seconds"] < 50


def test_who_ignores_sigterm_is_killed(runner):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    report = runner.run(code, limits={"wall_seconds": 3})
    assert (report["reason"], report["signal"]) == ("wall-limit", signal.SIGKILL)


def test_cpu_limit(runner):
    report = runner.run("while True: pass", limits={"cpu_seconds": 1})
    assert (report["reason"], report["signal"]) == ("exited", signal.SIGXCPU)


def test_memory_limit(runner):
    report = runner.run("x = bytearray(2**30)", limits={"memory_bytes": 2**29})
    assert report["exit_code"] == 1
    assert "MemoryError" in runner.read("stderr.txt")


def test_file_size_limit(runner):
    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open('a', 'wb').write(bytes(2**21))"
    report = runner.run(code, limits={"file_bytes": 2**20})
    assert report["signal"] == signal.SIGXFSZ
    assert (runner.workdir / "work" / "a").stat().st_size == 2**20


def test_no_core_files(runner):
    runner.run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    assert runner.read("stdout.txt") == "(0, 0)\n"


FAMILY = """
import os, signal, subprocess, sys, time
child = '''import os, signal, time
signal.signal(15, signal.SIG_IGN)
open('{0}', 'w').write(str(os.getpid()))
time.sleep(60)
'''
subprocess.Popen([sys.executable, "-c", child.format("plain")])
subprocess.Popen([sys.executable, "-c", child.format("session")], start_new_session=True)
if not os.fork():
    if not os.fork():
        os.setsid()
        exec(child.format("daemon"))
    os._exit(0)
while not all(os.path.exists(name) and open(name).read() for name in ("plain", "session", "daemon")):
    time.sleep(0.01)
open("ready", "w").write("yes")
"""


def family_is_dead(runner) -> bool:
    return all(runner.wait_for(name) for name in ("plain", "session", "daemon")) and not marked_processes(JOB_ID)


def test_children_left_behind_are_killed(runner):
    report = runner.run(FAMILY)
    assert (report["reason"], report["exit_code"]) == ("exited", 0)
    assert family_is_dead(runner)


@pytest.mark.parametrize("way", ["signal", "note"])
def test_cancel(runner, way):
    process = runner.start(FAMILY + "time.sleep(60)", outputs=[output("ready", file="ready")])
    runner.wait_for("ready")
    assert len(marked_processes(JOB_ID)) == 4
    if way == "signal":
        process.send_signal(signal.SIGTERM)
    else:
        (runner.workdir / "cancel").write_text("wall-limit")
    assert process.wait(60) == 0
    assert runner.report["reason"] == ("cancelled" if way == "signal" else "wall-limit")
    assert [item["name"] for item in runner.report["results"]] == ["ready"]
    assert family_is_dead(runner)


def test_cancelled_before_it_began(runner):
    (runner.workdir / "cancel").write_text("cancelled")
    report = runner.run("open('a', 'w')")
    assert report["reason"] == "cancelled"
    assert not (runner.workdir / "work").exists()


def test_command_dies_with_a_killed_runner(runner):
    process = runner.start("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)")
    runner.wait_for("pid")
    assert marked_processes(JOB_ID)
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while marked_processes(JOB_ID):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not (runner.workdir / "exit.json").exists()
    assert runner.launch().wait(60) == REFUSED


def test_directory_that_vanishes_ends_the_run(runner, tmp_path):
    process = runner.start("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)")
    runner.wait_for("pid")
    assert marked_processes(JOB_ID)
    runner.workdir.rename(tmp_path / "trash")
    assert process.wait(60) == 0
    assert not marked_processes(JOB_ID)
    assert not runner.workdir.exists()


def test_never_twice(runner):
    code = "open('count', 'a').write('x'); import time; time.sleep(0.5)"
    processes = [runner.start(code), *(runner.launch() for _ in range(4))]
    codes = sorted(process.wait(60) for process in processes)
    assert codes == [0, REFUSED, REFUSED, REFUSED, REFUSED]
    assert runner.launch().wait(60) == REFUSED
    assert runner.read("work/count") == "x"


def test_engines_are_told(runner, tmp_path):
    folder = Path(f"/tmp/{os.getpid()}-ear")
    folder.mkdir()
    ear = Ear(folder / f"e{ENGINE}")
    try:
        runner.run("", notify=str(folder))
        assert ear.wait(60) == [JOB_ID.encode()]
    finally:
        ear.close()
        folder.rmdir()


def test_heartbeat(runner):
    runner.run("")
    assert (runner.workdir / "heartbeat").exists()


def test_usage(runner):
    done = subprocess.run([sys.executable, "-m", "uws.runner"], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"usage: python -m uws.runner WORKDIR\n")
