"""What each engine does beside its jobs: telling owners of their ends, removing files, and what packages above add."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from uws.engine.background import BackgroundThread
from uws.engine.tidy import empty_trash, sweep_jobs
from uws.notices import due, send_due_at_once
from uws.scheduling import forget_old_use

__all__ = ["Chore", "Housekeeping", "register_chore"]

SWEEP_SECONDS = 3600.0
"""Between two looks for directories without a job."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that a package above has for the engines: see `uws.engine.background.BackgroundThread`.

    It must bear to be cut short, and to be done by several engines at once.
    """

    name: str
    work: Callable[[], object]
    pause: float
    woken: threading.Event


_chores: dict[str, Chore] = {}


def register_chore(chore: Chore) -> None:
    """Have each engine do it; called from `AppConfig.ready`."""
    _chores[chore.name] = chore


class Housekeeping:
    """The threads that do so; they begin at once and end with `close`."""

    def __init__(self) -> None:
        self._next_sweep = 0.0
        self._threads = (
            BackgroundThread("Telling of ended jobs", send_due_at_once, pause=5.0, woken=due),
            BackgroundThread("Removing files", self._tidy, pause=5.0),
            *(
                BackgroundThread(chore.name, chore.work, pause=chore.pause, woken=chore.woken)
                for chore in _chores.values()
            ),
        )

    def close(self) -> None:
        """Let them end; what is cut short is done by the next engine."""
        for thread in self._threads:
            thread.close()

    def _tidy(self) -> None:
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            sweep_jobs()
            forget_old_use()
        empty_trash()
