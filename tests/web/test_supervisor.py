"""The programs of the service live and end together."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from web import supervisor as module
from web.supervisor import Program, Supervisor

FOREVER = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
def end(*_):
    with (folder / "order").open("a") as file:
        file.write(sys.argv[2])
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / (sys.argv[2] + ".pid")).write_text(str(os.getpid()))
time.sleep(60)
"""

STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(pathlib.Path(sys.argv[1]) / "c.pid").write_text("x")
time.sleep(60)
"""


@pytest.fixture
def running(tmp_path, monkeypatch):
    """Run a supervisor of these programs in a thread until the test is over."""
    monkeypatch.setattr(module, "TICK", 0.02)
    started = []

    def run(*programs):
        supervisor = Supervisor(programs)
        thread = threading.Thread(target=supervisor.run)
        started.append((supervisor, thread))
        thread.start()
        return supervisor, thread

    yield run
    for supervisor, thread in started:
        supervisor.stop()
        thread.join(60)
        assert not thread.is_alive()


def program(folder, name, source=FOREVER, **options):
    return Program(name, [sys.executable, "-c", source, str(folder), name], **options)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def pid_of(folder, name):
    path = folder / f"{name}.pid"
    wait_for(lambda: path.is_file() and path.read_text())
    return int(path.read_text())


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_running(pid):
    """Whether it is alive and no zombie that waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def end(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_all_start_and_end_in_order(running, tmp_path):
    supervisor, thread = running(program(tmp_path, "a"), program(tmp_path, "b"))
    pids = [pid_of(tmp_path, "a"), pid_of(tmp_path, "b")]
    assert all(is_alive(pid) for pid in pids)
    supervisor.stop()
    thread.join(60)
    assert (tmp_path / "order").read_text() == "ab"
    assert not any(is_alive(pid) for pid in pids)


def test_what_dies_is_started_again_and_the_other_is_left_alone(running, tmp_path, caplog):
    with caplog.at_level(logging.ERROR, logger="athanor.serve"):
        running(program(tmp_path, "a"), program(tmp_path, "b"))
        first, other = pid_of(tmp_path, "a"), pid_of(tmp_path, "b")
        (tmp_path / "a.pid").unlink()
        os.kill(first, signal.SIGKILL)
        assert pid_of(tmp_path, "a") != first
        assert is_alive(other)
    assert "The a ended with signal SIGKILL" in caplog.text


def test_pauses_grow_when_a_program_dies_again_and_again(running, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.05)
    with caplog.at_level(logging.ERROR, logger="athanor.serve"):
        running(program(tmp_path, "a", "import sys; sys.exit(3)"))
        wait_for(lambda: len(caplog.records) >= 3)
    assert "The a ended with code 3" in caplog.text


def test_what_does_not_end_is_killed(running, tmp_path, caplog):
    supervisor, thread = running(program(tmp_path, "c", STUBBORN, patience=0.2))
    wait_for((tmp_path / "c.pid").is_file)
    supervisor.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert "did not end within" in caplog.text


SHOWING = """
import json, os, pathlib, sys, time
shown = json.dumps({name: os.environ.get(name) for name in ("GIVEN", "SET", "PATH")})
(pathlib.Path(sys.argv[1]) / "environment").write_text(shown + "\\n")
time.sleep(60)
"""


def test_a_program_has_its_variables_unless_they_are_set(running, tmp_path, monkeypatch):
    monkeypatch.setenv("SET", "by the site")
    running(program(tmp_path, "a", SHOWING, environment={"GIVEN": "1", "SET": "2"}))
    file = tmp_path / "environment"
    wait_for(lambda: file.is_file() and file.read_text().endswith("\n"))
    assert json.loads(file.read_text()) == {"GIVEN": "1", "SET": "by the site", "PATH": os.environ["PATH"]}


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[3], sys.argv[1], "worker"])
open(sys.argv[1] + "/" + sys.argv[2] + ".pid", "w").write(str(__import__("os").getpid()))
time.sleep(60)
"""


@pytest.mark.parametrize("takes_group", [True, False])
def test_workers_of_a_server_end_with_it_and_jobs_of_an_engine_do_not(running, tmp_path, takes_group):
    argv = [sys.executable, "-c", PARENT, str(tmp_path), "a", FOREVER]
    running(Program("a", argv, takes_group=takes_group))
    first, worker = pid_of(tmp_path, "a"), pid_of(tmp_path, "worker")
    for name in ("a", "worker"):
        (tmp_path / f"{name}.pid").unlink()
    os.kill(first, signal.SIGKILL)
    second_worker = pid_of(tmp_path, "worker")
    try:
        if takes_group:
            wait_for(lambda: not is_running(worker))
        assert is_running(worker) != takes_group
    finally:
        end(worker)
        end(second_worker)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
def test_programs_end_when_the_supervisor_is_killed(tmp_path):
    source = (
        "import sys; from web.supervisor import Program, Supervisor\n"
        f"Supervisor([Program('a', [sys.executable, '-c', {FOREVER!r}, {str(tmp_path)!r}, 'a'])]).run()"
    )
    parent = subprocess.Popen([sys.executable, "-c", source])
    pid_of(tmp_path, "a")
    parent.kill()
    parent.wait()
    wait_for((tmp_path / "order").is_file)
    assert (tmp_path / "order").read_text() == "a"
