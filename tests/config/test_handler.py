"""What the service's own way from ASGI to Django promises."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from config.handler import Handler
from uws.http.departure import departure
from uws.http.streams import stream
from uws.http.waiting import Wait, wait_for
from uws.phases import Phase
from vo.cancellation import Cancellation

MEBIBYTE = 2**20


class Numbers(Iterator[bytes]):
    """Chunks that tell when they are made and closed."""

    made: list[Numbers] = []

    def __init__(self, count: int, size: int, *, fails_at: int | None = None) -> None:
        self.number = 0
        self.count, self.size, self.fails_at = count, size, fails_at
        self.closed = threading.Event()
        self.made.append(self)

    def __next__(self) -> bytes:
        if self.number == self.fails_at:
            raise ValueError("broken")
        if self.number == self.count:
            raise StopIteration
        self.number += 1
        return b"%d" % (self.number % 10) * self.size

    def close(self) -> None:
        self.closed.set()


def numbers(request: HttpRequest) -> HttpResponseBase:
    """`count` chunks of `size` bytes, of which `short` bytes are awaited."""
    given = {name: int(value) for name, value in request.GET.items()}
    short = given.pop("short", 0)
    return stream(request, Numbers(**given), content_type="text/plain", short=short)


@csrf_exempt
def thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method} {request.body.decode()} {threading.current_thread().name}")


@csrf_exempt
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("name", ""))


def waits(request: HttpRequest) -> HttpResponse:
    request.scope["calls"] = request.scope.get("calls", 0) + 1
    return wait_for(request, Wait("a", Phase.QUEUED, 20)) or HttpResponse(str(request.scope["calls"]))


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("broken")


class Working:
    """A view that works until nobody waits for it."""

    begun = threading.Event()
    ended = threading.Event()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        gone = departure(request)
        try:
            assert not gone.cancelled
            self.begun.set()
            gone.wait(60)
            gone.check()
        finally:
            self.ended.set()
        return HttpResponse("nobody went away")


def staying(request: HttpRequest) -> HttpResponse:
    departures.append(departure(request))
    return HttpResponse(str(departures[-1].cancelled))


departures: list[Cancellation] = []


urlpatterns = [
    path("numbers", numbers),
    path("thread", thread),
    path("form", form),
    path("waits", waits),
    path("broken", broken),
    path("working", Working()),
    path("staying", staying),
    path("", include("config.urls")),
]
handler404 = "web.errors.not_found"
handler500 = "web.errors.server_error"


@pytest.fixture(autouse=True)
def urls(settings) -> None:
    settings.ROOT_URLCONF = __name__
    Numbers.made.clear()
    departures.clear()
    Working.begun.clear()
    Working.ended.clear()


def scope_of(target: str, method: str = "GET", more_headers: Sequence[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    place, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": place,
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver"), *more_headers],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
    }


async def body_of(handler: Handler, target: str) -> bytes:
    """The body of the answer to a GET of a client that stays."""
    asked = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return asked.pop() if asked else await asyncio.Event().wait()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message.get("body", b""))

    await handler(scope_of(target), receive, send)
    return b"".join(sent)


def ask(
    target: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    leave_after: int | None = None,
    more_headers: Sequence[tuple[bytes, bytes]] | None = None,
) -> tuple[dict[str, Any], list[bytes]]:
    """The start of an answer and its chunks; the client goes away after `leave_after` of them.

    The length of the body is told unless there are other headers.
    """
    scope = scope_of(target, method, more_headers or [(b"content-length", str(len(body)).encode())])
    sent: list[dict[str, Any]] = []

    async def talk() -> None:
        gone = asyncio.Event()
        asked = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if asked:
                return asked.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if leave_after is not None and len(sent) > leave_after:
                gone.set()
                await asyncio.sleep(3600)

        await asyncio.wait_for(Handler()(scope, receive, send), 60)

    async_to_sync(talk)()
    assert sent[0]["type"] == "http.response.start"
    return sent[0], [message["body"] for message in sent[1:] if message.get("body")]


def headers(start: dict[str, Any]) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in start["headers"]}


def test_a_synchronous_view_runs_in_a_thread() -> None:
    start, chunks = ask("/thread", method="POST", body=b"some text")
    assert start["status"] == 200
    assert b"".join(chunks).startswith(b"POST some text http_")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (b"application/x-www-form-urlencoded", b"name=value"),
        (
            b"multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nvalue\r\n--x--\r\n',
        ),
    ],
)
def test_a_form_may_come_in_chunks(media_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", media_type), (b"transfer-encoding", b"chunked")]
    _, chunks = ask("/form", method="POST", body=body, more_headers=headers)
    assert chunks == [b"value"]


def test_a_view_that_waits_holds_no_thread_and_is_called_again(monkeypatch) -> None:
    """As many clients as there are threads and more wait at once, and others are answered meanwhile."""
    served = asyncio.Event()

    async def change(*, job_id: str, phase: Phase, seconds: float) -> None:
        assert (job_id, phase, seconds) == ("a", Phase.QUEUED, 20)
        waiting.append(job_id)
        await served.wait()

    waiting: list[str] = []
    monkeypatch.setattr("config.handler.wait_for_change", change)

    async def scenario() -> list[bytes]:
        handler = Handler()
        clients = [asyncio.create_task(body_of(handler, "/waits")) for _ in range(300)]
        while len(waiting) < len(clients):
            await asyncio.sleep(0.01)
        assert await body_of(handler, "/thread")
        served.set()
        return await asyncio.gather(*clients)

    assert asyncio.run(asyncio.wait_for(scenario(), 60)) == [b"2"] * 300


def test_a_client_that_waits_may_go_away(monkeypatch) -> None:
    async def change(**_: object) -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    ended: list[bool] = []
    monkeypatch.setattr("config.handler.wait_for_change", change)

    async def scenario() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if len(messages) == 1:
                await begun.wait()
            return messages.pop()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"", "more_body": False}]
        await asyncio.wait_for(Handler()(scope_of("/waits"), receive, send), 60)
        return sent

    begun = asyncio.Event()
    assert asyncio.run(scenario()) == []
    assert ended == [True]


def test_a_wait_that_fails_is_told_in_the_log_and_answered(monkeypatch, caplog) -> None:
    async def change(**_: object) -> None:
        raise ValueError("no database")

    monkeypatch.setattr("config.handler.wait_for_change", change)
    _, chunks = ask("/waits")
    assert chunks == [b"2"]
    assert "could not wait for job a" in caplog.text


def test_only_http_is_spoken() -> None:
    with pytest.raises(ValueError, match="not websocket"):
        asyncio.run(Handler()({"type": "websocket"}, None, None))


def test_errors_have_their_form(settings) -> None:
    assert ask("/nowhere")[0]["status"] == 404
    start, chunks = ask("/broken")
    assert start["status"] == 500
    assert b"Something went wrong here" in b"".join(chunks)


@pytest.mark.parametrize("short", [0, 10 * MEBIBYTE])
def test_a_stream_arrives_whole_and_is_closed(short: int) -> None:
    start, chunks = ask(f"/numbers?count=5&size={MEBIBYTE}&short={short}")
    assert b"".join(chunks) == b"".join(digit * MEBIBYTE for digit in (b"1", b"2", b"3", b"4", b"5"))
    assert max(map(len, chunks)) <= MEBIBYTE
    assert headers(start).get("content-length") == (str(5 * MEBIBYTE) if short else None)
    assert Numbers.made[0].closed.wait(60)


def test_what_goes_wrong_while_an_answer_is_short_has_its_status() -> None:
    assert ask("/numbers?count=5&size=10&fails_at=3&short=1000")[0]["status"] == 500
    assert Numbers.made[0].closed.is_set()


def test_what_goes_wrong_later_breaks_the_answer_off() -> None:
    with pytest.raises(ValueError, match="broken"):
        ask("/numbers?count=5&size=10&fails_at=3&short=20")
    assert Numbers.made[0].closed.wait(60)


def test_a_client_that_goes_away_is_noticed() -> None:
    _, chunks = ask(f"/numbers?count=1000000&size={MEBIBYTE}", leave_after=2)
    assert len(chunks) == 2
    assert Numbers.made[0].closed.wait(60)
    assert Numbers.made[0].number <= 3


def test_a_view_learns_that_its_client_has_gone(caplog) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/working",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
    }
    sent: list[dict[str, Any]] = []

    async def talk() -> None:
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if asked:
                return asked.pop()
            await asyncio.to_thread(Working.begun.wait, 60)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await asyncio.wait_for(Handler()(scope, receive, send), 60)

    async_to_sync(talk)()
    assert Working.ended.is_set()
    assert [message["status"] for message in sent if "status" in message] == [499]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_while_the_client_is_there_nothing_is_cancelled() -> None:
    _, chunks = ask("/staying")
    assert chunks == [b"False"]
    assert departures[0].cancelled


def test_where_the_server_tells_nothing_no_client_goes_away() -> None:
    request = RequestFactory().get("/staying")
    assert not departure(request).cancelled


def test_threads_are_one_chunk_ahead_of_a_slow_client() -> None:
    _, chunks = ask("/numbers?count=1000000&size=10", leave_after=4)
    assert Numbers.made[0].number <= len(chunks) + 2
