"""What is said to Slurm, and how its words are understood; Slurm itself is played."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from uws.executors import Run, State, Task
from uws.executors.slurm import Commands, Refused, Site, SlurmExecutor, Unreachable, slurm_executor
from uws.executors.slurm.request import Request
from uws.executors.slurm.states import why_waiting

RESOURCES = {
    "name": "evselect",
    "owner": "ada",
    "cores": 1,
    "memory_bytes": 4 * 2**30,
    "wall_seconds": 3600,
    "partition": "",
    "account": "",
}


class Played(Commands):
    """Slurm as the test wants it: what squeue (`queue`) and sacct (`accounts`) print, and what sbatch refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[tuple[str, ...]] = []
        self.queue = ""
        self.accounts: str | OSError = Refused("Slurm accounting storage is disabled")
        self.refusal: Callable[[tuple[str, ...]], OSError | None] = lambda arguments: None
        self.away = False

    __setattr__ = object.__setattr__

    def run(self, name: str, *arguments: str) -> str:
        self.called.append((name, *arguments))
        if self.away:
            raise Unreachable("Unable to contact slurm controller")
        match name:
            case "sbatch" if error := self.refusal(arguments):
                raise error
            case "sbatch":
                return f"{len(self.named('sbatch'))};cluster\n"
            case "squeue":
                return self.queue
            case "sacct" if isinstance(self.accounts, OSError):
                raise self.accounts
            case "sacct":
                return self.accounts
        return ""

    def named(self, name: str) -> list[tuple[str, ...]]:
        return [call for call in self.called if call[0] == name]


@pytest.fixture
def played() -> Played:
    return Played()


@pytest.fixture
def executor(played, tmp_path):
    executor = SlurmExecutor(
        folder=tmp_path / "lists", commands=played, site=Site("main", ""), interval=0.0, settling=0.0, visible=0.0
    )
    yield executor
    executor.close()


@pytest.fixture
def begun(tmp_path) -> Run:
    """A run that a node has begun."""
    workdir = tmp_path / "job"
    workdir.mkdir()
    (workdir / "started").write_text('{"pid": 1, "host": "n1"}')
    return Run("job", workdir, {"name": "worker-job-1", "element": 0, "job": "7"})


@pytest.fixture
def followed(executor, played, begun):
    """All three: who follows it, whom it asks, and the run."""
    return executor, played, begun


def line(state: str, status: int = 0, reason: str = "None", name: str = "worker-job-1") -> str:
    return f"{name}|7|N/A|7|{state}|{status}|n1|{reason}|\n"


def settled(executor: SlurmExecutor, run: Run, looks: int = 5):
    """The answer when Slurm has been asked again often enough for it to be all that can be known."""
    for _ in range(looks):
        executor.poll(run)
        executor._queue._look.result(timeout=60)
    return executor.poll(run)


def tasks(folder: Path, count: int, **resources) -> list[Task]:
    return [Task(f"job{n}", folder / f"job{n}", ("true",), resources={**RESOURCES, **resources}) for n in range(count)]


class TestRequest:
    @pytest.mark.parametrize(
        ("resources", "options"),
        [
            (
                RESOURCES,
                {"cpus-per-task": "1", "mem": "4160M", "time": "68", "partition": "main"},
            ),
            (
                {**RESOURCES, "cores": 8, "wall_seconds": 0, "memory_bytes": 0, "partition": "long", "account": "xmm"},
                {"cpus-per-task": "8", "partition": "long", "account": "xmm"},
            ),
            (
                {**RESOURCES, "wall_seconds": 1},
                {"cpus-per-task": "1", "mem": "4160M", "time": "6", "partition": "main"},
            ),
            ({}, {"cpus-per-task": "1", "partition": "main"}),
        ],
    )
    def test_resources(self, tmp_path, resources, options):
        request = Request.of(Task("job", tmp_path, resources=resources), Site("main", ""))
        told = dict(option.removeprefix("--").partition("=")[::2] for option in request.options("name"))
        asked = {"cpus-per-task", "mem", "time", "partition", "account"}
        assert {name: value for name, value in told.items() if name in asked} == options
        assert "no-requeue" in told
        assert "array" not in told

    def test_the_limit_of_slurm_is_later_than_the_runners(self, tmp_path):
        for seconds in (1, 59, 600, 86400, 10**6):
            request = Request.of(Task("job", tmp_path, resources={"wall_seconds": seconds}), Site())
            assert request.minutes * 60 >= seconds + 300

    def test_names_hold_nothing_strange(self, tmp_path):
        request = Request.of(Task("job", tmp_path, resources={"name": "a b;$(c)\n--wrap=x"}), Site())
        assert request.name == "a_b_c_wrap_x"


