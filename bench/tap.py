"""TAP over HTTP, as `make run` deploys it, against the bare engine and against PostgreSQL's own COPY.

    python -m bench.tap [--rows 1000000] [--engine duckdb|postgresql|both] [--directory DIR] [--seconds 4]

Client, server and, where Debian's package of it is installed, a PostgreSQL server of the benchmark's own share the
machine; only ratios can be compared between machines. With ``--directory`` the embedded archive is kept and used again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pyarrow as pa
import pyvo

from bench.load import CONE, targets
from bench.obscore_rows import generate, positions
from bench.rawhttp import Connection
from bench.service import ROOT, Service, memory
from obstap import catalogue
from obstap.adql import Translation, translate
from obstap.arrow import arrow_schema
from obstap.metadata import Column, Table
from obstap.obscore import OBSCORE
from obstap.stores import Snapshot, TableContent, TableStore, open_store
from obstap.writers import get_writer
from tests.postgres import Server, lacking, running_server
from vo.errors import UsageError

ROWS = 1_000_000
WARM_UP = 100
GOALS = {
    "duckdb": ({"votable": 1.0, "votable/b2": 1.0, "csv": 1.0}, 300),
    "postgresql": ({"votable": 1.3, "votable/b2": 2.0, "csv": 1.3}, 64),
}
"""For each engine the time of whole tables by format, as multiples of psql's COPY, and the megabytes of growth."""

EVERYTHING = "SELECT * FROM ivoa.obscore"
MAXREC = 20_000_000
PLAIN = {
    "count(*)": "SELECT COUNT(*) AS n FROM ivoa.obscore",
    "group by": "SELECT instrument_name, COUNT(*) AS n FROM ivoa.obscore GROUP BY instrument_name",
}
UPLOAD = Table(name="tap_upload.places", columns=(Column("ra", "double"), Column("dec", "double")))
CROSS_MATCH = (
    "SELECT COUNT(*) AS n FROM ivoa.obscore AS o JOIN tap_upload.places AS u ON 1 = "
    "CONTAINS(POINT('ICRS', o.s_ra, o.s_dec), CIRCLE('ICRS', u.ra, u.dec, {radius}))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--engine", choices=("duckdb", "postgresql", "both"), default="duckdb")
    parser.add_argument("--directory", type=Path, help="where the embedded archive is kept; a temporary one by default")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measurement of cones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="athanor-bench-") as name, postgresql() as server:
        folder = options.directory or Path(name)
        copy = None
        stores = {}
        if options.engine != "postgresql":
            stores["duckdb"] = f"duckdb:{folder / 'tables'}"
        if server is not None:
            stores["postgresql"] = server.url(server.create_database())
        elif options.engine != "duckdb":
            raise SystemExit("PostgreSQL with pgsphere is not on this machine; tools/install_apt.sh installs it.")
        for engine, url in stores.items():
            began = time.perf_counter()
            fill(url, options.rows)
            report(engine, "", f"{options.rows:,} rows are there after {time.perf_counter() - began:.0f} s")
        if server is not None:
            copy = time_copy(stores["postgresql"])
            report("psql COPY (FORMAT csv)", "1.00", f"{copy:.2f} s, the measure of the dumps")
        for engine, url in stores.items():
            if options.engine in (engine, "both"):
                print(f"-- {engine}")
                with Service(folder / f"home-{engine}", url) as service, opened(url) as store:
                    measure(service, store, options.rows, options.seconds, engine=engine, copy=copy)


