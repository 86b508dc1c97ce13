"""A bound to how many work at a time, whose queue can be left."""

from __future__ import annotations

import threading

from vo.cancellation import Cancellation

__all__ = ["Places"]


class Places:
    """Places that are taken and given back.

    Parameters
    ----------
    count
        How many there are.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._change = threading.Condition()

    def take(self, *, patience: float, cancellation: Cancellation) -> bool:
        """Wait for a place; whether one was free within `patience` seconds.

        Raises
        ------
        vo.errors.CancellationError
            When it is cancelled meanwhile.
        """
        with cancellation.calling(self._look), self._change:
            taken = self._change.wait_for(lambda: self._free > 0 or cancellation.cancelled, patience)
            cancellation.check()
            self._free -= taken
            return taken

    def give(self) -> None:
        """Give a place back."""
        with self._change:
            self._free += 1
            self._change.notify()

    def _look(self) -> None:
        """Let all who wait see whether they still want to."""
        with self._change:
            self._change.notify_all()
