"""Queries of provenance in TAP against the same questions put to the database of the jobs directly.

    python -m bench.provtap [--activities 10000] [--parameters 30] [--repeat 7]

Each activity used a data set of the archive and made a result; all are public, but a user asks who owns none. The peer
is SQL on the tables of the jobs' database, with a copy of the columns of ObsCore that are joined, and without any
condition on who may see what; its rows are fetched. Ours is the whole way: reading what is visible, joining it in the
archive's engine, and writing CSV. The databases are those of DATABASE_URL and ARCHIVE_URL; by default SQLite and DuckDB
in a temporary folder.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from bench.home import temporary_home

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

QUERIES = (
    (
        "data sets joined with all jobs that used them",
        """SELECT o.obs_id, o.instrument_name, a.activity_id, a.start_time FROM ivoa.obscore AS o
           JOIN provenance.entity AS e ON e.obs_publisher_did = o.obs_publisher_did
           JOIN provenance.used AS u ON u.entity_id = e.entity_id
           JOIN provenance.activity AS a ON a.activity_id = u.activity_id""",
        """SELECT o.obs_id, o.instrument_name, a.identifier, a.start_time FROM bench_obscore o
           JOIN provenance_entity e ON e.identifier = o.obs_publisher_did
           JOIN provenance_used u ON u.entity_id = e.id
           JOIN provenance_activity a ON a.id = u.activity_id""",
    ),
    (
        "last step of all products",
        "SELECT entity_id, sha256, task, version, software, operator, end_time FROM provenance.last_step",
        """SELECT e.identifier, e.sha256, a.name, d.version, a.software, g.name, a.end_time
           FROM provenance_wasgeneratedby r JOIN provenance_entity e ON e.id = r.entity_id
           JOIN provenance_activity a ON a.id = r.activity_id
           JOIN provenance_activitydescription d ON d.id = a.description_id
           LEFT JOIN provenance_wasassociatedwith w ON w.activity_id = a.id AND w.role = 'Operator'
           LEFT JOIN provenance_agent g ON g.id = w.agent_id""",
    ),
    (
        "values of all parameters, counted",
        """SELECT name, COUNT(*) AS n, MIN(parameter_value) AS low FROM provenance.parameter GROUP BY name""",
        "SELECT name, COUNT(*), MIN(value) FROM provenance_parameter GROUP BY name",
    ),
    (
        "parameters of one job",
        "SELECT name, parameter_value FROM provenance.parameter WHERE activity_id = '{one}'",
        """SELECT p.name, p.value FROM provenance_parameter p JOIN provenance_activity a ON a.id = p.activity_id
           WHERE a.identifier = '{one}'""",
    ),
    (
        "jobs that used one data set",
        """SELECT a.activity_id, a.name FROM provenance.entity AS e
           JOIN provenance.used AS u ON u.entity_id = e.entity_id
           JOIN provenance.activity AS a ON a.activity_id = u.activity_id WHERE e.obs_publisher_did = '{did}'""",
        """SELECT a.identifier, a.name FROM provenance_entity e JOIN provenance_used u ON u.entity_id = e.id
           JOIN provenance_activity a ON a.id = u.activity_id WHERE e.identifier = '{did}'""",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--parameters", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    with temporary_home():
        dids = fill(options.activities, options.parameters)
        compare({"one": name(options.activities // 2), "did": dids[len(dids) // 2]}, options.repeat)


def name(number: int) -> str:
    return f"{number:026d}"


def fill(activities: int, parameters: int) -> list[str]:
    """Write what is asked for; gives the identifiers of the data sets."""
    from django.db import connection

    from bench.obscore_rows import generate
    from obstap import catalogue
    from obstap.obscore import OBSCORE
    from obstap.stores import TableContent
    from provenance import models

    rows = list(generate(activities))
    catalogue.publish([TableContent(OBSCORE, rows)])
    columns = ("obs_publisher_did", "obs_id", "instrument_name")
    found = [row for batch in rows for row in zip(*(batch[column].to_pylist() for column in columns), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_obscore (obs_publisher_did text PRIMARY KEY, obs_id text, instrument_name text)"
        )
        cursor.executemany("INSERT INTO bench_obscore VALUES (%s, %s, %s)", found)
    dids = [row[0] for row in found]
    kind = models.ActivityDescription.objects.create(name="evselect", version="1.0")
    agent = models.Agent.objects.create(identifier="user/anonymous", name="anonymous user", type="Person")
    shown = {"public_since": START}
    jobs = models.Activity.objects.bulk_create(
        models.Activity(
            identifier=name(number),
            name="evselect",
            start_time=START + timedelta(seconds=number),
            end_time=START + timedelta(seconds=number + 30),
            phase="COMPLETED",
            software={"athanor": "0.1.0", "evselect": "1.0"},
            description=kind,
            **shown,
        )
        for number in range(activities)
    )
    sources = models.Entity.objects.bulk_create(models.Entity(identifier=did, sha256="0" * 64, **shown) for did in dids)
    products = models.Entity.objects.bulk_create(
        models.Entity(identifier=f"job:{job.identifier}/spectrum", sha256=f"{job.identifier:0>64}", **shown)
        for job in jobs
    )
    pairs = list(zip(jobs, sources, products, strict=True))
    models.Used.objects.bulk_create(models.Used(activity=job, entity=source, role="events") for job, source, _ in pairs)
    models.WasGeneratedBy.objects.bulk_create(
        models.WasGeneratedBy(activity=job, entity=product, role="spectrum") for job, _, product in pairs
    )
    models.WasAssociatedWith.objects.bulk_create(
        models.WasAssociatedWith(activity=job, agent=agent, role="Operator") for job in jobs
    )
    models.Parameter.objects.bulk_create(
        (
            models.Parameter(activity=job, name=f"parameter{number}", value=f"(PI in [200:{job.pk}])", description=None)
            for job in jobs
            for number in range(parameters)
        ),
        batch_size=10_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return dids


def compare(words: dict[str, str], repeat: int) -> None:
    from django.contrib.auth import get_user_model
    from django.db import connection

    from obstap.tap.query import run_query

    user = get_user_model().objects.create_user("asker")

    def ours(adql: str) -> int:
        answer = run_query(query=adql, responseformat="csv", maxrec=1_000_000, base_url="http://x", user=user)
        return sum(chunk.count(b"\n") for chunk in answer) - 1

    def directly(sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return len(cursor.fetchall())

    for title, adql, sql in QUERIES:
        mine, rows = timed(ours, adql.format(**words), repeat)
        theirs, same = timed(directly, sql.format(**words), repeat)
        assert rows == same, (title, rows, same)
        print(f"{title}: {rows:,} rows; TAP {mine:.1f} ms, database alone {theirs:.2f} ms; ratio {mine / theirs:.2f}")


def timed(ask: Callable[[str], int], query: str, repeat: int) -> tuple[float, Any]:
    """Milliseconds of the median run, and what it gave."""
    spent = []
    for _ in range(repeat):
        began = time.perf_counter()
        rows = ask(query)
        spent.append(1e3 * (time.perf_counter() - began))
    return median(spent), rows


if __name__ == "__main__":
    main()
