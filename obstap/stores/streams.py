"""What the answers of all engines have in common: pieces that come one by one, a clock, and an end at any moment."""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import ClassVar, Generic, TypeVar
from weakref import WeakMethod

from vo.cancellation import Cancellation
from vo.errors import AthanorError, TimeLimitError, UnavailableError

__all__ = ["Clock", "QueryStream"]

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")

_NAGGING = 0.1
"""Seconds between interrupts."""


_AHEAD = 64
"""Queries of one process that may fetch ahead at the same time."""


class QueryStream(Iterator[_Piece], ABC, Generic[_Piece]):
    """The answer of one query, which begins to run when this is made.

    Any thread may call `close`, also while another waits for the next piece. Subclasses set their attributes before
    they call this constructor.

    Parameters
    ----------
    time_limit, count_waiting
        Seconds that the query may take, and whether the time of the consumer between pieces is part of them.
    cancellation
        What interrupts the query at any moment, also while this constructor waits for its first piece.

    Raises
    ------
    vo.errors.CancellationError, vo.errors.TimeLimitError, vo.errors.UsageError
        As `obstap.stores.base.Snapshot.execute` says.
    """

    failures: ClassVar[tuple[type[Exception], ...]]
    """What the engine raises when a query fails or is interrupted."""

    _closed = True
    """Nothing is to be closed before the constructor has begun."""

    def __init__(self, *, time_limit: float | None, count_waiting: bool, cancellation: Cancellation) -> None:
        self._closed = False
        self._ended = False
        self._first: _Piece | None = None
        self._coming: Future[_Piece | None] | None = None
        self._working = threading.Lock()
        self._nagging = _Nagging(self._interrupt)
        self._clock = Clock(self._nagging.begin, time_limit, count_waiting)
        self._cancellation = cancellation
        cancellation.on_cancel(self._nagging.begin)
        try:
            self._make_ready()
            self._clock.start()
            self._step(self._open)
            self._first = self._step(self._fetch)
        except BaseException as error:
            self.close()
            if isinstance(error, AthanorError):
                cancellation.check()
            raise

    def _ready(self) -> None:
        """Wait for what the query runs on; its time does not count."""

    @abstractmethod
    def _open(self) -> None:
        """Start the query."""

    @abstractmethod
    def _fetch(self) -> _Piece | None:
        """Wait for the next piece; None when there are no more."""

    @abstractmethod
    def _interrupt(self) -> None:
        """Make `_open` and `_fetch` fail soon, whichever thread is in them; it may do nothing when none is."""

    @abstractmethod
    def _release(self) -> None:
        """Let go of what the query holds; called once, when no thread works on it."""

    @abstractmethod
    def _interrupted(self, error: Exception) -> bool:
        """Whether the engine was interrupted, by whomever."""

    @abstractmethod
    def _explained(self, error: Exception) -> AthanorError:
        """The error in the user's terms."""

    def _goes_on(self, piece: _Piece) -> bool:  # noqa: ARG002 - for those who can tell
        """Whether to fetch the next piece while the consumer works on this one."""
        return False

    def __next__(self) -> _Piece:
        try:
            with self._working:
                piece, self._first = self._first, None
                if piece is None and not self._closed:
                    piece = self._step(self._fetch) if self._coming is None else self._arrived(self._coming)
                    self._ended = piece is None
                if piece is not None and not self._closed and self._goes_on(piece):
                    self._coming = _shared.threads.submit(self._step, self._fetch)
        except BaseException:
            self.close()
            raise
        if piece is None:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Cancel what is left of the query and release what it holds."""
        if self._closed:
            return
        self._closed = True
        if not self._ended:
            self._interrupt()
            while not self._working.acquire(timeout=_NAGGING):
                self._interrupt()
        else:
            self._working.acquire()
        try:
            self._drop_coming()
            self._cancellation.forget(self._nagging.begin)
            self._nagging.end()
            self._clock.stop()
            self._first = None
            self._release()
        finally:
            self._working.release()

    def __del__(self) -> None:
        self.close()

    def _make_ready(self) -> None:
        try:
            self._ready()
        except self.failures as error:
            self._cancellation.check()
            raise self._explained(error) from error

    def _arrived(self, coming: Future[_Piece | None]) -> _Piece | None:
        # Until it has ended, whoever closes must wait for it.
        self._cancellation.check()
        self._clock.check()
        try:
            return coming.result()
        finally:
            self._coming = None

    def _drop_coming(self) -> None:
        coming, self._coming = self._coming, None
        if coming is not None and not coming.cancel():
            while wait((coming,), timeout=_NAGGING).not_done:
                self._interrupt()

    def _step(self, action: Callable[[], _Result]) -> _Result | None:
        """Let the engine work, under the clock; None when the stream was closed meanwhile."""
        self._cancellation.check()
        try:
            with self._clock.running():
                return action()
        except self.failures as error:
            if self._closed:
                return None
            self._cancellation.check()
            if not self._interrupted(error):
                raise self._explained(error) from error
            if self._clock.expired:
                raise self._clock.error() from error
            raise UnavailableError("The query was interrupted because the service is stopping.") from error


class _Nagging:
    """Interrupts a query until it notices, in a thread of its own.

    One interrupt that comes between two steps of a query's start has no effect. Whoever is to begin this does not keep
    the query alive by that.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = WeakMethod(interrupt)
        self._ended = threading.Event()

    def begin(self) -> None:
        threading.Thread(target=self._nag, name="query-interrupt", daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _nag(self) -> None:
        while not self._ended.is_set() and (interrupt := self._interrupt()) is not None:
            interrupt()
            del interrupt
            self._ended.wait(_NAGGING)


class Clock:
    """Counts the time of a query from its start and calls `interrupt` when that exceeds the limit."""

    def __init__(self, interrupt: Callable[[], None], limit: float | None, count_waiting: bool) -> None:
        self._interrupt = interrupt
        self._limit = limit
        self._count_waiting = count_waiting
        self._spent = 0.0
        self._began: float | None = None
        self.expired = False

    def start(self) -> None:
        """Count from now on."""
        if self._count_waiting:
            self._began = time.monotonic()
        if self._limit is not None:
            _shared.watcher.add(self)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The time that the engine works.

        Raises
        ------
        vo.errors.TimeLimitError
            When the limit is exceeded before it begins.
        """
        self.check()
        if self._count_waiting:
            yield
            return
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - self._began
            self._began = None

    def check(self) -> None:
        """Raise the error when the limit is exceeded."""
        if self.left() <= 0:
            raise self.error()

    def stop(self) -> None:
        """Interrupt nothing any more."""
        _shared.watcher.remove(self)

    def error(self) -> TimeLimitError:
        """What is told when the limit is exceeded."""
        return TimeLimitError(
            f"The query exceeded its time limit of {self._limit:g} s.",
            hint="Narrow it, or give it more time: an asynchronous job may take as long as its EXECUTIONDURATION.",
        )

    def left(self) -> float:
        """Seconds until the limit, if the engine works from now on."""
        if self._limit is None:
            return float("inf")
        began = self._began
        return self._limit - self._spent - (0.0 if began is None else time.monotonic() - began)

    def expire(self) -> None:
        """Interrupt the query because its time is over."""
        self.expired = True
        self._interrupt()


class _Watcher:
    """One thread that watches all clocks."""

    def __init__(self) -> None:
        self._clocks: set[Clock] = set()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes = 0.0

    def add(self, clock: Clock) -> None:
        with self._change:
            self._clocks.add(clock)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="query-clocks", daemon=True)
                self._thread.start()
            elif time.monotonic() + clock.left() < self._wakes:
                self._change.notify()

    def remove(self, clock: Clock) -> None:
        """Forget a clock; the thread sleeps on, since the next query most often comes before it would wake."""
        with self._change:
            self._clocks.discard(clock)

    def _watch(self) -> None:
        with self._change:
            while True:
                left = {clock: clock.left() for clock in self._clocks}
                for clock in [clock for clock, seconds in left.items() if seconds <= 0]:
                    self._clocks.discard(clock)
                    del left[clock]
                    clock.expire()
                pause = max(min(left.values()), _NAGGING) if left else None
                self._wakes = float("inf") if pause is None else time.monotonic() + pause
                self._change.wait(pause)


class _Shared:
    """What the queries of one process share."""

    def __init__(self) -> None:
        self.watcher = _Watcher()
        self.threads = ThreadPoolExecutor(_AHEAD, thread_name_prefix="query-ahead")


_shared = _Shared()

os.register_at_fork(after_in_child=_shared.__init__)
