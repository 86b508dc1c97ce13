"""Work on several pieces of an answer at once, in their order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from vo.errors import AthanorError

__all__ = ["in_order"]

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

_AT_ONCE = max(os.cpu_count() or 1, 2)


class _Shared:
    """The threads that all answers of one process share."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="writer")


_shared = _Shared()

os.register_at_fork(after_in_child=_shared.__init__)


def in_order(function: Callable[[_Given], _Made], items: Iterable[_Given]) -> Iterator[_Made]:
    """What `function` makes of each item, in their order, made by threads while the next items arrive.

    The first is made at once, where it is wanted: a short answer has no other, and a long one begins with it. As many
    are made ahead of the consumer as there are cores.

    Raises
    ------
    vo.errors.AthanorError
        What `items` raise, after all that came before it; what `function` raises.
    """
    arriving = iter(items)
    coming: deque[Future[_Made]] = deque()
    late: AthanorError | None = None
    for item in arriving:
        yield function(item)
        break
    while True:
        try:
            coming.append(_shared.threads.submit(function, next(arriving)))
        except StopIteration:
            break
        except AthanorError as error:
            late = error
            break
        if len(coming) >= _AT_ONCE:
            yield coming.popleft().result()
    while coming:
        yield coming.popleft().result()
    if late is not None:
        raise late
