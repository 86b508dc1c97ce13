"""Runs parents: jobs whose work is done by their children. All that it knows stands in the database."""

from __future__ import annotations

from typing import Any

from uws.executors.base import Executor, Run, State, Status, Task

__all__ = ["PipelineExecutor"]


class PipelineExecutor(Executor):
    """Has the children of pipelines and arrays made, and tells when all have ended."""

    name = "pipeline"
    keeps_time = False

    def submit(self, task: Task) -> dict[str, Any]:
        """Nothing is started: the children are made while the parent is polled."""
        task.workdir.mkdir(parents=True, exist_ok=True)
        return {"pipeline": task.job_id}

    def poll(self, run: Run) -> Status:  # noqa: ARG002
        """A parent runs until its children have ended."""
        return Status(State.RUNNING)

    def cancel(self, run: Run, reason: str) -> None:
        """Abort the children."""
