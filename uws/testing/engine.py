"""An engine that tests drive step by step, in their own process and transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db.models import Q

from uws.engine.engine import Engine
from uws.executors import Executor, InProcessExecutor, LocalExecutor
from uws.executors.inprocess import _Call
from uws.limits import PARENTS, slots_of
from uws.models import Job
from uws.phases import FINAL, Phase
from uws.pipelines.executor import PipelineExecutor

__all__ = ["ImmediateExecutor", "drive", "stepping_engine"]


class ImmediateExecutor(InProcessExecutor):
    """Calls functions at once, in the test's own thread: they see the test's transaction."""

    def __init__(self) -> None:
        super().__init__(slots=1, ended=lambda: None)

    def _launch(self, call: _Call, function: str) -> None:
        self._work(call, function)


@contextmanager
def stepping_engine(executors: Mapping[str, Executor] | None = None, slots: int = 4) -> Iterator[Engine]:
    """An engine that does nothing but what its `step` is called for.

    Parameters
    ----------
    executors
        By name; by default commands run under real runners, and functions are called at once.
    slots
        Runs that each executor may have at a time.
    """
    executors = executors or {
        "local": LocalExecutor(),
        "inprocess": ImmediateExecutor(),
        "pipeline": PipelineExecutor(),
    }
    engine = Engine(
        executors=executors, slots={name: slots_of(name) if name == PARENTS else slots for name in executors}
    )
    try:
        yield engine
    finally:
        engine.close()


def drive(engine: Engine | None = None, *, seconds: float = 30.0) -> None:
    """Step until no job is queued or running and all ends are announced.

    Raises
    ------
    TimeoutError
        When that takes longer than so many seconds.
    """
    if engine is None:
        with stepping_engine() as made:
            drive(made, seconds=seconds)
        return
    end = time.monotonic() + seconds
    while True:
        engine.step()
        ended = Q(phase__in=FINAL, reaped=True, announced=True, deleted=False)
        waiting = Q(phase__in=(Phase.PENDING, Phase.HELD), deleted=False)
        if not Job.objects.exclude(ended | waiting).exists():
            return
        if time.monotonic() > end:
            raise TimeoutError(f"Jobs have not ended: {list(Job.objects.exclude(ended | waiting))}")
        time.sleep(0.01)