class TestSubmission:
    def test_alike_ones_are_arrays(self, executor, played, tmp_path):
        many = tasks(tmp_path, 501)
        other = tasks(tmp_path / "other", 1, cores=2)
        handles = executor.submit_many([*many, *other])
        assert [next((word for word in call if word.startswith("--array")), "") for call in played.named("sbatch")] == [
            "--array=1-500",
            "",
            "",
        ]
        assert (handles[0]["job"], handles[0]["element"]) == ("1", 1)
        assert (handles[499]["job"], handles[499]["element"]) == ("1", 500)
        assert (handles[500]["job"], handles[500]["element"]) == ("2", 0)
        assert handles[501]["job"] == "3"
        listed = Path(played.named("sbatch")[0][-1]).read_text().splitlines()
        assert listed == [str(task.workdir) for task in many[:500]]

    def test_arrays_that_the_site_refuses_are_submitted_one_by_one(self, executor, played, tmp_path):
        played.refusal = lambda arguments: (
            Refused("Slurm refused it: Invalid job array specification")
            if any(word.startswith("--array") for word in arguments)
            else None
        )
        handles = executor.submit_many(tasks(tmp_path, 3))
        assert [(handle["job"], handle["element"]) for handle in handles] == [("2", 0), ("3", 0), ("4", 0)]

    @pytest.mark.parametrize("error", [Refused("no"), Unreachable("away")])
    def test_what_was_not_submitted_never_began(self, executor, played, tmp_path, error):
        played.refusal = lambda arguments: error
        [task] = tasks(tmp_path, 1)
        assert executor.submit_many([task]) == [error]
        assert executor.poll(Run(task.job_id, task.workdir, {})).state is State.ABSENT

    def test_what_may_have_been_submitted_is_looked_for(self, executor, played, tmp_path):
        played.refusal = lambda arguments: Unreachable("no answer", unsure=True)
        [task] = tasks(tmp_path, 1)
        [handle] = executor.submit_many([task])
        run = Run(task.job_id, task.workdir, handle)
        assert handle["job"] == ""
        played.queue = line("RUNNING", name=handle["name"])
        assert settled(executor, run).state is State.RUNNING
        played.queue = ""
        assert settled(executor, run).state is State.ABSENT

    def test_one_that_cannot_be_prepared_holds_up_nobody(self, executor, tmp_path):
        first, second = tasks(tmp_path, 2)
        first.workdir.mkdir()
        (first.workdir / "started").touch()
        answers = executor.submit_many([first, second])
        assert isinstance(answers[0], FileExistsError)
        assert answers[1]["job"] == "1"


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        (
            "sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed: Invalid name",
            Refused,
            "Slurm refused it: invalid partition specified: x; Invalid name",
        ),
        ("sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)", False, ""),
        ("sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Job violates accounting/QOS policy", False, ""),
        ("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", False, ""),
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", True, ""),
        ("", Refused, "Slurm refused it: sbatch failed without a word"),
    ],
)
def test_errors(tmp_path, told, kind, words):
    program = tmp_path / "sbatch"
    (tmp_path / "told").write_text(told)
    program.write_text(f"#!/bin/sh\ncat '{tmp_path}/told' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises((Refused, Unreachable)) as error:
        Commands(tmp_path).run("sbatch")
    if kind is Refused:
        assert (type(error.value), str(error.value)) == (Refused, words)
    else:
        assert (type(error.value), error.value.unsure) == (Unreachable, kind)


def test_a_command_that_hangs_is_left(tmp_path):
    program = tmp_path / "squeue"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    with pytest.raises(Unreachable, match=r"squeue did not answer within 0\.2 s"):
        Commands(tmp_path, seconds=0.2).run("squeue")


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(Refused, match="sbatch, a program of Slurm, cannot be run here: No such file or directory"):
        Commands(tmp_path).run("sbatch")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("None", "waiting in Slurm"),
        ("Priority", "waiting in Slurm: others come first"),
        ("(Resources)", "waiting in Slurm: for free nodes"),
        ("ReqNodeNotAvail, UnavailableNodes:n1", "waiting in Slurm: ReqNodeNotAvail, UnavailableNodes:n1"),
    ],
)
def test_why_it_waits(reason, words):
    assert why_waiting(reason) == words


