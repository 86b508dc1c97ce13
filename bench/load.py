"""Ask a TAP service for cones from several clients at once and print what that took, as JSON: a process of its own.

    python -m bench.load PORT CLIENTS SECONDS [--new]

Bare sockets: the client shares the machine with the server and must cost next to nothing. With ``--new`` each request
makes its own connection.
"""

from __future__ import annotations

import argparse
import json
import socket
import threading
import time
from statistics import median, quantiles
from urllib.parse import urlencode

from bench.obscore_rows import positions

CONE = (
    "SELECT TOP 100 * FROM ivoa.obscore WHERE 1 = "
    "CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', {lon!r}, {lat!r}, 1))"
)
"""The query: at most 100 rows with all columns around a position, in degrees."""

POSITIONS = 3_000
PIECE = 2**18


class Client:
    """One client of the service.

    Parameters
    ----------
    keeps
        Whether it keeps its connection.
    """

    def __init__(self, port: int, *, keeps: bool) -> None:
        self._port = port
        self._keeps = keeps
        self._socket: socket.socket | None = None

    def ask(self, target: str) -> bytes:
        """The body of the answer to a GET, which must be 200."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=120)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = "" if self._keeps else "Connection: close\r\n"
        self._socket.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{end}\r\n".encode())
        received = self._receive(b"")
        while b"\r\n\r\n" not in received:
            received = self._receive(received)
        head, _, body = received.partition(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise SystemExit(f"{head.decode()}\n{body[:1000].decode()}")
        _, told, length = head.lower().partition(b"content-length: ")
        if told:
            missing = int(length.split(b"\r\n")[0])
            while len(body) < missing:
                body = self._receive(body)
        else:
            while not body.endswith(b"0\r\n\r\n"):
                body = self._receive(body)
        if not self._keeps:
            self.close()
        return body

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _receive(self, before: bytes) -> bytes:
        piece = self._socket.recv(PIECE)
        if not piece:
            raise SystemExit("The service closed the connection within an answer.")
        return before + piece


def targets() -> list[str]:
    """Paths of requests for cones, all over the sky."""
    places = positions(25 * POSITIONS)[::25].tolist()
    asked = {"REQUEST": "doQuery", "LANG": "ADQL"}
    return [f"/tap/sync?{urlencode({**asked, 'QUERY': CONE.format(lon=lon, lat=lat)})}" for lon, lat in places]


def work(client: Client, paths: list[str], deadline: float, times: list[float]) -> None:
    """Ask one after the other until the time is over; what each took is appended to `times`, in seconds."""
    number = 0
    while time.monotonic() < deadline:
        began = time.perf_counter()
        client.ask(paths[number % len(paths)])
        times.append(time.perf_counter() - began)
        number += 1
    client.close()


def measure(port: int, clients: int, seconds: float, *, keeps: bool) -> dict[str, float]:
    """Requests a second, and milliseconds of the client's own CPU time for each and of answers (p50, p95)."""
    paths = targets()
    times: list[list[float]] = [[] for _ in range(clients)]
    spent, began = time.process_time(), time.monotonic()
    threads = [
        threading.Thread(
            target=work, args=(Client(port, keeps=keeps), paths[number::clients], began + seconds, times[number])
        )
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, cost = time.monotonic() - began, time.process_time() - spent
    every = [value for one in times for value in one]
    return {
        "rate": len(every) / elapsed,
        "p50": 1e3 * median(every),
        "p95": 1e3 * quantiles(every, n=20)[-1],
        "cpu": 1e3 * cost / len(every),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("clients", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--new", action="store_true", help="a connection for each request")
    options = parser.parse_args()
    print(json.dumps(measure(options.port, options.clients, options.seconds, keeps=not options.new)))


if __name__ == "__main__":
    main()
