"""ProvSAP of a long history: every form, against the bare reading of the same rows and the bare writing of the text.

    python -m bench.provenance [--activities 10000] [--repeat 5]

A product of the last of many layers of jobs, each of which used the results of two jobs before and a file of the
archive. The peer reads all columns of all rows of the graph by bare SQL, without looking what belongs to what, and
writes PROV-JSON that was read back by `json.dumps`. Ratios are of a processor's time, since others
may use the machine. The database is that of the settings; by default an SQLite one in a
temporary folder. DATABASE_URL of an empty database of PostgreSQL measures that.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bench.home import temporary_home

WIDTH = 100
TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TABLES = ("activity", "entity", "used", "wasgeneratedby", "wasderivedfrom", "wasinformedby")
BASE = "http://archive.example"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with temporary_home():
        began = time.perf_counter()
        product = fill(options.activities)
        report("filling the tables", f"{time.perf_counter() - began:.1f} s")
        measure(product, options.repeat)


def fill(activities: int) -> str:
    """Make the history; the identifier of its last product."""
    from provenance import models

    task = models.ActivityDescription.objects.create(name="sieve", version="1.2", type="Selection")
    kind = models.EntityDescription.objects.create(name="event", type="event", content_type="application/fits")
    user = models.Agent.objects.create(identifier="user/ada", name="Ada", type="Person")
    models.Entity.objects.create(identifier="ivo://archive.example/calibration", public_since=TIME, description=kind)
    numbers = range(1, activities + 1)
    models.Activity.objects.bulk_create(
        [
            models.Activity(
                identifier=f"a{number:025d}",
                name="sieve",
                start_time=TIME + timedelta(seconds=number),
                end_time=TIME + timedelta(seconds=number + 30),
                phase="COMPLETED",
                exit_code=0,
                host=f"node{number % 7}",
                command=["sieve", f"limit={number}", "table=events.fits", "out=kept.fits"],
                software={"athanor": "0.1.0", "sas": "22.1.0", "python": "3.11.9"},
                usage={"cpu_seconds": number / 8, "max_memory_bytes": 1_000_000 + number},
                description=task,
                public_since=TIME,
            )
            for number in numbers
        ],
        batch_size=500,
    )
    models.Entity.objects.bulk_create(
        [
            models.Entity(
                identifier=f"job:a{number:025d}/kept",
                name=f"kept{number}.fits",
                location=f"uws/sieve/a{number:025d}/results/kept",
                generated_at_time=TIME + timedelta(seconds=number + 30),
                sha256=f"{number:064x}",
                size=1_000 + number,
                description=kind,
                public_since=TIME,
            )
            for number in numbers
        ],
        batch_size=500,
    )
    first = models.Activity.objects.order_by("pk").first().pk - 1
    offset = models.Entity.objects.get(identifier=f"job:a{1:025d}/kept").pk - 1
    archived = offset
    sources = {number: _sources(number, activities) for number in numbers}
    pairs = [(number, source) for number in numbers for source in sources[number]]
    made: list[tuple[Any, list[Any]]] = [
        (
            models.Used,
            [models.Used(activity_id=first + n, entity_id=offset + s, role="events", time=TIME) for n, s in pairs]
            + [models.Used(activity_id=first + n, entity_id=archived, role="calibration", time=TIME) for n in numbers],
        ),
        (
            models.WasGeneratedBy,
            [models.WasGeneratedBy(activity_id=first + n, entity_id=offset + n, role="filtered") for n in numbers],
        ),
        (
            models.WasDerivedFrom,
            [models.WasDerivedFrom(entity_id=offset + n, used_entity_id=offset + s) for n, s in pairs],
        ),
        (models.WasInformedBy, [models.WasInformedBy(informed_id=first + n, informant_id=first + s) for n, s in pairs]),
        (
            models.WasAssociatedWith,
            [models.WasAssociatedWith(activity_id=first + n, agent=user, role="Operator") for n in numbers],
        ),
        (
            models.Parameter,
            [
                models.Parameter(activity_id=first + n, name=f"parameter{which}", value=str(n))
                for n in numbers
                for which in range(5)
            ],
        ),
    ]
    for model, rows in made:
        model.objects.bulk_create(rows, batch_size=2_000)
    return f"job:a{activities:025d}/kept"


def _sources(number: int, activities: int) -> list[int]:
    """The jobs whose results a job used: two of the layer before, all of the last layer for the last job."""
    if number == activities:
        return list(range(max(1, number - WIDTH), number))
    layer, place = divmod(number - 1, WIDTH)
    before = (layer - 1) * WIDTH
    return [] if layer == 0 else [before + place + 1, before + (place + 7) % WIDTH + 1]


def measure(product: str, repeat: int) -> None:
    """Print what each form takes, as a ratio to the peer."""
    from provenance.document import Model
    from provenance.formats import FORMATS, find_format
    from provenance.sap import Request, find_graph

    def answer(form: Any, **more: Any) -> Callable[[], bytes]:
        request = Request(ids=(product,), depth=None, **more)

        def run() -> bytes:
            graph = find_graph(request, user=None, base_url=BASE)
            pieces = form.write(graph, base_url=BASE, model=request.model, descriptions=request.descriptions)
            return b"".join(pieces)

        return run

    json_form = find_format("PROV-JSON")
    text = answer(json_form)()
    content = json.loads(text)
    found = {kind: len(part) for kind, part in content.items() if kind != "prefix"}
    report("the graph", ", ".join(f"{count} {kind}" for kind, count in found.items()) + f"; {len(text) / 1e6:.1f} MB")
    reading, writing = timed(read_bare, repeat), timed(lambda: json.dumps(content, ensure_ascii=False), repeat)
    bare = reading.cpu + writing.cpu
    report("peer: bare rows and json.dumps", f"{reading.cpu:.2f} s and {writing.cpu:.2f} s of a processor")
    for form in FORMATS:
        if form.notation is not None:
            compare(f"{form.name}, DEPTH=ALL", answer(form), bare, repeat)
    compare("PROV-JSON, W3C", answer(json_form, model=Model.W3C), bare, repeat)
    full = {"agents": True, "configuration": True, "descriptions": True, "members": True, "steps": True}
    compare("PROV-JSON, all flags", answer(json_form, **full), bare, repeat)
    report("highest memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def read_bare() -> int:
    """Every row of the graph's tables, all of which belong to it."""
    from django.db import connection

    count = 0
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM provenance_{table}")
            count += len(cursor.fetchall())
    return count


def compare(name: str, run: Callable[[], object], bare: float, repeat: int) -> None:
    spent = timed(run, repeat)
    report(name, f"{spent.wall:.2f} s, {spent.cpu:.2f} s of a processor; ratio to the peer {spent.cpu / bare:.1f}")


class Spent(NamedTuple):
    """Seconds: the least of some runs, which is what it takes where nothing else runs."""

    wall: float
    cpu: float


def timed(run: Callable[[], object], repeat: int) -> Spent:
    walls, processors = [], []
    for _ in range(repeat):
        gc.collect()
        wall, processor = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return Spent(min(walls), min(processors))


def report(name: str, result: str) -> None:
    print(f"{name:32} {result}", flush=True)


if __name__ == "__main__":
    main()