def measure(service: Service, store: TableStore, rows: int, seconds: float, *, engine: str, copy: float | None) -> None:
    """All lines of one engine."""
    with store.snapshot() as snapshot:
        cones(service, snapshot, rows, seconds)
        for name, query in PLAIN.items():
            against_engine(name, lambda query=query: ask(service, query), lambda query=query: run(snapshot, query))
        for places, radius, goal in ((1_000, 0.1, 0.15), (100_000, 10 / 3600, 3.0)):
            cross_match(service, snapshot, places, radius, goal)
    times, growth = GOALS[engine]
    for form, goal in times.items():
        dump(service, form, rows, copy, goals=(goal, growth))
    tap = pyvo.dal.TAPService(f"{service.url}/tap")
    spent = timed(lambda: tap.run_async("SELECT TOP 1 obs_id FROM ivoa.obscore"), 5)
    report("pyvo run_async, one row", f"{spent / 0.3:.2f}", f"of the goal: {spent:.3f} s, goal 0.3 s")


def cones(service: Service, snapshot: Snapshot, rows: int, seconds: float) -> None:
    """Cone searches one after the other and from eight clients."""
    queries = [CONE.format(lon=lon, lat=lat) for lon, lat in positions(rows // 40)[:: max(rows // 16_000, 1)].tolist()]
    every = iter(queries)
    translating = timed(lambda: translated(snapshot, next(every)), len(queries) // 2)
    report("parse and translate the cone", "", f"{1e3 * translating:.2f} ms")
    for path in targets()[-WARM_UP:]:
        Connection(service.port, keeps=False).get(path)
    every = iter(queries)
    alone = timed(lambda: run(snapshot, next(every)), len(queries) // 2)
    for name, clients, options in (
        ("cone, kept connection", 1, []),
        ("cone, new connections", 1, ["--new"]),
        ("cones, 8 clients", 8, []),
        ("cones, 8 clients, new connections", 8, ["--new"]),
    ):
        before = service.processor_time()
        command = [sys.executable, "-m", "bench.load", str(service.port), str(clients), str(seconds), *options]
        output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        found = json.loads(output)
        spent = service.processor_time() - before
        goal = f"p50 {found['p50']:.1f} ms (goal 8)" if clients == 1 else f"{found['rate']:.0f} requests/s (goal 190)"
        report(
            name,
            f"{1 / found['rate'] / alone:.2f}",
            f"x the {1e3 * alone:.1f} ms of translation and engine alone; "
            f"{goal}, p95 {found['p95']:.1f} ms; "
            f"CPU of the server {1e3 * spent / (found['rate'] * seconds):.1f} ms, of the client {found['cpu']:.1f} ms",
        )


def dump(service: Service, form: str, rows: int, copy: float | None, *, goals: tuple[float, int]) -> None:
    """The whole table in one format: time, first byte and memory of the server."""
    for _ in range(8):
        ask(service, "SELECT TOP 1 * FROM ivoa.obscore", form)
    workers = service.workers()
    base, peak, done = memory(workers), 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, memory(workers))

    watcher = threading.Thread(target=watch)
    watcher.start()
    found = [stream(service, form) for _ in range(2)]
    done.set()
    watcher.join()
    spent, first, size = (min(values) for values in zip(*found, strict=True))
    ratio = "" if copy is None else f"{spent / copy:.2f}"
    report(
        f"{rows:,} rows as {form}",
        ratio,
        f"x psql COPY (goal {goals[0]:g}): {spent:.2f} s, {rows / spent / 1e3:.0f}k rows/s, "
        f"{size / spent / 1e6:.0f} MB/s; first byte {first:.3f} s (goal 0.15); "
        f"memory +{peak - base:.0f} MB (goal {goals[1]})",
    )


def stream(service: Service, form: str) -> tuple[float, float, int]:
    """Seconds of a dump and to its first byte, and its size."""
    asked = urlencode({"LANG": "ADQL", "QUERY": EVERYTHING, "MAXREC": MAXREC, "RESPONSEFORMAT": form})
    buffer = memoryview(bytearray(2**20))
    began, first, size, last = time.perf_counter(), 0.0, 0, b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=600) as connection:
        host = f"127.0.0.1:{service.port}"
        connection.sendall(f"GET /tap/sync?{asked} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        while count := connection.recv_into(buffer):
            if not size:
                first = time.perf_counter() - began
                if b" 200 " not in bytes(buffer[:16]):
                    raise SystemExit(bytes(buffer[:count]).decode())
            size += count
            last = (last + bytes(buffer[max(count - 8, 0) : count]))[-8:]
    if not last.endswith(b"0\r\n\r\n"):
        raise SystemExit(f"The dump as {form} was cut off after {size:,} bytes.")
    return time.perf_counter() - began, first, size


def cross_match(service: Service, snapshot: Snapshot, places: int, radius: float, goal: float) -> None:
    """An uploaded table against ObsCore: the first places are those of all pointings, others lie anywhere."""
    schema = arrow_schema(UPLOAD)
    lon, lat = positions(places).T
    batch = pa.record_batch([pa.array(lon), pa.array(lat)], schema=schema)
    table = b"".join(get_writer("votable").stream([batch], UPLOAD.columns))
    query = CROSS_MATCH.format(radius=radius)
    name = f"{places:,} places, {3600 * radius:g} arcsec (goal {goal:g} s)"
    try:
        with snapshot.with_uploads([TableContent(UPLOAD, [batch])]) as given:
            against_engine(name, lambda: ask(service, query, upload=table), lambda: run(given, query), repeat=3)
    except UsageError as error:
        report(name, "", str(error))


def against_engine(name: str, ours: Callable[[], object], alone: Callable[[], object], repeat: int = 20) -> None:
    """A query through the service as a ratio to the engine alone."""
    mine, theirs = timed(ours, repeat), timed(alone, repeat)
    report(name, f"{mine / theirs:.2f}", f"x the engine alone: {1e3 * mine:.1f} ms, engine {1e3 * theirs:.1f} ms")


def ask(service: Service, query: str, form: str = "csv", *, upload: bytes = b"") -> bytes:
    """The answer to a query."""
    asked = {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": form}
    if not upload:
        with urlopen(f"{service.url}/tap/sync?{urlencode(asked)}", timeout=600) as answer:
            return answer.read()
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**asked, "UPLOAD": "places,param:file"}.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="places.vot"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + upload + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urlopen(Request(f"{service.url}/tap/sync", body, headers), timeout=600) as answer:
        return answer.read()


def run(snapshot: Snapshot, query: str) -> int:
    """The rows of a query on the engine alone."""
    return sum(batch.num_rows for batch in snapshot.execute(translated(snapshot, query).sql, time_limit=600))


def translated(snapshot: Snapshot, query: str) -> Translation:
    return translate(
        query, snapshot.tables, physical=snapshot.physical, base_url="http://127.0.0.1", engine=snapshot.engine
    )


def time_copy(url: str) -> float:
    """Seconds of psql's COPY of what the dumps have."""
    with opened(url) as store, store.snapshot() as snapshot:
        sql = f"COPY ({translated(snapshot, EVERYTHING).sql}) TO STDOUT (FORMAT csv)"
        command = ["psql", "-X", "-q", "-d", url, "-c", sql]
        return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), 3)


def fill(url: str, rows: int) -> None:
    """Publish the rows, where they are not there already."""
    with opened(url) as store:
        catalogue.ensure(store)
        with store.snapshot() as snapshot:
            name = snapshot.physical(OBSCORE.name)
            ((batch),) = snapshot.execute(f"SELECT count(*) FROM {name}")
        if batch[0][0].as_py() != rows:
            catalogue.publish([TableContent(OBSCORE, generate(rows))], store=store)


@contextmanager
def opened(url: str) -> Iterator[TableStore]:
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def postgresql() -> Iterator[Server | None]:
    """A PostgreSQL server, or None where the machine has none."""
    if lacking() or shutil.which("psql") is None:
        yield None
        return
    with running_server() as server:
        yield server


def timed(work: Callable[[], object], repeat: int) -> float:
    """Median of the seconds that a piece of work takes."""
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def report(name: str, ratio: str, text: str) -> None:
    print(f"{ratio:>6}  {name:44}{text}", flush=True)


if __name__ == "__main__":
    main()
