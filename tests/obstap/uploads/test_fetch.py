"""Tables from other hosts: where they may come from, and how much of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from obstap.uploads import fetch as fetching
from obstap.uploads.fetch import fetch
from vo.errors import ParameterError


class Answers(BaseHTTPRequestHandler):
    """What another host sends."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "to":
            self.send_response(302)
            self.send_header("Location", unquote(rest).replace("|", "/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * int(rest or 0)
        self.send_response(200 if kind != "404" else 404)
        if kind == "gzip":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hosts(port: int) -> list[str]:
    return [f"127.0.0.1:{port}"]


def refusal(url: str, hosts: list[str], limit: int = 1000) -> str:
    with pytest.raises(ParameterError) as caught:
        fetch(url, hosts=hosts, limit=limit)
    assert caught.value.parameter == "UPLOAD"
    return str(caught.value)


def test_a_table_comes(port: int, hosts: list[str]) -> None:
    with fetch(f"http://127.0.0.1:{port}/some/1000", hosts=hosts, limit=1000) as file:
        assert file.read() == b"x" * 1000


def test_redirects_within_the_listed_hosts(port: int, hosts: list[str]) -> None:
    for target in ("/some/3", f"http:||127.0.0.1:{port}|some|3"):
        with fetch(f"http://127.0.0.1:{port}/to/{target}", hosts=hosts, limit=1000) as file:
            assert file.read() == b"xxx"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("some/1001", "has more than the 1,000 bytes that are allowed."),
        ("404", "answers 404 Not Found."),
        ("gzip/10", "sends a compressed table; only plain ones are read."),
        ("to/http:||localhost:{port}|some|3", "tables are not fetched from localhost:"),
        ("to/file:||etc|passwd", "'file://etc/passwd' is no URL from which a table can be fetched."),
        ("to/to", "leads on and on; give the address of the table itself."),
    ],
)
def test_what_is_not_taken(port: int, hosts: list[str], path: str, message: str) -> None:
    assert message in refusal(f"http://127.0.0.1:{port}/{path.format(port=port)}", hosts)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{other}/",
        "http://127.0.0.1.example:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ],
)
def test_hosts_that_are_not_listed(port: int, hosts: list[str], url: str) -> None:
    Answers.asked.clear()
    message = refusal(url.format(port=port, other=port + 1), hosts)
    assert "tables are not fetched from" in message
    assert f"They may come from 127.0.0.1:{port}, and from this service itself." in message
    assert Answers.asked == []


@pytest.mark.parametrize("url", ["http://user:secret@127.0.0.1/", "http:///x", "http://[::1/", "http://127.0.0.1:x/"])
def test_what_is_no_url(url: str) -> None:
    assert "is no URL" in refusal(url, ["127.0.0.1"])


def test_nothing_is_fetched_where_no_host_is_listed() -> None:
    message = refusal("http://data.example.org/t.vot", [])
    assert message == (
        "UPLOAD: tables are not fetched from data.example.org. Of tables behind URLs, this service takes its own"
        " results and files alone. Or send the table with the request, as param:<part>."
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_names_that_lead_inside(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(
        fetching.socket, "getaddrinfo", lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", (address, 80))]
    )
    message = refusal("http://data.example.org/t.vot", ["data.example.org"])
    assert message == "UPLOAD: data.example.org has an address that is not public; tables are not fetched from there."


def test_a_name_that_changes_its_address(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    asked = []

    def changing(host, *arguments, **options):
        asked.append(host)
        if len(asked) == 1:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]
        return resolve("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(fetching.socket, "getaddrinfo", changing)
    Answers.asked.clear()
    message = refusal(f"http://data.example.org:{port}/some/3", [f"data.example.org:{port}"])
    assert Answers.asked == []
    assert message.endswith("has an address that is not public; tables are not fetched from there.")


def test_a_host_that_does_not_answer(hosts: list[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free = unused.getsockname()[1]
        message = refusal(f"http://127.0.0.1:{free}/t", [f"127.0.0.1:{free}"])
    assert message.endswith("cannot be fetched (ConnectionError).")
