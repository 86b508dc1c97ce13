"""WAIT with several web servers and several engines: whoever changes the phase, everybody who waits hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.ports import free_port
from tests.stack import Stack
from uws.testing import parse

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

QUERY = "SELECT COUNT(*) AS n FROM tap_schema.columns"
ENDLESS = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(7))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two web servers with one engine each, all on one state directory; the addresses of the servers."""
    first = Stack(tmp_path_factory.mktemp("athanor"))
    second = Stack(first.home)
    second.port = free_port()
    second.base_url = f"http://127.0.0.1:{second.port}"
    second.environment["PORT"] = str(second.port)
    try:
        first.start()
        second.start_engine()
        second.start_web()
        yield first.base_url, second.base_url
    finally:
        second.stop()
        first.stop()


def make(base_url: str, query: str, **controls: str) -> str:
    """The path of a new job."""
    data = {"LANG": "ADQL", "QUERY": query, **controls}
    answer = requests.post(f"{base_url}/tap/async", data=data, timeout=60, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return urlsplit(answer.headers["Location"]).path


def wait(base_url: str, path: str, phase: str = "") -> str:
    """The phase that a waiting client is told."""
    answer = requests.get(f"{base_url}{path}", params={"WAIT": "50", **({"PHASE": phase} if phase else {})}, timeout=90)
    return parse(answer.content).findtext("phase")


def follow(base_url: str, path: str) -> list[str]:
    """Every phase that is told to a client that asks again until the job has ended."""
    told = [wait(base_url, path, "PENDING")]
    while told[-1] in ("PENDING", "QUEUED", "EXECUTING"):
        told.append(wait(base_url, path, told[-1]))
    return told


def test_each_server_tells_what_the_other_was_asked(pair: tuple[str, str]) -> None:
    paths = [make(pair[number % 2], QUERY) for number in range(6)]
    with ThreadPoolExecutor(12) as threads:
        told = [threads.submit(follow, server, path) for path in paths for server in pair]
        for number, path in enumerate(paths):
            server = pair[(number + 1) % 2]
            answer = requests.post(f"{server}{path}/phase", data={"PHASE": "RUN"}, timeout=60, allow_redirects=False)
            assert answer.status_code == 303
        assert [future.result()[-1] for future in told] == ["COMPLETED"] * 12


def test_an_abort_through_the_other_server(pair: tuple[str, str]) -> None:
    here, there = pair
    path = make(here, ENDLESS, PHASE="RUN")
    while wait(here, path) != "EXECUTING":
        pass
    with ThreadPoolExecutor(1) as threads:
        told = threads.submit(wait, here, path, "EXECUTING")
        answer = requests.post(f"{there}{path}", data={"PHASE": "ABORT"}, timeout=60, allow_redirects=False)
        assert answer.status_code == 303
        assert told.result() == "ABORTED"


def test_a_deletion_through_the_other_server(pair: tuple[str, str]) -> None:
    here, there = pair
    path = make(here, QUERY)
    with ThreadPoolExecutor(1) as threads:
        told = threads.submit(requests.get, f"{here}{path}?WAIT=50", timeout=90)
        assert requests.delete(f"{there}{path}", timeout=60, allow_redirects=False).status_code == 303
        assert told.result().status_code == 404