class TestEnds:
    @pytest.mark.parametrize(
        ("state", "reason"),
        [
            ("TIMEOUT", "wall-limit"),
            ("OUT_OF_MEMORY", "memory-limit"),
            ("NODE_FAIL", "node-failed"),
            ("BOOT_FAIL", "node-failed"),
            ("PREEMPTED", "node-failed"),
            ("CANCELLED", "cancelled"),
            ("DEADLINE", "cancelled"),
        ],
    )
    def test_by_slurm_alone(self, executor, played, begun, state, reason):
        played.queue = line(state)
        status = settled(executor, begun)
        assert (status.state, status.exit.reason, status.exit.host) == (State.ENDED, reason, "n1")
        played.queue = ""
        executor.forget(begun)
        assert settled(executor, begun) == status

    @pytest.mark.parametrize("state", ["COMPLETED", "FAILED", "SOMETHING_NEW"])
    def test_without_a_word_of_the_runner_it_is_lost(self, executor, played, begun, state):
        played.queue = line(state)
        assert settled(executor, begun).state is State.LOST

    @pytest.mark.parametrize(
        ("report", "state", "reason"),
        [
            ({"reason": "exited", "exit_code": 0}, "TIMEOUT", "exited"),
            ({"reason": "exited", "signal": 9}, "OUT_OF_MEMORY", "memory-limit"),
            ({"reason": "exited", "signal": 9}, "COMPLETED", "exited"),
            ({"reason": "exited", "signal": 15}, "CANCELLED", "cancelled"),
            ({"reason": "exited", "exit_code": 143}, "TIMEOUT", "wall-limit"),
            ({"reason": "exited", "exit_code": 1}, "COMPLETED", "exited"),
            ({"reason": "cancelled"}, "TIMEOUT", "wall-limit"),
            ({"reason": "cancelled"}, "PREEMPTED", "node-failed"),
            ({"reason": "cancelled"}, "CANCELLED", "cancelled"),
            ({"reason": "wall-limit"}, "CANCELLED", "wall-limit"),
            ({"reason": "output-missing"}, "NODE_FAIL", "output-missing"),
        ],
    )
    def test_by_the_runner_and_made_more_exact_by_slurm(self, followed, report, state, reason):
        executor, played, begun = followed
        (begun.workdir / "exit.json").write_text(json.dumps(report))
        played.queue = line(state)
        status = settled(executor, begun)
        assert (status.state, status.exit.reason) == (State.ENDED, reason)
        played.queue = ""
        assert settled(executor, begun) == status

    def test_a_kill_is_believed_when_slurm_has_said_why(self, executor, played, begun):
        (begun.workdir / "exit.json").write_text('{"reason": "exited", "signal": 9}')
        played.queue = line("COMPLETING")
        assert settled(executor, begun).state is State.RUNNING
        played.queue = line("OUT_OF_MEMORY")
        assert settled(executor, begun).exit.reason == "memory-limit"

    def test_asked_to_end(self, executor, played, begun):
        played.queue = line("RUNNING")
        settled(executor, begun)
        executor.cancel(begun, "wall-limit")
        settled(executor, begun)
        assert ("scancel", "--batch", "--signal=TERM", "7") in played.called
        played.queue = line("CANCELLED")
        assert settled(executor, begun).exit.reason == "wall-limit"

    def test_asked_to_end_while_slurm_is_away(self, executor, played, tmp_path):
        [task] = tasks(tmp_path, 1)
        run = Run(task.job_id, task.workdir, executor.submit(task))
        played.queue = line("PENDING", name=run.handle["name"])
        assert settled(executor, run).state is State.WAITING
        played.away = True
        executor.cancel(run, "cancelled")
        end = time.monotonic() + 60
        while not played.named("scancel"):
            assert time.monotonic() < end
            assert executor.poll(run).state is State.WAITING
        played.called.clear()
        played.away = False
        assert settled(executor, run).state is State.WAITING
        assert ("scancel", "7") in played.called
        played.queue = line("CANCELLED", name=run.handle["name"])
        assert settled(executor, run).exit.reason == "cancelled"

    def test_a_node_that_slurm_has_given_up_and_that_works_on(self, executor, played, begun):
        lock = os.open(begun.workdir / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        (begun.workdir / "heartbeat").touch()
        played.queue = line("NODE_FAIL")
        assert settled(executor, begun).state is State.RUNNING
        (begun.workdir / "exit.json").write_text('{"reason": "exited", "exit_code": 0}')
        os.close(lock)
        assert settled(executor, begun).exit.reason == "exited"

    def test_a_lock_without_heartbeat_is_not_believed(self, executor, played, begun, monkeypatch):
        monkeypatch.setattr("uws.executors.slurm.executor.SILENCE_SECONDS", 0.05)
        lock = os.open(begun.workdir / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        played.queue = line("NODE_FAIL")
        end = time.monotonic() + 60
        while (status := executor.poll(begun)).state is State.RUNNING:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert status.exit.reason == "node-failed"
        os.close(lock)

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (66, "on the node n1 its work directory is not there; it must lie on a file system that all nodes share"),
            (68, "on the node n1 Python is not there; it must be installed at the same place on all nodes"),
            (1, "on the node n1 the batch script ended with exit code 1"),
        ],
    )
    def test_never_begun(self, executor, played, tmp_path, status, words):
        [task] = tasks(tmp_path, 1)
        run = Run(task.job_id, task.workdir, executor.submit(task))
        played.queue = line("FAILED", status << 8, name=run.handle["name"])
        ended = settled(executor, run).exit
        assert (ended.reason, ended.message) == ("failed-to-start", words)

    def test_refused_by_the_runner_before_any_began(self, executor, played, tmp_path):
        [task] = tasks(tmp_path, 1)
        run = Run(task.job_id, task.workdir, executor.submit(task))
        played.queue = line("FAILED", 75 << 8, name=run.handle["name"])
        assert settled(executor, run).state is State.ABSENT


