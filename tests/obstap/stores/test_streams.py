"""A stream of an engine that fetches ahead: nothing is let go while it is still at work."""

from __future__ import annotations

import threading
import time

import pytest

from obstap.stores.streams import QueryStream
from vo.cancellation import Cancellation
from vo.errors import CancellationError, UsageError


class Engine(QueryStream[int]):
    """Gives one piece at once; the next one comes only after an interruption."""

    failures = (InterruptedError,)

    def __init__(self, cancellation: Cancellation) -> None:
        self.fetching = threading.Event()
        self.interrupted = threading.Event()
        self.at_work = False
        self.released_at_work: bool | None = None
        self.fetched = 0
        super().__init__(time_limit=None, count_waiting=False, cancellation=cancellation)

    def _open(self) -> None:
        pass

    def _fetch(self) -> int | None:
        self.fetched += 1
        if self.fetched == 1:
            return 1
        self.at_work = True
        self.fetching.set()
        assert self.interrupted.wait(60)
        time.sleep(0.2)  # an engine takes a while to obey
        self.at_work = False
        raise InterruptedError

    def _goes_on(self, piece: int) -> bool:
        return True

    def _interrupt(self) -> None:
        self.interrupted.set()

    def _release(self) -> None:
        self.released_at_work = self.at_work

    def _interrupted(self, error: Exception) -> bool:
        return True

    def _explained(self, error: Exception) -> UsageError:
        return UsageError(str(error))


def test_a_fetch_ahead_has_ended_before_all_is_let_go() -> None:
    cancellation = Cancellation()
    stream = Engine(cancellation)
    assert next(stream) == 1
    assert stream.fetching.wait(60)
    cancellation.cancel()
    with pytest.raises(CancellationError):
        next(stream)
    assert stream.released_at_work is False
