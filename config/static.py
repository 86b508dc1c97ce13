"""Static files over ASGI: WhiteNoise knows the files, their compressed forms and headers; this sends them.

WhiteNoise speaks WSGI, and a bridge from ASGI to WSGI runs in threads whose executors do not outlive a request, while
a kept connection carries their context on to the next one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from whitenoise import WhiteNoise

__all__ = ["StaticFiles"]

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

CHUNK = 256 * 1024
"""Bytes that are read and sent at a time."""


class StaticFiles:
    """An ASGI application for the files below `root`, each under `prefix`; they are looked up once, at the start."""

    def __init__(self, root: str, *, prefix: str, max_age: int) -> None:
        self._files = WhiteNoise(_no_application, root=root, prefix=prefix, max_age=max_age).files

    async def __call__(self, scope: Message, receive: object, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        """Send a file, a part of it, or what stands in for it."""
        file = self._files.get(scope["path"])
        if file is None:
            await _start(send, 404, [("Content-Type", "text/plain; charset=utf-8")])
            await send({"type": "http.response.body", "body": b"There is no such static file.\n"})
            return
        response = file.get_response(scope["method"], _environ(scope["headers"]))
        await _start(send, int(response.status), response.headers)
        if response.file is not None:
            with response.file as content:
                while chunk := content.read(CHUNK):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})


async def _start(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


def _environ(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Request headers under the names that WSGI gives them."""
    return {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1") for name, value in headers
    }


def _no_application(environ: object, start_response: object) -> None:
    raise NotImplementedError("Only the files of WhiteNoise are used.")
