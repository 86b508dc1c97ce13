"""Streaming answers under ASGI without holding them in memory or blocking the event loop.

Django consumes a synchronous iterator whole before it sends the first byte under ASGI; these iterate in a thread, one
chunk ahead of the client, and close the source when the client has gone.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from uws.http.threads import in_thread

__all__ = ["stream"]

_END = object()


def stream(
    request: HttpRequest, chunks: Iterator[bytes], *, content_type: str, status: int = 200, short: int = 0
) -> HttpResponseBase:
    """Send `chunks` as they come.

    The iterator is closed when it ends, fails or the client disconnects; it must be a generator or have `close`.

    Parameters
    ----------
    short
        Bytes that are awaited before anything is sent: an answer that ends by then is sent at once, with its length,
        and what goes wrong until then is raised here.
    """
    begun, ended = _beginning(chunks, short)
    if ended:
        return HttpResponse(b"".join(begun), content_type=content_type, status=status)
    body = _Ahead(begun, chunks) if hasattr(request, "scope") else _Whole(begun, chunks)
    return StreamingHttpResponse(body, content_type=content_type, status=status)


def _beginning(chunks: Iterator[bytes], size: int) -> tuple[list[bytes], bool]:
    """The first chunks, so many that they have at least `size` bytes, and whether there are no more."""
    begun: list[bytes] = []
    try:
        while size > 0:
            chunk = next(chunks, _END)
            if chunk is _END:
                _close(chunks)
                return begun, True
            begun.append(chunk)
            size -= len(chunk)
    except BaseException:
        _close(chunks)
        raise
    return begun, False


class _Whole(Iterator[bytes]):
    """All chunks, of which some have been read already."""

    def __init__(self, begun: list[bytes], chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._all = chain(begun, chunks)

    def __next__(self) -> bytes:
        return next(self._all)

    def close(self) -> None:
        _close(self._chunks)


class _Ahead:
    """The same for an event loop: threads make the chunks, the next one while the client takes the last."""

    def __init__(self, begun: list[bytes], chunks: Iterator[bytes]) -> None:
        self._begun = begun
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        coming = self._next()
        try:
            while self._begun:
                yield self._begun.pop(0)
            while (chunk := await coming) is not _END:
                coming = self._next()
                yield chunk
        finally:
            coming.cancel()
            await in_thread(self.close)

    def close(self) -> None:
        _close(self._chunks)

    def _next(self) -> Future[Any]:
        coming = in_thread(next, self._chunks, _END)
        coming.add_done_callback(_look)
        return coming


def _look(coming: Future[Any]) -> None:
    """Nobody misses what goes wrong when the client has gone."""
    if not coming.cancelled():
        coming.exception()


def _close(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
