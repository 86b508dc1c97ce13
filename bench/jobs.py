"""The job engine over HTTP, as `make run` deploys it: lists, creation, the cost of a run, clients that wait.

    python -m bench.jobs [--jobs 10000] [--waiters 1000] [--seconds 5]

Client, web server and engine share the machine; only ratios can be compared between machines. The measures: for lists
the database alone, for creation its commits alone, for a run the bare runner, for waiting the same requests without
anybody waiting.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from bench.rawhttp import Connection, Waiters
from bench.service import ROOT, Service, memory

DEFINITION = """
name = "nothing"
version = "1.0"
title = "Do nothing"
environment = "program"
command = ["/bin/true"]
"""

FILL = """
from datetime import timedelta
from uws.models import Job
from uws.times import now
from django.contrib.auth import get_user_model
first = now()
Job.objects.bulk_create(
    [Job(id=f"{{prefix}}{{number:026d}}"[-26:], definition="nothing", definition_version="1.0", phase="{phase}",
         reaped={ended}, announced={ended}, creation_time=first + timedelta(milliseconds=number),
         run_id=f"run {{number}}", destruction=first + timedelta(days=3), executor="local")
     for prefix in ["a"] for number in range({number})], batch_size=500)
"""

IDLE_SECONDS = 20.0
RUNS = 30
PACE = 0.002
"""Seconds between two changes of phase, so that the client itself is no bottleneck."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--waiters", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="athanor-bench-") as name:
        folder = Path(name)
        own = folder / "definitions"
        own.mkdir()
        (own / "nothing.toml").write_text(DEFINITION)
        with Service(folder / "home", "", ATHANOR_DEFINITIONS=str(own)) as service:
            idle(service)
            runs(service)
            creation(service, options.seconds)
        with Service(folder / "lists", "", ATHANOR_DEFINITIONS=str(own)) as service:
            lists(service, options.jobs)
        with Service(folder / "waiting", "", ATHANOR_DEFINITIONS=str(own)) as service:
            waiting(service, options.waiters, options.seconds)


def idle(service: Service) -> None:
    """What an engine costs that has nothing to do."""
    (engine,) = service.engines()
    time.sleep(2)
    before = service.processor_time([engine])
    time.sleep(IDLE_SECONDS)
    share = (service.processor_time([engine]) - before) / IDLE_SECONDS
    report("idle engine", f"{share / 0.01:.2f}", f"of the goal: {100 * share:.2f} % of a core, goal 1 %")


def runs(service: Service) -> None:
    """A run of a program that does nothing, from PHASE=RUN to COMPLETED, as a client that waits sees it."""
    connection = Connection(service.port)
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        url = connection.post("/uws/nothing", "PHASE=RUN")
        while b'"COMPLETED"' not in (job := connection.get(f"{url}?WAIT=-1", json=True)):
            if b'"ERROR"' in job:
                raise SystemExit(job.decode())
        times.append(time.perf_counter() - began)
    bare = timed(lambda: run_bare(service.home), RUNS)
    spent = median(times)
    report(
        "run of `true`, with result and provenance",
        f"{spent / bare:.2f}",
        f"x the bare runner's {1e3 * bare:.0f} ms: {1e3 * spent:.0f} ms (goal 250), p95 {1e3 * p95(times):.0f} ms",
    )


def run_bare(home: Path) -> None:
    """The runner alone, on a job of the same kind."""
    with tempfile.TemporaryDirectory(dir=home) as name:
        (Path(name) / "job.json").write_text(json.dumps({"job_id": "bare", "argv": ["/bin/true"]}))
        command = [sys.executable, "-E", "-s", "-S", "-m", "uws.runner", name]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def creation(service: Service, seconds: float) -> None:
    """Jobs created by eight clients at once, each with a parameter or two left to their defaults."""
    counts = [0] * 8
    end = time.monotonic() + seconds

    def create(number: int) -> None:
        connection = Connection(service.port)
        while time.monotonic() < end:
            connection.post("/uws/nothing", f"RUNID=bench-{number}")
            counts[number] += 1

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(counts) / seconds
    bare = commits(service.home, seconds / 2)
    report(
        "creation, 8 clients",
        f"{rate / bare:.2f}",
        f"of {bare:.0f} bare commits/s of two rows each: {rate:.0f} jobs/s (goal 200)",
    )


