"""Files over HTTP, rule by rule of RFC 9110."""

from __future__ import annotations

import asyncio
import os
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncRequestFactory, RequestFactory
from django.utils.http import http_date

from uws.http.files import file_response
from vo.errors import NotFoundError, RangeError

CONTENT = bytes(range(256)) * 4
MODIFIED = 1_600_000_000
ETAG = f'"{len(CONTENT):x}-{MODIFIED * 10**9:x}"'
SIZE = len(CONTENT)


@pytest.fixture(autouse=True)
def _connections_stay() -> Iterator[None]:
    """A response that is closed would close the database's connection too, which these tests may not touch."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "spectrum.fits"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(MODIFIED * 10**9, MODIFIED * 10**9))
    return path


def answer(path: Path, headers: dict[str, str] | None = None, *, method: str = "GET", **options) -> HttpResponseBase:
    request = RequestFactory().generic(method, "/x", headers=headers or {})
    return file_response(request, path, **{"media_type": "application/fits", "filename": "spectrum.fits", **options})


def body(response: HttpResponseBase) -> bytes:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return content


def test_whole_file(path: Path):
    response = answer(path)
    assert response.status_code == 200
    assert body(response) == CONTENT
    assert dict(response.headers) == {
        "Content-Type": "application/fits",
        "Content-Length": str(SIZE),
        "ETag": ETAG,
        "Last-Modified": "Sun, 13 Sep 2020 12:26:40 GMT",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Disposition": 'inline; filename="spectrum.fits"',
    }


SINGLE = [
    # what is asked, first and last byte
    ("bytes=0-0", 0, 0),
    ("bytes=0-99", 0, 99),
    ("bytes=100-", 100, SIZE - 1),
    ("bytes=-1", SIZE - 1, SIZE - 1),
    ("bytes=-100", SIZE - 100, SIZE - 1),
    ("bytes=-9999", 0, SIZE - 1),
    ("bytes=1000-99999", 1000, SIZE - 1),
    ("bytes=1023-1023", 1023, 1023),
    ("BYTES=0-9", 0, 9),
    ("bytes= 5-9", 5, 9),
    ("bytes=,5-9 ,", 5, 9),
    # of several ranges one is satisfiable: a single part (§15.3.7.2)
    ("bytes=0-9,5000-", 0, 9),
    ("bytes=-0,0-9", 0, 9),
]


@pytest.mark.parametrize(("header", "first", "last"), SINGLE)
def test_single_range(path: Path, header: str, first: int, last: int):
    response = answer(path, {"Range": header})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last - first + 1)
    assert response["Content-Type"] == "application/fits"
    assert response["ETag"] == ETAG
    assert body(response) == CONTENT[first : last + 1]


IGNORED = [
    "items=0-9",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=a-b",
    "bytes=9-5",
    "bytes=5",
    "bytes=--5",
    "bytes=1-2-3",
    "bytes=0-9,x",
    "bytes=0x0-0x9",
    "bytes=٣-٥".encode().decode("latin-1"),
    "bytes=0-" + "9" * 5000,
    # more bytes than the file has, or too many ranges (§14.2 allows to ignore them)
    "bytes=0-,0-",
    "bytes=" + ",".join(f"{i}-{i}" for i in range(65)),
]


@pytest.mark.parametrize("header", IGNORED)
def test_ranges_that_are_ignored(path: Path, header: str):
    response = answer(path, {"Range": header})
    assert response.status_code == 200
    assert "Content-Range" not in response
    assert body(response) == CONTENT


@pytest.mark.parametrize(
    "header", ["bytes=1024-", "bytes=1024-1024", "bytes=-0", "bytes=5000-6000,7000-", "bytes=9999-"]
)
def test_ranges_outside_the_file(path: Path, header: str):
    with pytest.raises(RangeError) as caught:
        answer(path, {"Range": header})
    assert caught.value.size == SIZE
    assert caught.value.status == 416


def test_several_ranges(path: Path):
    response = answer(path, {"Range": "bytes=500-509, 0-1, -3"})
    assert response.status_code == 206
    assert "Content-Range" not in response
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", response["Content-Type"])[1]
    content = body(response)
    assert len(content) == int(response["Content-Length"])
    expected = (
        b"".join(
            b"\r\n--"
            + boundary.encode()
            + b"\r\nContent-Type: application/fits\r\nContent-Range: bytes "
            + place.encode()
            + b"/1024\r\n\r\n"
            + data
            for place, data in [
                ("500-509", CONTENT[500:510]),
                ("0-1", CONTENT[:2]),
                ("1021-1023", CONTENT[1021:]),
            ]
        )
        + b"\r\n--"
        + boundary.encode()
        + b"--\r\n"
    )
    assert content == expected


CONDITIONS = [
    # headers, status
    ({"If-None-Match": ETAG}, 304),
    ({"If-None-Match": f"W/{ETAG}"}, 304),
    ({"If-None-Match": f'"other", {ETAG}'}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"other"'}, 200),
    ({"If-None-Match": '"other"', "If-Modified-Since": http_date(MODIFIED)}, 200),
    ({"If-Modified-Since": http_date(MODIFIED)}, 304),
    ({"If-Modified-Since": http_date(MODIFIED - 1)}, 200),
    ({"If-Modified-Since": "yesterday"}, 200),
    ({"If-Match": ETAG}, 200),
    ({"If-Match": f"W/{ETAG}"}, 412),
    ({"If-Match": '"other"'}, 412),
    ({"If-Match": "*"}, 200),
    ({"If-Unmodified-Since": http_date(MODIFIED)}, 200),
    ({"If-Unmodified-Since": http_date(MODIFIED - 1)}, 412),
    ({"If-None-Match": ETAG, "Range": "bytes=0-9"}, 304),
    ({"If-Match": '"other"', "Range": "bytes=0-9"}, 412),
    ({"If-Match": ETAG, "Range": "bytes=0-9"}, 206),
    # If-Range: the strong tag or the exact date of the file, else the whole of it
    ({"Range": "bytes=0-9", "If-Range": ETAG}, 206),
    ({"Range": "bytes=0-9", "If-Range": f"W/{ETAG}"}, 200),
    ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200),
    ({"Range": "bytes=0-9", "If-Range": http_date(MODIFIED)}, 206),
    ({"Range": "bytes=0-9", "If-Range": http_date(MODIFIED + 1)}, 200),
    ({"Range": "bytes=0-9", "If-Range": http_date(MODIFIED - 1)}, 200),
    ({"Range": "bytes=0-9", "If-Range": "nonsense"}, 200),
    ({"Range": "bytes=9999-", "If-Range": '"other"'}, 200),
    ({"If-Range": ETAG}, 200),
]


@pytest.mark.parametrize(("headers", "status"), CONDITIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(path: Path, headers: dict[str, str], status: int, method: str):
    response = answer(path, headers, method=method)
    if method == "HEAD" and status == 206:
        status = 200
    assert response.status_code == status
    assert response["ETag"] == ETAG
    assert response["Last-Modified"] == http_date(MODIFIED)
    if status in (304, 412):
        assert body(response) == b""


def test_a_fresh_date_is_no_strong_validator(path: Path):
    path.touch()
    date = http_date(path.stat().st_mtime)
    response = answer(path, {"Range": "bytes=0-9", "If-Range": date})
    assert response.status_code == 200
    response.close()


def test_head(path: Path):
    response = answer(path, {"Range": "bytes=0-9"}, method="HEAD")
    assert isinstance(response, HttpResponse)
    assert response.status_code == 200
    assert response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes"
    assert body(response) == b""


@pytest.mark.parametrize(
    ("header", "status"),
    [(None, 200), ("bytes=-5", 200), ("bytes=-5,0-", 200)],
)
def test_empty_file(path: Path, header: str | None, status: int):
    path.write_bytes(b"")
    response = answer(path, {"Range": header} if header else None)
    assert response.status_code == status
    assert response["Content-Length"] == "0"
    assert body(response) == b""


def test_empty_file_has_no_first_byte(path: Path):
    path.write_bytes(b"")
    with pytest.raises(RangeError):
        answer(path, {"Range": "bytes=0-"})


@pytest.mark.parametrize(
    ("filename", "attachment", "expected"),
    [
        ("a.fits", True, 'attachment; filename="a.fits"'),
        ('a "b".fits', False, 'inline; filename="a \\"b\\".fits"'),
        ("Véga.fits", True, "attachment; filename*=utf-8''V%C3%A9ga.fits"),
    ],
)
def test_filename(path: Path, filename: str, attachment: bool, expected: str):
    response = answer(path, filename=filename, attachment=attachment)
    assert response["Content-Disposition"] == expected
    response.close()


@pytest.mark.parametrize(
    ("media_type", "sandboxed"),
    [("text/html; charset=utf-8", True), ("image/svg+xml", True), ("image/png", False), ("text/plain", False)],
)
def test_scripts_in_files_do_not_run(path: Path, media_type: str, sandboxed: bool):
    response = answer(path, media_type=media_type)
    assert response.get("Content-Security-Policy") == ("sandbox" if sandboxed else None)
    response.close()


def test_missing_file(tmp_path: Path):
    for path in (tmp_path / "none.fits", tmp_path, tmp_path / "none.fits" / "below"):
        with pytest.raises(NotFoundError):
            answer(path)


def test_descriptors_are_closed(path: Path):
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    body(answer(path))
    answer(path).close()
    answer(path, method="HEAD").close()
    body(answer(path, {"If-None-Match": ETAG}))
    with pytest.raises(RangeError):
        answer(path, {"Range": "bytes=9999-"})
    unread = answer(path)
    del unread
    assert descriptors() == before


def test_memory_is_bounded(path: Path):
    size = 64 * 2**20
    with path.open("wb") as file:
        file.truncate(size)
    response = answer(path)
    tracemalloc.start()
    try:
        total = sum(len(chunk) for chunk in response.streaming_content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        response.close()
    assert total == size
    assert peak < 2 * 2**20


def test_file_that_shrinks_is_noticed(path: Path):
    response = answer(path)
    path.write_bytes(b"short")
    with pytest.raises(OSError, match="became shorter"):
        body(response)
    response.close()


def test_under_asgi(path: Path):
    request = AsyncRequestFactory().get("/x", headers={"Range": "bytes=10-19,30-39"})
    response = file_response(request, path, media_type="application/fits", filename="spectrum.fits")
    assert response.is_async

    async def read() -> bytes:
        return b"".join([chunk async for chunk in response.streaming_content])

    content = asyncio.run(read())
    assert len(content) == int(response["Content-Length"])
    assert CONTENT[10:20] in content
    assert CONTENT[30:40] in content
