"""Runs nothing: tests say how each task ends."""

from __future__ import annotations

from typing import Any

from uws.executors.base import Executor, Exit, Progress, Run, State, Status, Task

__all__ = ["MemoryExecutor"]


class MemoryExecutor(Executor):
    """Keeps tasks in a dictionary until `finish` ends them; `lose` makes them as if their machine had died."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.tasks: dict[str, Task] = {}
        self.exits: dict[str, Exit] = {}
        self.told: dict[str, Progress] = {}
        self.lost: set[str] = set()

    def submit(self, task: Task) -> dict[str, Any]:
        """Take note of a task."""
        task.workdir.mkdir(parents=True, exist_ok=True)
        self.tasks[task.job_id] = task
        return {"memory": task.job_id}

    def poll(self, run: Run) -> Status:
        """What the test has said of it."""
        if run.job_id in self.exits:
            return Status(State.ENDED, self.exits[run.job_id])
        if run.job_id in self.lost:
            return Status(State.LOST)
        return Status(State.RUNNING if run.job_id in self.tasks else State.ABSENT)

    def cancel(self, run: Run, reason: str) -> None:
        """End it at once."""
        self.exits.setdefault(run.job_id, Exit(reason=reason))

    def progress(self, run: Run) -> Progress | None:
        """What the test lets it say."""
        return self.told.get(run.job_id)

    def finish(self, job_id: str, exit_: Exit | None = None) -> None:
        """Let a task end, successfully if nothing else is said."""
        self.exits[job_id] = exit_ or Exit(reason="exited", exit_code=0)

    def lose(self, job_id: str) -> None:
        """Let a task vanish after it began."""
        self.lost.add(job_id)
