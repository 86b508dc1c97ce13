"""Clients of a service that is killed: they ask until they are answered, and never make a job twice."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tests.crash.service import TASK

__all__ = ["Client", "Wanted", "plan"]

PATIENCE = 120.0
FINAL = ("COMPLETED", "ERROR", "ABORTED")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job that a client wants.

    Parameters
    ----------
    abort_after
        Seconds after which the client stops it; None leaves it alone.
    """

    run_id: str
    seconds: float
    status: int
    abort_after: float | None

    @property
    def phases(self) -> tuple[str, ...]:
        """Phases in which it may end: what its command earns, or ABORTED where its owner was quick enough."""
        earned = "ERROR" if self.status else "COMPLETED"
        return (earned,) if self.abort_after is None else (earned, "ABORTED")


def plan(number: int, draw: random.Random, longest: float) -> list[Wanted]:
    """Jobs of which most end well, a fifth fail, and a tenth are stopped by their owner; `longest` is in seconds."""
    return [
        Wanted(
            run_id=f"wanted-{index}",
            seconds=round(draw.uniform(0, longest), 3),
            status=3 if draw.random() < 0.2 else 0,
            abort_after=draw.uniform(0, 1.3 * longest) if draw.random() < 0.1 else None,
        )
        for index in range(number)
    ]


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Client:
    """One client.

    Parameters
    ----------
    base_url
        Of the service.
    """

    def __init__(self, base_url: str) -> None:
        self._list = f"{base_url}/uws/{TASK}"
        self._opener = build_opener(_NoRedirects)

    def create(self, wanted: Wanted) -> str:
        """The URL of the job, made once however often the service dies while it is asked."""
        form = {"seconds": wanted.seconds, "status": wanted.status, "text": wanted.run_id, "RUNID": wanted.run_id}
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [item["href"] for item in self.jobs() if item.get("runId") == wanted.run_id]
            if found:
                return found[0]
            try:
                return self._ask(self._list, {**form, "PHASE": "RUN"})[1]["Location"]
            except (URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def abort(self, url: str) -> None:
        """Stop a job, if it has not ended."""
        self._until_answered(f"{url}/phase", {"PHASE": "ABORT"}, refused=(403,))

    def jobs(self) -> list[dict[str, Any]]:
        """The job list."""
        return json.loads(self._until_answered(self._list))["jobs"]

    def job(self, url: str) -> dict[str, Any]:
        """A job."""
        return json.loads(self._until_answered(url))

    def result(self, url: str) -> bytes:
        """A result."""
        return self._until_answered(url)

    def await_all(self, seconds: float) -> list[dict[str, Any]]:
        """The list, once every job in it has ended.

        Raises
        ------
        TimeoutError
            When that takes longer than so many seconds.
        """
        deadline = time.monotonic() + seconds
        while True:
            listed = self.jobs()
            waiting = [item for item in listed if item["phase"] not in FINAL]
            if not waiting:
                return listed
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} jobs have not ended, such as {waiting[:3]}")
            time.sleep(0.5)

    def _until_answered(
        self, url: str, form: dict[str, object] | None = None, *, refused: tuple[int, ...] = ()
    ) -> bytes:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._ask(url, form, refused)[0]
            except (URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _ask(self, url: str, form: dict[str, object] | None = None, refused: tuple[int, ...] = ()) -> tuple[bytes, Any]:
        body = None if form is None else urlencode(form).encode()
        request = Request(url, data=body, headers={"Accept": "application/json, text/plain;q=0.5"})
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.read(), answer.headers
        except HTTPError as error:
            with error:
                if error.code in (200, 303, *refused):
                    return error.read(), error.headers
                text = error.read().decode()
            raise AssertionError(f"{request.get_method()} {url}: {error.code} {text}") from error
