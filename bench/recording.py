"""Recording of jobs against the bare INSERTs of the same rows, and hashing of their files against bare hashing.

    python -m bench.recording [--repeat 15] [--results 10000] [--file-mib 1024]

A typical job has 3 inputs, 5 results and 30 parameters. What `record_job` writes is read back, and the same rows are
written once more by bare ``executemany`` in one transaction: the limit of what recording can be. A file is hashed as
the runner does it, by `hashlib` alone, and by ``sha256sum``; of a second job on the same file, what is read is
counted. The database is that of the settings; by default an SQLite one in a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.home import temporary_home

TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TASK = "evselect"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--file-mib", type=int, default=1024)
    options = parser.parse_args()
    with temporary_home() as home:
        measure_recording("a job of 3 inputs, 5 results, 30 parameters", results=5, repeat=options.repeat)
        measure_recording(f"a job of {options.results:,} results", results=options.results, repeat=3)
        measure_hashing(home, options.file_mib)


def measure_recording(name: str, *, results: int, repeat: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from provenance.recording import record_job

    make_job("first" + name[-6:], results)
    record_job(job_id="first" + name[-6:])
    times, busy, bare = [], [], []
    for number in range(repeat):
        job_id = f"n{number}x{results}"
        make_job(job_id, results)
        before = last_rows()
        began, begun = time.perf_counter(), time.process_time()
        record_job(job_id=job_id)
        busy.append(time.process_time() - begun)
        times.append(time.perf_counter() - began)
        bare.append(insert_again(before))
    make_job(f"q{results}", results)
    with CaptureQueriesContext(connection) as captured:
        record_job(job_id=f"q{results}")
        queries = len(captured)
    spent, limit = median(times), median(bare)
    report(name, f"{spent * 1e3:.1f} ms, of these {median(busy) * 1e3:.1f} ms of processor time; {queries} statements")
    report("… to the bare INSERTs of its rows", f"{limit * 1e3:.1f} ms; {spent / limit:.1f}")


def make_job(job_id: str, results: int) -> None:
    """A job that has ended, with an upload, an archive's data set and another job's result for its inputs."""
    from jobdefs.definition import Definition, Input, Output, Parameter
    from uws.models import Job, JobInput, Result

    names = [f"parameter{number}" for number in range(27)]
    files = ("table", "gti", "background")
    definition = Definition(
        name=TASK,
        version="1.0",
        title="Select events",
        parameters=tuple(
            [Parameter(name=name, type="table", description="A file") for name in files]
            + [Parameter(name=name, type="real", description="A number", default="1") for name in names]
        ),
        inputs=tuple(Input(parameter=name, role=name) for name in files),
        outputs=(Output(name="events", role="events", media_type="application/fits", pattern="*.fits"),),
    )
    job = Job.objects.create(
        id=job_id,
        definition=TASK,
        definition_version="1.0",
        definition_document=definition.to_dict(),
        phase="COMPLETED",
        parameters={name: [f"{number}"] for number, name in enumerate(names)},
        creation_time=TIME,
        start_time=TIME,
        end_time=TIME,
        software={"athanor": "1", "python": "3"},
        reaped=True,
    )
    entities = ("ivo://archive.example/data?one", f"job:{job_id}/parameters/gti", "job:earlier/events")
    JobInput.objects.bulk_create(
        JobInput(
            job=job, parameter=name, reference=entity, entity_id=entity, name=f"{name}.fits", path=f"/data/{name}.fits",
            media_type="application/fits", size=1000, sha256=hashlib.sha256(f"{name}".encode()).hexdigest(),
        )
        for name, entity in zip(files, entities, strict=True)
    )  # fmt: skip
    Result.objects.bulk_create(
        Result(
            job=job, name=f"events-{number}", path=f"work/{number}.fits", media_type="application/fits", size=1000,
            sha256=hashlib.sha256(f"{job_id} {number}".encode()).hexdigest(), role="events", product_type="event",
        )
        for number in range(results)
    )  # fmt: skip


def tables() -> list[Any]:
    from django.apps import apps

    return list(apps.get_app_config("provenance").get_models())


def last_rows() -> dict[Any, int]:
    """The greatest key of each table."""
    from django.db.models import Max

    return {model: model.objects.aggregate(last=Max("pk"))["last"] or 0 for model in tables()}


def insert_again(before: dict[Any, int]) -> float:
    """Write the rows that came since once more, under other keys and identifiers; seconds."""
    from django.db import connection, transaction

    work = []
    with connection.cursor() as cursor:
        for model, last in before.items():
            table = model._meta.db_table
            names = [field.column for field in model._meta.concrete_fields]
            columns = ", ".join(connection.ops.quote_name(name) for name in names)
            cursor.execute(f"SELECT {columns} FROM {table} WHERE id > %s", [last])
            if rows := [again(names, row) for row in cursor.fetchall()]:
                work.append((f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(names))})", rows))
        began = time.perf_counter()
        try:
            with transaction.atomic():
                for statement, rows in work:
                    cursor.executemany(statement, rows)
                raise Undone
        except Undone:
            return time.perf_counter() - began


def again(names: list[str], row: tuple[Any, ...]) -> list[Any]:
    """A row that there can be besides the first."""
    return [
        value + 10_000_000 if name == "id" else f"again:{value}" if name == "identifier" else value
        for name, value in zip(names, row, strict=True)
    ]


class Undone(Exception):
    """What was written for comparison goes again."""


def measure_hashing(folder: Path, mib: int) -> None:
    from uws.digests import known_digest, remember_digest
    from uws.runner_results import digest

    path = folder / "big.fits"
    with path.open("wb") as file:
        block = os.urandom(2**20)
        for _ in range(mib):
            file.write(block)
    peers: dict[str, Callable[[], object]] = {"hashlib alone": lambda: bare_digest(path)}
    for program, words in (("sha256sum", ["sha256sum"]), ("openssl", ["openssl", "dgst", "-sha256"])):
        if shutil.which(program):
            peers[program] = lambda words=words: subprocess.run([*words, str(path)], check=True, capture_output=True)
    path.read_bytes()
    ours = timed(lambda: digest(path))
    report(f"hashing {mib} MiB as the runner does", f"{ours:.2f} s; {mib * 2**20 / ours / 1e9:.2f} GB/s")
    for name, peer in peers.items():
        spent = timed(peer)
        report(f"… to {name}", f"{spent:.2f} s; {ours / spent:.2f}")
    remember_digest(path, digest(path)[1])
    before = bytes_read()
    spent = timed(lambda: known_digest(path))
    report("a second job on the same file", f"{spent * 1e3:.2f} ms; {bytes_read() - before} MiB read")


def bare_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bytes_read() -> int:
    """What this process has asked the system to read, in MiB: a database's pages are less."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"]) // 2**20


def timed(run: Callable[[], object]) -> float:
    """Seconds: the median of three runs."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return median(times)


def report(what: str, told: str) -> None:
    print(f"{what:48} {told}")


if __name__ == "__main__":
    main()