@pytest.mark.parametrize(
    ("left", "started", "state"),
    [
        ("worker-job-1|7|4|7|PENDING|0||Priority|\n", False, State.ENDED),  # one element was taken out of the queue
        ("worker-job-1|7|N/A|7|CANCELLED|0||Priority|\n", False, State.ENDED),  # all were
        ("worker-job-1|7|4|7|PENDING|0||Priority|\n", True, State.LOST),
        ("", False, State.ABSENT),
    ],
)
def test_element_that_vanished(followed, left, started, state):
    executor, played, run = followed
    if not started:
        (run.workdir / "started").unlink()
    played.queue = left
    run = Run("job", run.workdir, {**run.handle, "element": 3})
    status = settled(executor, run)
    assert (status.state, status.exit and status.exit.reason) == (state, "cancelled" if state is State.ENDED else None)


class TestForgotten:
    """Jobs that the controller does not remember."""

    @pytest.mark.parametrize(
        ("accounts", "state", "reason"),
        [
            ("worker-job-1|7|OUT_OF_MEMORY|0:125|n1\n", State.ENDED, "memory-limit"),
            ("worker-job-1|7|COMPLETED|0:0|n1\n", State.LOST, None),
            ("worker-job-1|7|RUNNING|0:0|n1\n", State.LOST, None),
            ("another-job|7|NODE_FAIL|0:0|n1\n", State.LOST, None),
            ("", State.LOST, None),
            (Refused("Slurm accounting storage is disabled"), State.LOST, None),
        ],
    )
    def test_accounts_may_know(self, followed, accounts, state, reason):
        executor, played, begun = followed
        played.accounts = accounts
        status = settled(executor, begun)
        assert (status.state, status.exit and status.exit.reason) == (state, reason)
        assert len(played.named("sacct")) == 1

    def test_one_that_never_began(self, executor, played, begun):
        (begun.workdir / "started").unlink()
        assert settled(executor, begun).state is State.ABSENT

    def test_nothing_is_said_while_slurm_is_away(self, executor, played, begun):
        played.away = True
        assert settled(executor, begun, looks=1).state is State.RUNNING
        (begun.workdir / "started").unlink()
        assert executor.poll(begun).state is State.WAITING
        (begun.workdir / "exit.json").write_text('{"reason": "exited", "exit_code": 0}')
        assert executor.poll(begun).state is State.ENDED


def test_one_look_for_all_runs(played, tmp_path):
    executor = SlurmExecutor(folder=tmp_path / "lists", commands=played, interval=600.0)
    many = tasks(tmp_path, 100)
    runs = [
        Run(task.job_id, task.workdir, handle) for task, handle in zip(many, executor.submit_many(many), strict=True)
    ]
    for _ in range(5):
        assert {executor.poll(run).state for run in runs} == {State.WAITING}
    executor.close()
    assert len(played.named("squeue")) == 1


def test_executor_of_the_site(settings, tmp_path):
    settings.ATHANOR_SLURM_BIN = str(tmp_path)
    settings.ATHANOR_EXECUTOR = "local"
    assert slurm_executor() is None
    settings.ATHANOR_EXECUTOR = "slurm"
    executor = slurm_executor()
    assert (executor.name, executor.queues) == ("slurm", True)
    executor.close()
