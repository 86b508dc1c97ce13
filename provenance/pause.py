"""A pause of Python's search for cycles, while many objects are made that are in none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_collection"]

_lock = threading.Lock()
_paused = 0
_was_enabled = True


@contextmanager
def without_collection() -> Iterator[None]:
    """Not to look for cycles meanwhile, in any thread: for a graph of 100,000 relations that takes as long as the rest.

    What goes out of use is freed as ever, since that takes no search.
    """
    global _paused, _was_enabled  # noqa: PLW0603 - the collector is one for the whole process
    with _lock:
        if _paused == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _paused += 1
    try:
        yield
    finally:
        with _lock:
            _paused -= 1
            if _paused == 0 and _was_enabled:
                gc.enable()
