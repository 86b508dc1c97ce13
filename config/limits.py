"""How large a request may be, held before anything of it is kept.

Django spools a body to disk before a view can look at it; an unwanted one must end before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

__all__ = ["BodyLimit"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class BodyLimit:
    """Answers 413 in the place of `application` when a request's body is too large (RFC 9110 §15.5.14).

    Parameters
    ----------
    limits
        Bytes of a body where files are taken, by the beginning of the path.
    other_limit
        Bytes of a body elsewhere.
    """

    def __init__(self, application: Application, *, limits: Mapping[str, int], other_limit: int) -> None:
        self._application = application
        self._limits = limits
        self._other_limit = other_limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on, and count what comes."""
        path = scope["path"]
        limit = next((limit for prefix, limit in self._limits.items() if path.startswith(prefix)), self._other_limit)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit:
            await _refuse(send, limit)
            return
        counted = _Counted(receive, send, limit)
        await self._application(scope, counted.receive, counted.send)


class _Counted:
    """One request: its body counted, its answer replaced once the body is too large."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._left = limit
        self._refused = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0:
            return message
        if not self._refused:
            self._refused = True
            await _refuse(self._send, self._limit)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self._refused:
            await self._send(message)


async def _refuse(send: Send, limit: int) -> None:
    text = f"The body of the request is larger than the {limit} bytes that are taken here.\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text})
