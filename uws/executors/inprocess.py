"""Runs Python functions in threads of the engine: asynchronous queries, which a process each would slow down."""

from __future__ import annotations

import importlib
import logging
import secrets
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uws.executors.base import Executor, Exit, Progress, Run, State, Status, Task
from uws.runner_results import digest
from uws.times import format_time, now
from vo.cancellation import Cancellation
from vo.errors import AthanorError, QueryError, TimeLimitError

__all__ = ["InProcessContext", "InProcessExecutor", "Produced"]

logger = logging.getLogger("athanor.engine")

PATIENCE = 10.0
"""Seconds after which a cancelled function that does not return is left alone."""


@dataclass(frozen=True, slots=True)
class Produced:
    """A file that an in-process task has written; `path` lies in the context's work directory."""

    name: str
    path: Path
    media_type: str
    role: str = ""
    product_type: str = ""


class InProcessContext:
    """What an in-process task is called with.

    Parameters
    ----------
    job_id
        The job's; empty where there is none.
    parameters
        Name → values.
    workdir
        The job's directory; files that came with the request are below ``uploads/``.
    time_limit
        Seconds that the task may take; None means no limit.

    Attributes
    ----------
    cancellation
        Tells when the task is to stop; a task that takes long hands it on to what it waits for.
    """

    def __init__(
        self,
        *,
        parameters: dict[str, list[str]],
        workdir: Path,
        base_url: str,
        user_id: int | None,
        time_limit: float | None,
        job_id: str = "",
    ) -> None:
        self.job_id = job_id
        self.parameters = parameters
        self.workdir = workdir
        self.base_url = base_url
        self.user_id = user_id
        self.time_limit = time_limit
        self.cancellation = Cancellation()
        self.told = Progress()

    def stage(self, text: str) -> None:
        """Say what the task is doing."""
        self.told = Progress(stage=text[:500])


@dataclass(slots=True)
class _Call:
    context: InProcessContext
    exit: Exit | None = None
    reason: str = ""
    give_up_at: float = field(default=float("inf"))


class InProcessExecutor(Executor):
    """Calls functions in threads.

    Parameters
    ----------
    slots
        Functions that run at a time.
    ended
        Called from a function's thread when it has ended.
    """

    name = "inprocess"
    keeps_time = False
    repeats = True

    def __init__(self, *, slots: int, ended: Callable[[], object]) -> None:
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="uws-inprocess")
        self._ended = ended
        self._token = secrets.token_hex(8)
        self._calls: dict[str, _Call] = {}

    def preload(self, functions: Iterable[str]) -> None:
        """Import functions in a thread now, so that the first call of each does not wait for it."""
        for function in functions:
            self._threads.submit(_preload, function)

    def submit(self, task: Task) -> dict[str, Any]:
        """Call the task's function as soon as a thread is free."""
        task.workdir.mkdir(parents=True, exist_ok=True)
        call = _Call(
            InProcessContext(
                parameters={name: list(values) for name, values in task.parameters.items()},
                workdir=task.workdir,
                base_url=task.base_url,
                user_id=task.user_id,
                time_limit=task.limits.get("wall_seconds") or None,
                job_id=task.job_id,
            )
        )
        self._calls[task.job_id] = call
        self._launch(call, task.function)
        return {"process": self._token}

    def poll(self, run: Run) -> Status:
        """See `uws.executors.base`; what another engine process called is lost with it."""
        call = self._calls.get(run.job_id)
        if call is None:
            return Status(State.LOST if run.handle else State.ABSENT)
        if call.exit is not None:
            return Status(State.ENDED, call.exit)
        if time.monotonic() >= call.give_up_at:
            return Status(State.ENDED, Exit(reason=call.reason, host=socket.gethostname()))
        return Status(State.RUNNING)

    def cancel(self, run: Run, reason: str) -> None:
        """Tell the function to stop."""
        call = self._calls.get(run.job_id)
        if call is not None and not call.reason:
            call.reason = reason
            call.give_up_at = time.monotonic() + PATIENCE
            call.context.cancellation.cancel()

    def progress(self, run: Run) -> Progress | None:
        """What the function said last."""
        call = self._calls.get(run.job_id)
        return None if call is None else call.context.told

    def forget(self, run: Run) -> None:
        """Drop the outcome."""
        self._calls.pop(run.job_id, None)

    def close(self) -> None:
        """Ask what runs to stop; it will be called again by the next engine."""
        for call in self._calls.values():
            call.context.cancellation.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _launch(self, call: _Call, function: str) -> None:
        self._threads.submit(self._work, call, function)

    def _work(self, call: _Call, function: str) -> None:
        begun, cpu = time.monotonic(), time.thread_time()
        started = format_time(now())
        try:
            produced = _load(function)(call.context)
            outcome: dict[str, Any] = {
                "reason": "exited",
                "exit_code": 0,
                "results": tuple(_result(item, call.context.workdir) for item in produced),
            }
        except Exception as error:  # noqa: BLE001 - whatever it is becomes the job's error; surprises are logged
            outcome = _failure(error, call)
        usage = {
            "cpu_seconds": round(time.thread_time() - cpu, 3),
            "wall_seconds": round(time.monotonic() - begun, 3),
        }
        call.exit = Exit(started=started, ended=format_time(now()), usage=usage, host=socket.gethostname(), **outcome)
        self._ended()


def _load(function: str) -> Callable[[InProcessContext], Sequence[Produced]]:
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)


def _preload(function: str) -> None:
    try:
        _load(function)
    except Exception:
        logger.exception("The in-process task %s cannot be imported.", function)


def _result(item: Produced, workdir: Path) -> dict[str, Any]:
    path = workdir / item.path
    size, sha256 = digest(path)
    return {
        "name": item.name,
        "path": str(path.relative_to(workdir)),
        "media_type": item.media_type,
        "size": size,
        "sha256": sha256,
        "role": item.role,
        "product_type": item.product_type,
    }


def _failure(error: Exception, call: _Call) -> dict[str, Any]:
    if call.reason:
        return {"reason": call.reason}
    if isinstance(error, TimeLimitError):
        return {"reason": "wall-limit", "message": str(error)}
    if isinstance(error, AthanorError):
        detail = error.excerpt if isinstance(error, QueryError) else ""
        return {"reason": "failed", "message": str(error), "detail": detail}
    reference = secrets.token_hex(4)
    logger.error("In-process task failed, reference %s\n%s", reference, "".join(traceback.format_exception(error)))
    return {"reason": "failed", "message": f"Something went wrong here; tell the operator the reference {reference}."}
