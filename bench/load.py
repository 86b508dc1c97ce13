"""Ask a TAP service for cones from several clients at once and print what that took, as JSON: a process of its own.

    python -m bench.load PORT CLIENTS SECONDS [--new]

With ``--new`` each request makes its own connection.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from statistics import median, quantiles
from urllib.parse import urlencode

from bench.obscore_rows import positions
from bench.rawhttp import Connection

CONE = (
    "SELECT TOP 100 * FROM ivoa.obscore WHERE 1 = "
    "CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', {lon!r}, {lat!r}, 1))"
)
"""The query: at most 100 rows with all columns around a position, in degrees."""

POSITIONS = 3_000


def targets() -> list[str]:
    """Paths of requests for cones, all over the sky."""
    places = positions(25 * POSITIONS)[::25].tolist()
    asked = {"REQUEST": "doQuery", "LANG": "ADQL"}
    return [f"/tap/sync?{urlencode({**asked, 'QUERY': CONE.format(lon=lon, lat=lat)})}" for lon, lat in places]


def work(client: Connection, paths: list[str], deadline: float, times: list[float]) -> None:
    """Ask one after the other until the time is over; what each took is appended to `times`, in seconds."""
    number = 0
    while time.monotonic() < deadline:
        began = time.perf_counter()
        client.get(paths[number % len(paths)])
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
            target=work, args=(Connection(port, keeps=keeps), paths[number::clients], began + seconds, times[number])
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
