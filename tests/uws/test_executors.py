"""One contract for all executors."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from uws.executors import Executor, Exit, InProcessExecutor, LocalExecutor, MemoryExecutor, Run, State, Status, Task
from uws.executors.base import Progress
from uws.executors.slurm import SlurmExecutor

JOB_ID = "executortestexecutortestex"


@dataclass
class Bench:
    """An executor, and how to give it work: tasks that write ``out.txt``, fail, or go on for long."""

    make: Callable[[], Executor]
    task: Callable[[str, Path], Task]
    after_submit: Callable[[Executor, str], Any] = lambda executor, kind: None
    survives: bool = True

    def start(self, executor: Executor, kind: str, workdir: Path) -> Run:
        handle = executor.submit(self.task(kind, workdir))
        self.after_submit(executor, kind)
        return Run(JOB_ID, workdir, handle)


CODE = {
    "write": "open('out.txt', 'w').write('x')",
    "fail": "raise SystemExit(3)",
    "long": "open('out.txt', 'w').write('x'); import time; time.sleep(60)",
}


def local_task(kind: str, workdir: Path) -> Task:
    output = {"name": "out", "file": "out.txt", "media_type": "text/plain", "required": True}
    return Task(JOB_ID, workdir, (sys.executable, "-c", CODE[kind]), outputs=(output,), limits={"grace_seconds": 0.3})


def function_task(kind: str, workdir: Path) -> Task:
    query = {"write": "write", "fail": "refuse", "long": "wait"}[kind]
    return Task(JOB_ID, workdir, function="tests.uws.functions:run", parameters={"QUERY": [query]})


def memory_exit(executor: Executor, kind: str) -> None:
    if kind == "write":
        executor.finish(JOB_ID, Exit(reason="exited", exit_code=0, results=({"name": "out"},)))
    elif kind == "fail":
        executor.finish(JOB_ID, Exit(reason="exited", exit_code=3))


BENCHES = {
    "local": Bench(LocalExecutor, local_task),
    "inprocess": Bench(lambda: InProcessExecutor(slots=2, ended=lambda: None), function_task, survives=False),
    "memory": Bench(MemoryExecutor, lambda kind, workdir: Task(JOB_ID, workdir), memory_exit, survives=False),
}

LIVE = {State.WAITING, State.RUNNING, State.SUSPENDED}


@pytest.fixture(params=[*BENCHES, "slurm"])
def bench(request) -> Bench:
    if request.param == "slurm":
        cluster = request.getfixturevalue("slurm")
        return Bench(lambda: SlurmExecutor(folder=cluster.folder / "lists", commands=cluster.commands), local_task)
    return BENCHES[request.param]


@pytest.fixture
def executor(bench) -> Executor:
    executor = bench.make()
    yield executor
    executor.close()


@pytest.fixture
def workdir(tmp_path) -> Path:
    return tmp_path / "job"


def until_ended(executor: Executor, run: Run, seconds: float = 60) -> Status:
    return until(executor, run, set(State) - LIVE, seconds)


def until(executor: Executor, run: Run, states: set[State], seconds: float = 60) -> Status:
    end = time.monotonic() + seconds
    while (status := executor.poll(run)).state not in states:
        assert time.monotonic() < end, f"still {status}"
        time.sleep(0.01)
    return status


def test_success(bench, executor, workdir):
    run = bench.start(executor, "write", workdir)
    status = until_ended(executor, run)
    assert status.state is State.ENDED
    assert (status.exit.reason, status.exit.exit_code) == ("exited", 0)
    assert len(status.exit.results) == 1
    assert executor.poll(run) == status
    executor.forget(run)


def test_failure(bench, executor, workdir):
    status = until_ended(executor, bench.start(executor, "fail", workdir))
    assert status.state is State.ENDED
    assert status.exit.reason in ("exited", "failed")
    assert status.exit.exit_code != 0


def test_running_then_cancelled(bench, executor, workdir):
    run = bench.start(executor, "long", workdir)
    assert until(executor, run, set(State) - {State.WAITING}).state is State.RUNNING
    executor.cancel(run, "wall-limit")
    executor.cancel(run, "cancelled")
    status = until_ended(executor, run)
    assert (status.state, status.exit.reason) in {(State.ENDED, "wall-limit"), (State.ENDED, "exited")}


def test_never_submitted(bench, executor, workdir):
    assert executor.poll(Run(JOB_ID, workdir, {})).state is State.ABSENT


def test_cancelling_what_ended_changes_nothing(bench, executor, workdir):
    run = bench.start(executor, "write", workdir)
    status = until_ended(executor, run)
    executor.cancel(run, "cancelled")
    assert executor.poll(run) == status


def test_another_engine_sees_what_survives(bench, executor, workdir):
    run = bench.start(executor, "long", workdir)
    other = bench.make()
    if bench.survives:
        assert until(other, run, set(State) - {State.WAITING}).state is State.RUNNING
        other.cancel(run, "cancelled")
        assert until_ended(other, run).exit.reason == "cancelled"
    else:
        assert other.poll(run).state in (State.LOST, State.ABSENT)
    executor.cancel(run, "cancelled")
    other.close()


class TestLocal:
    """What only runs with a runner of their own can show."""

    @pytest.fixture
    def executor(self):
        executor = LocalExecutor()
        yield executor
        executor.close()

    def start(self, executor, workdir, kind="long") -> Run:
        return Run(JOB_ID, workdir, executor.submit(local_task(kind, workdir)))

    def wait_for(self, path: Path) -> None:
        end = time.monotonic() + 60
        while not path.exists():
            assert time.monotonic() < end
            time.sleep(0.01)

    def test_handle_lost_with_the_engine(self, executor, workdir):
        self.start(executor, workdir)
        self.wait_for(workdir / "started")
        run = Run(JOB_ID, workdir, {})
        assert LocalExecutor().poll(run).state is State.RUNNING
        LocalExecutor().cancel(run, "cancelled")
        assert until_ended(LocalExecutor(), run).exit.reason == "cancelled"

    def test_killed_runner_is_lost_and_leaves_nobody(self, executor, workdir):
        code = (
            "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
            " start_new_session=True); open('pid', 'w').write(str(p.pid)); open('done', 'w'); time.sleep(60)"
        )
        task = Task(JOB_ID, workdir, (sys.executable, "-c", code))
        run = Run(JOB_ID, workdir, executor.submit(task))
        self.wait_for(workdir / "work" / "done")
        os.kill(run.handle["pid"], signal.SIGKILL)
        assert until_ended(executor, run).state is State.LOST
        pid = int((workdir / "work" / "pid").read_text())
        end = time.monotonic() + 60
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            assert time.monotonic() < end
            time.sleep(0.01)

    def test_cancelled_before_the_runner_begins(self, executor, workdir):
        workdir.mkdir()
        run = Run(JOB_ID, workdir, {})
        executor.cancel(run, "cancelled")
        assert executor.poll(run).exit.reason == "cancelled"
        self.start(executor, workdir, "write")
        executor.forget(run)
        assert executor.poll(run).exit.reason == "cancelled"
        assert not (workdir / "work").exists()

    def test_exit_file_counts_after_all_is_gone(self, executor, workdir):
        run = self.start(executor, workdir, "write")
        until_ended(executor, run)
        executor.forget(run)
        status = LocalExecutor().poll(Run(JOB_ID, workdir, {}))
        assert (status.state, status.exit.exit_code) == (State.ENDED, 0)


class TestInProcess:
    @pytest.mark.parametrize(
        ("query", "reason", "message"),
        [
            ("refuse", "failed", "line 1, column 15: There is no table t."),
            ("late", "wall-limit", "The query took longer than its limit."),
            ("break", "failed", "Something went wrong here; tell the operator the reference "),
        ],
    )
    def test_errors(self, workdir, query, reason, message):
        executor = InProcessExecutor(slots=1, ended=lambda: None)
        task = Task(JOB_ID, workdir, function="tests.uws.functions:run", parameters={"QUERY": [query]})
        run = Run(JOB_ID, workdir, executor.submit(task))
        ended = until_ended(executor, run).exit
        assert ended.reason == reason
        assert ended.message.startswith(message)
        executor.close()

    def test_the_end_is_told(self, workdir):
        told = threading.Event()
        executor = InProcessExecutor(slots=1, ended=told.set)
        executor.submit(function_task("write", workdir))
        assert told.wait(60)
        executor.close()

    def test_stage(self, workdir):
        executor = InProcessExecutor(slots=1, ended=lambda: None)
        run = Run(JOB_ID, workdir, executor.submit(function_task("write", workdir)))
        until_ended(executor, run)
        assert executor.progress(run).stage == "doing write"
        executor.close()

    def test_function_that_does_not_stop_is_left_alone(self, workdir, monkeypatch):
        monkeypatch.setattr("uws.executors.inprocess.PATIENCE", 0.0)
        executor = InProcessExecutor(slots=1, ended=lambda: None)
        task = Task(JOB_ID, workdir, function="tests.uws.functions:run", parameters={"QUERY": ["sleep"]})
        run = Run(JOB_ID, workdir, executor.submit(task))
        executor.cancel(run, "wall-limit")
        assert executor.poll(run).exit.reason == "wall-limit"
        executor.close()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('{"stage": "Reading", "done": 1, "total": 2}', Progress("Reading", 1, 2)),
        ('{"stage": "' + "x" * 9000 + '", "done": -1, "total": 1e30}', Progress("x" * 500, 0, 2**31 - 1)),
        ('{"stage": "Reading"}', None),
        ('{"stage": "Reading", "done": "many", "total": 2}', None),
        ("[1, 2]", None),
        ("null", None),
        ("{", None),
        ("\udcff", None),
    ],
)
def test_damaged_progress_is_no_progress(tmp_path, written, told):
    (tmp_path / "stage.json").write_text(written, encoding="utf-8", errors="surrogateescape")
    assert LocalExecutor().progress(Run(JOB_ID, tmp_path, {})) == told
