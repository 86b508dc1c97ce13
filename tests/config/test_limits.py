"""Bodies that are too large end before anything is kept of them."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from config.limits import BodyLimit

LIMIT, TABLES, OTHER_LIMIT = 1000, 500, 100


async def reading(scope, receive, send):
    """Read the whole body and answer with its length, as Django does; answer nothing to a client that has gone."""
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


def ask(path: str, chunks: list[bytes], headers: list[tuple[bytes, bytes]] | None = None) -> tuple[int, bytes, int]:
    """Status, body, and how many chunks were read."""
    waiting = list(chunks)
    sent = []

    async def receive():
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    limited = BodyLimit(reading, limits={"/uws/": LIMIT, "/tap/": TABLES}, other_limit=OTHER_LIMIT)
    async_to_sync(limited)({"type": "http", "path": path, "headers": headers or []}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], sent[1]["body"], len(chunks) - len(waiting)


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/uws/evselect", 1000, 200),
        ("/uws/evselect", 1001, 413),
        ("/tap/sync", 500, 200),
        ("/tap/sync", 501, 413),
        ("/api/v1/", 100, 200),
        ("/api/v1/", 101, 413),
        ("/uwsnothing", 101, 413),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_a_body_beyond_the_limit_is_refused(path: str, length: int, status: int, told: bool) -> None:
    headers = [(b"content-length", str(length).encode())] if told else [(b"transfer-encoding", b"chunked")]
    answer, body, _ = ask(path, [b"x" * length], headers)
    assert answer == status
    assert body == (str(length).encode() if status == 200 else body)
    assert status == 200 or b"larger than the" in body


def test_reading_stops_at_the_limit() -> None:
    status, _, read = ask("/uws/evselect", [b"x" * 400] * 100)
    assert (status, read) == (413, 3)


def test_a_told_length_is_refused_before_reading() -> None:
    status, body, read = ask("/uws/evselect", [b"x"], [(b"content-length", b"5000")])
    assert (status, read) == (413, 0)
    assert body == b"The body of the request is larger than the 1000 bytes that are taken here.\n"
