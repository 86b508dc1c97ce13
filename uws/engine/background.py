"""A thread that does one thing again and again beside the jobs, so that it never delays them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connections

__all__ = ["BackgroundThread"]

logger = logging.getLogger("athanor.engine")


class BackgroundThread:
    """Calls a function again and again until it is closed.

    Parameters
    ----------
    name
        What it does, for the log.
    work
        Is called at once, and then whenever it is woken or so many seconds have passed. What it raises is logged.
    pause
        Longest time between two calls, in seconds.
    woken
        Set by others to wake it.
    """

    def __init__(
        self, name: str, work: Callable[[], object], *, pause: float, woken: threading.Event | None = None
    ) -> None:
        self._name = name
        self._work = work
        self._pause = pause
        self._woken = woken or threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self, *, seconds: float = 2.0) -> None:
        """Ask it to end and wait so long; what it does then must bear to be cut short."""
        self._closed = True
        self._woken.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._closed:
            self._woken.clear()
            try:
                self._work()
            except Exception:
                logger.exception("%s failed; going on.", self._name)
            finally:
                connections.close_all()
            if not self._closed:
                self._woken.wait(self._pause)
