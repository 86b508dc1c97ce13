"""Streaming answers under ASGI without holding them in memory or blocking the event loop.

Django consumes a synchronous iterator whole before it sends the first byte under ASGI; these
iterate in a thread, one chunk ahead of nothing, and close the source when the client has gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse

__all__ = ["stream"]

_END = object()


def stream(
    request: HttpRequest, chunks: Iterator[bytes], *, content_type: str, status: int = 200
) -> StreamingHttpResponse:
    """Send `chunks` as they come.

    The iterator is closed when it ends, fails or the client disconnects; it must be a generator or have `close`.
    """
    body = _in_thread(chunks) if hasattr(request, "scope") else chunks
    return StreamingHttpResponse(body, content_type=content_type, status=status)


async def _in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    step = sync_to_async(next, thread_sensitive=False)
    try:
        while (chunk := await step(chunks, _END)) is not _END:
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            await sync_to_async(close, thread_sensitive=False)()
