"""The table store against DuckDB alone on the same file: cone searches, scans, look-ups; and what publishing costs.

Usage: python -m bench.store [rows]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles

import duckdb
import pyarrow as pa

from bench.obscore_rows import generate, positions
from obstap.obscore import OBSCORE
from obstap.stores import Snapshot, TableContent
from obstap.stores.duckdb import DuckDBStore
from vo import healpix

ROWS = 1_000_000
CONES = 100
RADIUS = 1.0
SCANS = 5

Execute = Callable[[str], Iterator[pa.RecordBatch]]


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="athanor-bench-") as directory:
        store = DuckDBStore(Path(directory), grace=0)
        began = time.perf_counter()
        store.replace([TableContent(OBSCORE, generate(rows))])
        report("publish, with making the rows", f"{time.perf_counter() - began:.1f} s, {file_size(directory)} MB")
        began = time.perf_counter()
        store.upsert([TableContent(OBSCORE, generate(1_000))])
        report("upsert of 1,000 rows", f"{time.perf_counter() - began:.1f} s")
        with store.snapshot() as snapshot:
            compare(snapshot, Path(directory), rows)
        store.close()


def compare(snapshot: Snapshot, directory: Path, rows: int) -> None:
    (file,) = sorted(directory.glob("*.duckdb"), key=lambda path: path.stat().st_mtime)[-1:]
    bare = duckdb.connect(":memory:")
    bare.execute(f"ATTACH '{file}' AS bare (READ_ONLY)")
    ours = snapshot.physical("ivoa.obscore")
    names = ", ".join(column.name for column in OBSCORE.columns)

    def through_store(sql: str) -> Iterator[pa.RecordBatch]:
        return snapshot.execute(sql.format(table=ours), time_limit=60)

    def through_duckdb(sql: str) -> Iterator[pa.RecordBatch]:
        return bare.cursor().sql(sql.format(table="bare.data")).to_arrow_reader(16_384)

    cones = [cone(names, *place) for place in positions(rows // 40)[:: max(rows // 40 // CONES, 1)]]
    latency("cone TOP 100", cones, through_store, through_duckdb)
    key = f"SELECT {names} FROM {{table}} WHERE obs_publisher_did = 'ivo://athanor.example/bench?P{{number:010d}}'"
    keys = [key.replace("{number:010d}", f"{number * 997 % rows:010d}") for number in range(CONES)]
    latency("look-up by key", keys, through_store, through_duckdb)
    scans("scan", f"SELECT {names} FROM {{table}}", through_store, through_duckdb)
    scans("scan TOP 90 %", f"SELECT {names} FROM {{table}} LIMIT {rows * 9 // 10}", through_store, through_duckdb)


def latency(name: str, queries: list[str], ours: Execute, bare: Execute) -> None:
    times: dict[Execute, list[float]] = {ours: [], bare: []}
    for sql in queries:
        for execute, spent in times.items():
            began = time.perf_counter()
            for batch in execute(sql):
                batch.validate()
            spent.append(1e3 * (time.perf_counter() - began))
    mine, theirs = median(times[ours]), median(times[bare])
    report(
        name,
        f"p50 {mine:.2f} ms, p95 {quantiles(times[ours], n=20)[-1]:.2f} ms; DuckDB alone p50 {theirs:.2f} ms;"
        f" ratio {mine / theirs:.2f}",
    )


def scans(name: str, sql: str, ours: Execute, bare: Execute) -> None:
    rates: dict[Execute, list[float]] = {ours: [], bare: []}
    firsts = []
    before = resident()
    for _ in range(SCANS):
        for execute, found in rates.items():
            began = time.perf_counter()
            batches = iter(execute(sql))
            rows = next(batches).num_rows
            if execute is ours:
                firsts.append(1e3 * (time.perf_counter() - began))
            rows += sum(batch.num_rows for batch in batches)
            found.append(rows / (time.perf_counter() - began) / 1e6)
    mine, theirs = median(rates[ours]), median(rates[bare])
    report(
        name,
        f"{mine:.2f} M rows/s; DuckDB alone {theirs:.2f}; ratio {mine / theirs:.2f};"
        f" first batch {median(firsts):.1f} ms; memory +{resident() - before} MB",
    )


def cone(names: str, lon: float, lat: float) -> str:
    ranges = " OR ".join(f"_hpx BETWEEN {low} AND {high}" for low, high in healpix.cone_ranges(lon, lat, RADIUS, 16))
    distance = (
        f"2 * asin(sqrt(pow(sin(radians(s_dec - {lat!r}) / 2), 2)"
        f" + cos(radians(s_dec)) * cos(radians({lat!r})) * pow(sin(radians(s_ra - {lon!r}) / 2), 2)))"
    ).replace("np.float64", "")
    return f"SELECT {names} FROM {{table}} WHERE ({ranges}) AND {distance} < radians({RADIUS}) LIMIT 100"


def resident() -> int:
    """Megabytes of memory that this process has."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def file_size(directory: str) -> int:
    return sum(path.stat().st_size for path in Path(directory).glob("*.duckdb")) // 2**20


def report(name: str, text: str) -> None:
    print(f"{name:32}{text}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
