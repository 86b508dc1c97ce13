"""Runs nothing: tests say how each task ends."""

from __future__ import annotations

from typing import Any

from uws.executors.base import Executor, Exit, Progress, Run, State, Status, Task

__all__ = ["MemoryExecutor"]


class MemoryExecutor(Executor):
    """Keeps tasks in a dictionary until `finish` ends them; `lose` makes them as if their machine had died.

    Parameters
    ----------
    queues
        Whether tasks wait until `begin`.
    """

    def __init__(self, name: str = "memory", *, queues: bool = False) -> None:
        self.name = name
        self.queues = queues
        self.states: dict[str, State] = {}
        self.tasks: dict[str, Task] = {}
        self.exits: dict[str, Exit] = {}
        self.told: dict[str, Progress] = {}

    def submit(self, task: Task) -> dict[str, Any]:
        """Take note of a task."""
        task.workdir.mkdir(parents=True, exist_ok=True)
        self.tasks[task.job_id] = task
        self.states[task.job_id] = State.WAITING if self.queues else State.RUNNING
        self.exits.pop(task.job_id, None)
        return {"memory": task.job_id}

    def poll(self, run: Run) -> Status:
        """What the test has said of it."""
        if run.job_id in self.exits:
            return Status(State.ENDED, self.exits[run.job_id])
        return Status(self.states.get(run.job_id, State.ABSENT))

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
        self.states[job_id] = State.LOST

    def begin(self, job_id: str) -> None:
        """Let a task begin, or go on."""
        self.states[job_id] = State.RUNNING

    def suspend(self, job_id: str) -> None:
        """Stop a task until it is begun again."""
        self.states[job_id] = State.SUSPENDED

    def put_back(self, job_id: str) -> None:
        """Put a task that began back into the queue."""
        self.states[job_id] = State.WAITING
