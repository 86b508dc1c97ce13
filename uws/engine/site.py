"""What runs jobs at this site, and how much of it an engine may use at a time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from django.conf import settings

from jobdefs import registry
from uws.executors import Executor, InProcessExecutor, LocalExecutor
from uws.pipelines.executor import PipelineExecutor

__all__ = ["UNLIMITED", "site_executors", "site_slots"]

UNLIMITED = sys.maxsize
"""Slots of an executor whose jobs take nothing."""


def site_slots() -> dict[str, int]:
    """Cores that an engine may use at a time, by the executor's name."""
    here = settings.ATHANOR_LOCAL_SLOTS
    return {"local": here, "inprocess": max(here, 2), "pipeline": UNLIMITED, "slurm": settings.ATHANOR_SLURM_SLOTS}


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
    slurm = _slurm()
    return {executor.name: executor for executor in (LocalExecutor(), inprocess, PipelineExecutor(), slurm) if executor}


def _slurm() -> Executor | None:
    """Slurm, where the site has it."""
    try:
        made: Executor | None = importlib.import_module("uws.executors.slurm").slurm_executor()
    except ModuleNotFoundError:
        return None
    return made
