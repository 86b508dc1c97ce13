"""Files over HTTP: whole or in ranges, revalidated, streamed in bounded memory (RFC 9110 §8.8, §13, §14)."""

from __future__ import annotations

import os
import secrets
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from uws.http.ranges import ByteRange, requested
from uws.http.streams import stream
from vo.errors import NotFoundError

__all__ = ["file_response"]

_CHUNK = 256 * 1024
"""Bytes that are read at a time."""

_ACTIVE = ("text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml")
"""Media types in which a browser would run scripts with the rights of this site."""


def file_response(
    request: HttpRequest, path: Path, *, media_type: str, filename: str, attachment: bool = False
) -> HttpResponseBase:
    """Answer a GET or HEAD with a file, or with the parts of it that the request asks for.

    The entity tag is strong and made of size and modification time. Preconditions are evaluated in the order of RFC
    9110 §13.2.2; a Range is heeded in GET alone (§14.2) and, with If-Range, as long as the file is the same (§13.1.5).

    Parameters
    ----------
    filename
        Name under which a browser saves the file.
    attachment
        Whether a browser should save the file rather than show it.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such file.
    vo.errors.RangeError
        When none of the bytes that were asked for lie in the file.
    """
    file = _File(path)
    try:
        response = _answer(request, file, media_type)
    except BaseException:
        file.close()
        raise
    if not response.streaming:
        file.close()
    for name, value in file.validators.items():
        response.headers[name] = value
    if response.status_code in (200, 206):
        response.headers["Accept-Ranges"] = "bytes"
        response.headers["Content-Disposition"] = content_disposition_header(attachment, filename)
        if media_type.partition(";")[0].strip().lower() in _ACTIVE:
            response.headers["Content-Security-Policy"] = "sandbox"
    return response


def _answer(request: HttpRequest, file: _File, media_type: str) -> HttpResponseBase:
    refusal = get_conditional_response(request, etag=file.etag, last_modified=int(file.modified))
    if refusal is not None:
        return refusal
    if request.method == "HEAD":
        return HttpResponse(content_type=media_type, headers={"Content-Length": str(file.size)})
    parts = requested(request.headers["Range"], file.size) if _heeds_range(request, file) else []
    if len(parts) > 1:
        return _multipart(request, file, parts, media_type)
    part = parts[0] if parts else ByteRange(0, file.size - 1, file.size)
    chunks = _Chunks(file, [(b"", part)])
    response = stream(request, chunks, content_type=media_type, status=206 if parts else 200)
    response.headers["Content-Length"] = str(chunks.length)
    if parts:
        response.headers["Content-Range"] = part.content_range
    return response


def _multipart(request: HttpRequest, file: _File, parts: Sequence[ByteRange], media_type: str) -> HttpResponseBase:
    """Several ranges as one body (§14.6)."""
    boundary = secrets.token_hex(16)
    pieces = [
        (
            f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {part.content_range}\r\n\r\n".encode(),
            part,
        )
        for part in parts
    ]
    chunks = _Chunks(file, pieces, end=f"\r\n--{boundary}--\r\n".encode())
    content_type = f"multipart/byteranges; boundary={boundary}"
    response = stream(request, chunks, content_type=content_type, status=206)
    response.headers["Content-Length"] = str(chunks.length)
    return response


def _heeds_range(request: HttpRequest, file: _File) -> bool:
    if request.method != "GET" or "Range" not in request.headers:
        return False
    condition = request.headers.get("If-Range")
    if condition is None or condition == file.etag:
        return True
    # A date is a strong validator only when the file cannot have changed again within its second (§8.8.2.2).
    return parse_http_date_safe(condition) == int(file.modified) and time.time() - file.modified >= 1


class _File:
    """An open file and what identifies its content."""

    def __init__(self, path: Path) -> None:
        self.descriptor = -1
        try:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError("The file is no longer there.") from error
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotFoundError("There is no such file.")
        self.size = status.st_size
        self.modified = status.st_mtime
        self.etag = f'"{status.st_size:x}-{status.st_mtime_ns:x}"'

    @property
    def validators(self) -> dict[str, str]:
        """The headers by which clients revalidate their copy; they must, since rights to a file may change."""
        return {
            "ETag": self.etag,
            "Last-Modified": http_date(self.modified),
            "Cache-Control": "private, no-cache",
        }

    def close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class _Chunks(Iterator[bytes]):
    """The bytes of an answer: for each piece its head and then its range of the file, and an end."""

    def __init__(self, file: _File, pieces: Sequence[tuple[bytes, ByteRange]], *, end: bytes = b"") -> None:
        self._file = file
        self._reading = threading.Lock()
        self._chunks = _read(file, pieces, end)
        self.length = sum(len(head) + part.length for head, part in pieces) + len(end)

    def __next__(self) -> bytes:
        with self._reading:
            return next(self._chunks)

    def close(self) -> None:
        with self._reading:
            self._chunks.close()
            self._file.close()


def _read(file: _File, pieces: Sequence[tuple[bytes, ByteRange]], end: bytes) -> Iterator[bytes]:
    for head, part in pieces:
        if head:
            yield head
        place = part.first
        while place <= part.last:
            chunk = os.pread(file.descriptor, min(_CHUNK, part.last + 1 - place), place)
            if not chunk:
                raise OSError("The file became shorter while it was being sent.")
            place += len(chunk)
            yield chunk
    if end:
        yield end
