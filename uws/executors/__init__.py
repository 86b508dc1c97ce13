"""What runs jobs; see `uws.executors.base` for the contract."""

from __future__ import annotations

from uws.executors.base import Executor, Exit, Progress, Run, State, Status, Task
from uws.executors.inprocess import InProcessContext, InProcessExecutor, Produced
from uws.executors.local import LocalExecutor
from uws.executors.memory import MemoryExecutor

__all__ = [
    "Executor",
    "Exit",
    "InProcessContext",
    "InProcessExecutor",
    "LocalExecutor",
    "MemoryExecutor",
    "Produced",
    "Progress",
    "Run",
    "State",
    "Status",
    "Task",
]
