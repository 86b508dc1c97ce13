"""What Slurm's answers mean, without a cluster."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from uws.executors import Run, State
from uws.executors.slurm import Commands, SlurmExecutor
from uws.executors.slurm.queue import Entry, parse_accounts, parse_queue
from uws.runner_files import STARTED, write_json

QUEUE = """\
worker-a|12|N/A|12|RUNNING|0|n1|None|
worker-b|13|2|15|FAILED|9|n2|NonZeroExitCode|
worker-c|14|N/A|14|FAILED|16896|n2|NonZeroExitCode|
this line is not understood
worker-d|16|N/A|16|PENDING|0||(Resources)|
"""


def test_the_queue_is_read() -> None:
    assert parse_queue(QUEUE) == [
        Entry("worker-a", 0, "12", "RUNNING", 0, "n1", "None"),
        Entry("worker-b", 2, "13_2", "FAILED", 0, "n2", "NonZeroExitCode", 9),
        Entry("worker-c", 0, "14", "FAILED", 66, "n2", "NonZeroExitCode"),
        Entry("worker-d", 0, "16", "PENDING", 0, "", "(Resources)"),
    ]


def test_accounts_are_read() -> None:
    told = (
        "worker-a|12|CANCELLED by 1000|0:15|n1\nworker-b|13_2|FAILED|0:9|n2\nworker-c|14|COMPLETED|3:0|n2\nnonsense\n"
    )
    assert parse_accounts(told) == [
        Entry("worker-a", 0, "12", "CANCELLED", 0, "n1", signal=15),
        Entry("worker-b", 2, "13_2", "FAILED", 0, "n2", signal=9),
        Entry("worker-c", 0, "14", "COMPLETED", 3, "n2"),
    ]


@dataclass(frozen=True)
class Telling(Commands):
    """Answers squeue with a text."""

    told: str = ""

    def run(self, *argv: str, **_: object) -> str:
        return self.told if argv[0] == "squeue" else ""


@pytest.mark.parametrize(
    ("state", "status", "begun", "known_as"),
    [
        ("FAILED", 9, False, State.ABSENT),  # killed before the runner took the job: nothing has run
        ("FAILED", 9, True, State.LOST),
        ("FAILED", 75 << 8, False, State.ABSENT),  # another runner had the directory
        ("FAILED", 66 << 8, False, State.ENDED),
        ("COMPLETED", 0, False, State.ENDED),
        ("NODE_FAIL", 0, True, State.ENDED),
        ("TIMEOUT", 0, True, State.ENDED),
        ("SUSPENDED", 0, True, State.SUSPENDED),
        ("PENDING", 0, False, State.WAITING),
    ],
)
def test_what_becomes_of_a_run(tmp_path: Path, state: str, status: int, begun: bool, known_as: State) -> None:
    if begun:
        write_json(tmp_path / STARTED, {"host": "n1"})
    told = Telling(told=f"worker-a|12|N/A|12|{state}|{status}|n1|None|\n")
    executor = SlurmExecutor(folder=tmp_path / "lists", commands=told, interval=0.01, visible=0.0)
    run = Run("a" * 26, tmp_path, {"name": "worker-a", "element": 0, "job": "12"})
    try:
        deadline = time.monotonic() + 60
        while not executor._queue.latest().current and time.monotonic() < deadline:
            time.sleep(0.005)
        assert executor.poll(run).state is known_as
    finally:
        executor.close()
