"""Ten thousand hostile requests: no 5xx, no hang, no growth of memory or connections, and the service goes on."""

from __future__ import annotations

import http.client
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.e2e.hostile import Attack, attacks
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

COUNT = 10_000
CLIENTS = 6
PATIENCE = 60
"""Seconds within which each request must be answered."""

WARMING = 1_500
"""Requests after which memory is looked at for the first time."""

GROWTH = 120 * 2**20
"""Bytes that the web server may hold more after the rest than after the first ones, mostly for its engine's buffers."""


@pytest.fixture(params=["duckdb", "postgresql"])
def besieged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """A service of its own on each engine, with a short limit on the time of queries."""
    service = Stack(tmp_path, "" if request.param == "duckdb" else request.getfixturevalue("postgresql_url"))
    service.environment["ATHANOR_SYNC_TIME_LIMIT"] = "2"
    try:
        service.start()
        service.ingest_simulated()
        yield service
    finally:
        service.stop()


def test_ten_thousand_hostile_requests(besieged: Stack) -> None:
    every = list(attacks(seed=2026, count=COUNT))
    statuses: Counter[int] = Counter()
    failures: list[str] = []

    def send(attack: Attack) -> None:
        try:
            status = _send(besieged.port, attack)
        except TimeoutError:
            failures.append(f"no answer: {attack}"[:3000])
            return
        statuses[status] += 1
        if status >= 500:
            failures.append(f"{status}: {attack}"[:3000])

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, every[:WARMING]))
        before = _memory(besieged)
        list(pool.map(send, every[WARMING:]))
    assert not failures, f"{len(failures)} of {COUNT}, the first ones:\n" + "\n".join(failures[:10])
    assert statuses[200] > COUNT / 100, statuses
    assert statuses[400] > COUNT / 4, statuses
    _answers(besieged)
    assert _connections_left(besieged) <= 2
    assert _memory(besieged) - before < GROWTH
    assert "Traceback" not in besieged.logs()


def _send(port: int, attack: Attack) -> int:
    """The status of the answer, or 0 where none need come."""
    if attack.raw:
        return _send_raw(port, attack.raw)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(attack.method, attack.path, attack.body or None, attack.headers)
        answer = connection.getresponse()
        if attack.cut:
            answer.read(attack.cut)
        else:
            answer.read()
        return answer.status
    except (ConnectionError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _send_raw(port: int, raw: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(64)
        except ConnectionError:
            return 0
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def _answers(stack: Stack) -> None:
    query = {"LANG": "ADQL", "QUERY": "SELECT count(*) AS n FROM ivoa.obscore", "RESPONSEFORMAT": "csv"}
    answer = requests.get(f"{stack.base_url}/tap/sync", params=query, timeout=PATIENCE)
    assert answer.status_code == 200
    assert int(answer.text.split()[1]) > 0


def _memory(stack: Stack) -> int:
    """Resident bytes of the web server."""
    for line in Path(f"/proc/{stack.web.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def _connections_left(stack: Stack) -> int:
    """Connections that the server still holds after the clients have gone, when it has had time to see that."""
    end = time.monotonic() + PATIENCE
    while (held := _sockets(stack)) > 2 and time.monotonic() < end:
        time.sleep(0.5)
    return held


def _sockets(stack: Stack) -> int:
    """Established or half-closed TCP connections at the server's port."""
    states = {"01", "08"}
    local = f":{stack.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(local) and row[3] in states for row in rows)
