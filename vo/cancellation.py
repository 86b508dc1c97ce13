"""How work learns that nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vo.errors import CancellationError

__all__ = ["Cancellation"]


class Cancellation:
    """Whether some work is to stop: whoever asks for the work hands it on, and may cancel it at any moment.

    All methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: list[Callable[[], object]] = []
        # The garbage collector may close what is registered here while this thread has the lock.
        self._lock = threading.RLock()

    @property
    def cancelled(self) -> bool:
        """Whether the work is to stop."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; all callbacks are called once, in this thread."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Stop the work, if it is to stop.

        Raises
        ------
        vo.errors.CancellationError
            When it was cancelled.
        """
        if self.cancelled:
            raise CancellationError

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the work is to stop, or so many seconds; whether it is."""
        return self._event.wait(seconds)

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the work is to stop, at once if that is so already; it must not take long."""
        with self._lock:
            if not self.cancelled:
                self._callbacks.append(callback)
                return
        callback()

    def forget(self, callback: Callable[[], object]) -> None:
        """Call `callback` no more; nothing happens if it was called or never registered."""
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    @contextmanager
    def calling(self, callback: Callable[[], object]) -> Iterator[None]:
        """Have `callback` called as `on_cancel` does, if the work is cancelled by the end of the context."""
        self.on_cancel(callback)
        try:
            yield
        finally:
            self.forget(callback)
