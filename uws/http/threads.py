"""The threads of a web server process in which views run and answers are made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["in_thread"]

_Result = TypeVar("_Result")

_MOST = 200
"""Threads of one process; they are made as they are needed.

Many, since each hard query keeps one until it ends, and pages must not wait for those.
"""

_pool = ThreadPoolExecutor(_MOST, thread_name_prefix="http")


def in_thread(function: Callable[..., _Result], *arguments: Any) -> asyncio.Future[_Result]:
    """Call `function` in a thread and await what it gives.

    Cancelling the wait does not stop the call.
    """
    return asyncio.get_running_loop().run_in_executor(_pool, function, *arguments)
