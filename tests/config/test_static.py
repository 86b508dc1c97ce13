"""Static files over ASGI: whole, compressed, in part, unchanged, missing."""

from __future__ import annotations

import gzip

import pytest
from asgiref.sync import async_to_sync

from config.static import StaticFiles

CSS = b"body { color: black }\n" * 50_000


@pytest.fixture
def files(tmp_path):
    (tmp_path / "look.css").write_bytes(CSS)
    (tmp_path / "look.css.gz").write_bytes(gzip.compress(CSS))
    return StaticFiles(str(tmp_path), prefix="/static/", max_age=60)


def ask(files, path, method="GET", **headers):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    async_to_sync(files)(scope, None, send)
    assert [message["type"] for message in sent][:2] == ["http.response.start", "http.response.body"]
    assert not sent[-1].get("more_body")
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body


def test_whole(files):
    status, headers, body = ask(files, "/static/look.css")
    assert (status, body) == (200, CSS)
    assert headers["content-type"] == 'text/css; charset="utf-8"'
    assert headers["content-length"] == str(len(CSS))
    assert headers["cache-control"] == "max-age=60, public"


def test_compressed(files):
    status, headers, body = ask(files, "/static/look.css", accept_encoding="br, gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(body) == CSS


def test_head(files):
    status, headers, body = ask(files, "/static/look.css", method="HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(CSS)), b"")


def test_part(files):
    status, headers, body = ask(files, "/static/look.css", range="bytes=5-9")
    assert (status, headers["content-range"], body) == (206, f"bytes 5-9/{len(CSS)}", CSS[5:10])


def test_unchanged(files):
    _, headers, _ = ask(files, "/static/look.css")
    status, _, body = ask(files, "/static/look.css", if_none_match=headers["etag"])
    assert (status, body) == (304, b"")


@pytest.mark.parametrize("path", ["/static/none.css", "/static/../secret", "/static/"])
def test_missing(files, path):
    assert ask(files, path)[0] == 404


def test_unknown_method(files):
    assert ask(files, "/static/look.css", method="POST")[0] == 405
