"""What runs jobs at this site."""

from __future__ import annotations

from collections.abc import Callable

from jobdefs import registry
from uws.executors import Executor, InProcessExecutor, LocalExecutor
from uws.executors.slurm import slurm_executor
from uws.pipelines.executor import PipelineExecutor

__all__ = ["site_executors"]


def site_executors(*, threads: int, ended: Callable[[], object]) -> dict[str, Executor]:
    """The executors of this site by name.

    Parameters
    ----------
    threads
        In-process tasks that run at a time.
    ended
        Called from the thread of an in-process task when it has ended.
    """
    inprocess = InProcessExecutor(slots=threads, ended=ended)
    inprocess.preload(task.function for task in registry.all_definitions().values() if task.function)
    made = (LocalExecutor(), inprocess, PipelineExecutor(), slurm_executor())
    return {executor.name: executor for executor in made if executor is not None}