def commits(home: Path, seconds: float) -> float:
    """Commits a second of two rows each in a copy of the service's database, settings and all."""
    target = home / "bare.sqlite3"
    with sqlite3.connect(home / "athanor.sqlite3") as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    database = sqlite3.connect(target, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, content TEXT)")
    number, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        database.execute("BEGIN IMMEDIATE")
        for part in "ab":
            database.execute("INSERT INTO bare VALUES (?, ?)", (f"{number}{part}", "x" * 200))
        database.execute("COMMIT")
        number += 1
    database.close()
    return number / seconds


def lists(service: Service, number: int) -> None:
    """The newest hundred and the whole of a long list."""
    fill(service, number, "COMPLETED", ended=True)
    connection = Connection(service.port)
    with sqlite3.connect(f"file:{service.home / 'athanor.sqlite3'}?mode=ro", uri=True) as database:
        for name, query, limit, goal in (
            ("newest 100", "?LAST=100", 100, 10),
            (f"all {number:,}", "", number, 100),
        ):
            sql = (
                "SELECT id, phase, run_id, owner_id, creation_time FROM uws_job "
                f"WHERE definition = 'nothing' AND parent_id IS NULL ORDER BY creation_time DESC, id DESC LIMIT {limit}"
            )
            bare = timed(lambda sql=sql: database.execute(sql).fetchall(), 20)
            spent = timed(lambda query=query: connection.get(f"/uws/nothing{query}"), 20)
            found = connection.get(f"/uws/nothing{query}").count(b"<uws:jobref")
            if found != limit:
                raise SystemExit(f"The list has {found} jobs instead of {limit}.")
            report(
                f"job list, {name}",
                f"{spent / bare:.2f}",
                f"x the database's {1e3 * bare:.1f} ms: {1e3 * spent:.1f} ms (goal {goal})",
            )


def waiting(service: Service, number: int, seconds: float) -> None:
    """Clients that wait for a change, all at once; what others notice of it, and when each hears."""
    ids = fill(service, number, "PENDING", ended=False)
    others = Connection(service.port)
    alone = other_requests(others, ids, seconds / 2)
    before = memory(service.workers())
    waiters = Waiters(service.port, {job_id: f"/uws/nothing/{job_id}?WAIT=60" for job_id in ids})
    time.sleep(2.0)
    crowded = other_requests(others, ids, seconds)
    growth = memory(service.workers()) - before
    told: dict[str, float] = {}
    for job_id in ids:
        others.post(f"/uws/nothing/{job_id}/phase", "PHASE=ABORT")
        told[job_id] = time.monotonic()
        time.sleep(PACE)
    heard = waiters.join(30.0)
    delays = [heard[job_id] - told[job_id] for job_id in ids]
    report(
        f"others while {number:,} clients wait",
        f"{median(crowded) / median(alone):.2f}",
        f"x the {1e3 * median(alone):.1f} ms without them; p95 {1e3 * p95(crowded):.1f} ms (goal 50), "
        f"memory {growth:+.0f} MB (goal 300)",
    )
    report(
        "they hear of their change", f"{max(delays) / 0.5:.2f}", f"of the goal: latest {max(delays):.3f} s, goal 0.5 s"
    )


def other_requests(connection: Connection, ids: list[str], seconds: float) -> list[float]:
    """Seconds that each of a stranger's requests takes: a job, its phase, a list, a page."""
    times, end, number = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        job_id = ids[number % len(ids)]
        targets = (
            f"/uws/nothing/{job_id}",
            f"/uws/nothing/{job_id}/phase",
            "/uws/nothing?LAST=10",
            "/tap/availability",
        )
        began = time.perf_counter()
        connection.get(targets[number % len(targets)])
        times.append(time.perf_counter() - began)
        number += 1
    return times


def fill(service: Service, number: int, phase: str, *, ended: bool) -> list[str]:
    """Put jobs into the database; their ids."""
    code = FILL.format(number=number, phase=phase, ended=ended)
    service.manage("shell", "-v", "0", "-c", code)
    return [f"a{job:026d}"[-26:] for job in range(number)]


def timed(call: Callable[[], object], times: int) -> float:
    """Median of the seconds that a call takes."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return median(spent)


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def report(name: str, ratio: str, remark: str) -> None:
    print(f"{name:42} {ratio:>7}  {remark}", flush=True)


if __name__ == "__main__":
    main()
