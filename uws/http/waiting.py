"""WAIT: clients that wait for a change of phase, watched by one task for the whole process (UWS 1.1 §2.2.1.1).

A waiting client costs no thread: its view gives an answer that is for the server alone (`wait_for`), which waits and
then calls the view again. The phases of all awaited jobs are read by one query: at once when another process
of this machine says that it has changed a phase, else at short intervals, so a change made by any process is seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from uws.models import Job
from uws.phases import BLOCKING, Phase
from uws.wake import Ear, watcher_address

__all__ = ["MAX_WAIT", "Wait", "asked_to_wait", "has_waited", "offer_to_wait", "wait_for", "wait_for_change"]

MAX_WAIT = 60.0
"""Seconds after which the answer comes anyway; proxies and clients give up on silent connections later."""

INTERVAL = 0.1
"""Seconds between two looks at the phases when nobody speaks up."""

SETTLE = 0.25
"""Seconds for which the news that a job runs is held back: one that ends meanwhile is told of as ended.

Clients pause before they ask again; pyvo does for a second.
"""


_KEY = "athanor.wait"


@dataclass(frozen=True, slots=True)
class Wait:
    """For a change of which job's phase a client waits, and how many seconds at most."""

    job_id: str
    phase: Phase
    seconds: float


class _WaitAnswer(HttpResponse):
    """Never sent."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(status=204)
        self.wait = wait


def wait_for(request: HttpRequest, wait: Wait) -> HttpResponse | None:
    """For the view: what it must answer so that the client waits; None once it has waited.

    Under a server that does not know such answers the thread of the view waits here.
    """
    waited = getattr(request, "scope", {}).get(_KEY)
    if waited is None:
        async_to_sync(wait_for_change)(job_id=wait.job_id, phase=wait.phase, seconds=wait.seconds)
    return _WaitAnswer(wait) if waited is False else None


def offer_to_wait(scope: MutableMapping[str, Any]) -> None:
    """For the server: say of an ASGI request that it can be made to wait."""
    scope[_KEY] = False


def asked_to_wait(response: HttpResponseBase) -> Wait | None:
    """For the server: what an answer asks it to wait for."""
    return response.wait if isinstance(response, _WaitAnswer) else None


def has_waited(scope: MutableMapping[str, Any]) -> None:
    """For the server: say of an ASGI request that its time is over, before the view is called again."""
    scope[_KEY] = True


@dataclass(eq=False, slots=True)
class _Waiter:
    job_id: str
    phase: Phase
    future: asyncio.Future[None]
    settled_at: float | None = None

    def is_served(self, phase: str | None) -> bool:
        """Whether the client must be told of the phase that its job now has; None when the job is gone."""
        if phase == self.phase and self.settled_at is None:
            return False
        if phase not in BLOCKING:
            return True
        if self.settled_at is None:
            self.settled_at = time.monotonic() + SETTLE
        return time.monotonic() >= self.settled_at


class _Watcher:
    """Watches the jobs for which clients of one event loop wait; ends, its connection closed, when none does."""

    def __init__(self) -> None:
        self.waiters: set[_Waiter] = set()
        self.change = asyncio.Event()
        self.ear = Ear(watcher_address(settings.ATHANOR_HOME / "run"))
        self.task = asyncio.create_task(self._watch())

    async def wait(self, job_id: str, phase: Phase, seconds: float) -> None:
        waiter = _Waiter(job_id, phase, asyncio.get_running_loop().create_future())
        self.waiters.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter.future
        except TimeoutError:
            return
        finally:
            self.waiters.discard(waiter)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self.ear.fileno(), self._hear)
        with ThreadPoolExecutor(1, thread_name_prefix="uws-wait") as thread:
            try:
                while self.waiters:
                    self.change.clear()
                    awaited = {waiter.job_id for waiter in self.waiters}
                    phases = await loop.run_in_executor(thread, _read_phases, awaited)
                    self._serve(awaited, phases)
                    await self._pause()
            except Exception as error:
                for waiter in self.waiters:
                    _fail(waiter, error)
                raise
            finally:
                del _watchers[loop]
                loop.remove_reader(self.ear.fileno())
                self.ear.close()
                thread.submit(connection.close)

    def _hear(self) -> None:
        self.ear.drain()
        self.change.set()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL):
                await self.change.wait()

    def _serve(self, awaited: Collection[str], phases: dict[str, str]) -> None:
        for waiter in self.waiters:
            known = waiter.job_id in awaited and not waiter.future.done()
            if known and waiter.is_served(phases.get(waiter.job_id)):
                waiter.future.set_result(None)


_watchers: dict[asyncio.AbstractEventLoop, _Watcher] = {}


async def wait_for_change(*, job_id: str, phase: Phase, seconds: float) -> None:
    """Return when the job is no longer in `phase`, or after so many seconds, at most `MAX_WAIT`."""
    loop = asyncio.get_running_loop()
    if loop not in _watchers:
        _watchers[loop] = _Watcher()
    await _watchers[loop].wait(job_id, phase, min(seconds, MAX_WAIT))


def _read_phases(job_ids: Collection[str]) -> dict[str, str]:
    return dict(Job.objects.filter(pk__in=job_ids, deleted=False).values_list("pk", "phase"))


def _fail(waiter: _Waiter, error: Exception) -> None:
    if not waiter.future.done():
        waiter.future.set_exception(error)
