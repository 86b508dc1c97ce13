"""Tables are of one moment, hold nobody up, end when they are to end, and cost nothing where no query names them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obstap.live import Asker, Wanted, live_tables
from obstap.tap.query import run_query
from provenance.models import Activity, Entity
from provenance.tap import contents
from provenance.tap.contents import read_contents
from provenance.tap.reading import open_reader
from provenance.tap.tables import VIEWS
from tests.provenance.tap.conftest import DID, World
from vo.cancellation import Cancellation
from vo.errors import CancellationError, TimeLimitError, UnavailableError

ROOT = Path(__file__).parents[3]

ENDLESS = """
    WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 1000000000000)
    SELECT CAST(count(*) AS bigint) FROM many
"""


def test_a_query_sees_one_moment(transactional_db) -> None:
    """What is committed while the tables are read belongs to the next query."""
    Activity.objects.create(identifier="first", name="x", phase="COMPLETED")
    with open_reader(cancellation=Cancellation(), time_limit=None) as reader:
        before = count(reader, "provenance_activity")
        Activity.objects.create(identifier="second", name="x", phase="COMPLETED")
        Entity.objects.create(identifier="later")
        assert (before, count(reader, "provenance_activity"), count(reader, "provenance_entity")) == (1, 1, 0)
    with open_reader(cancellation=Cancellation(), time_limit=None) as reader:
        assert (count(reader, "provenance_activity"), count(reader, "provenance_entity")) == (2, 1)


def count(reader, table: str) -> int:
    ((column,),) = reader.read((f"SELECT count(*) FROM {table}", []), [pa.int64()])
    return column[0].as_py()


def test_nothing_is_written(transactional_db) -> None:
    with (
        pytest.raises(UnavailableError, match="cannot be read"),
        open_reader(cancellation=Cancellation(), time_limit=None) as reader,
    ):
        list(reader.read(("DELETE FROM provenance_activity RETURNING id", []), [pa.int64()]))


def test_reading_ends_at_its_time_limit(transactional_db) -> None:
    with (
        pytest.raises(TimeLimitError, match="exceeded its time limit"),
        open_reader(cancellation=Cancellation(), time_limit=0.2) as reader,
    ):
        list(reader.read((ENDLESS, []), [pa.int64()]))


def test_reading_ends_when_it_is_cancelled(transactional_db) -> None:
    cancellation = Cancellation()
    timer = threading.Timer(0.2, cancellation.cancel)
    timer.start()
    with (
        pytest.raises(CancellationError),
        open_reader(cancellation=cancellation, time_limit=None) as reader,
    ):
        list(reader.read((ENDLESS, []), [pa.int64()]))
    timer.join()
    with pytest.raises(CancellationError), open_reader(cancellation=cancellation, time_limit=None):
        pass


def test_too_much_is_refused(world: World, monkeypatch) -> None:
    monkeypatch.setattr(contents, "MOST_BYTES", 10)
    response = Client().post(
        "/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT * FROM provenance.entity", "RESPONSEFORMAT": "csv"}
    )
    assert response.status_code == 400
    assert "more than 512 MB of provenance" in response.content.decode()


def test_a_long_value_is_read(world: World) -> None:
    long = "é\n" * 2**20
    Entity.objects.filter(identifier=f"job:{world.jobs['nobody']}/kept").update(value=long)
    query = "SELECT entity_value FROM provenance.entity WHERE entity_value IS NOT NULL"
    answer = run_query(query=query, base_url="http://x", responseformat="json")
    assert b"".join(answer).decode().count("é") == 2**20


def test_only_what_matters_is_read(world: World) -> None:
    asker = Asker(world.users["chief"], "http://x", Cancellation())
    used = live_tables()["provenance.used"]
    entity = live_tables()["provenance.entity"]
    wanted = [
        Wanted(used, {}, (("entity_id", "provenance.entity", "entity_id"),)),
        Wanted(entity, {"entity_id": frozenset({f"job:{world.jobs['ann']}/kept"})}),
    ]
    first, second = read_contents(VIEWS, wanted, asker)
    assert (first.table, second.table) == (used, entity)
    assert sum(batch.num_rows for batch in second.batches) == 1
    assert sum(batch.num_rows for batch in first.batches) == 0  # nobody used it
    wanted[1] = Wanted(entity, {"obs_publisher_did": frozenset({DID})})
    first, second = read_contents(VIEWS, wanted, asker)
    assert sum(batch.num_rows for batch in second.batches) == 1
    assert sum(batch.num_rows for batch in first.batches) == 3


JOINED = "FROM provenance.activity AS a {} JOIN provenance.wasgeneratedby AS g ON g.activity_id = a.activity_id"


@pytest.mark.parametrize("kind", ["INNER", "LEFT", "RIGHT", "FULL"])
def test_what_is_left_out_changes_no_answer(world: World, kind: str) -> None:
    """Conditions that confine what is read, against the same conditions written so that they confine nothing."""
    for condition in (
        f"a.activity_id = '{world.jobs['nobody']}'",
        f"g.entity_id IN ('job:{world.jobs['ann']}/kept', 'x')",
        "a.name = 'sieve' AND g.role = 'nothing'",
    ):
        whole = condition.replace(" = '", " LIKE '").replace("g.entity_id IN (", "'' || g.entity_id IN (")
        query = f"SELECT a.activity_id, g.entity_id {JOINED.format(kind)} WHERE {{}} ORDER BY 1, 2"
        assert world.ask("chief", query.format(condition)) == world.ask("chief", query.format(whole))


def test_a_query_of_other_tables_asks_the_database_nothing(world: World) -> None:
    query = "SELECT COUNT(*) AS n FROM ivoa.obscore"
    with CaptureQueriesContext(connection) as asked:
        answer = run_query(query=query, base_url="http://x", responseformat="csv", user=world.users["ann"])
        assert b"".join(answer).split() == [b"n", b"3"]
    assert list(asked) == []


def test_a_query_without_an_asker_sees_what_is_public(world: World) -> None:
    answer = run_query(query="SELECT activity_id FROM provenance.activity", base_url="http://x", responseformat="csv")
    assert b"".join(answer).decode().split()[1:] == [world.jobs["nobody"]]


def test_the_check_of_a_query_reads_nothing(world: World, monkeypatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(contents, "open_reader", never)
    response = Client().get(
        "/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT * FROM provenance.used", "RESPONSEFORMAT": "csv", "MAXREC": "0"}
    )
    assert response.status_code == 200
    assert response.getvalue().split() == [b",".join(name.encode() for name in VIEWS["provenance.used"].items)]


def test_with_an_uploaded_table(world: World) -> None:
    table = (
        '<VOTABLE><RESOURCE><TABLE><FIELD name="job" datatype="char" arraysize="*"/><DATA><TABLEDATA>'
        f"<TR><TD>{world.jobs['nobody']}</TD></TR><TR><TD>{world.jobs['ben']}</TD></TR>"
        "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    response = Client().post(
        "/tap/sync",
        {
            "LANG": "ADQL",
            "QUERY": "SELECT activity_id FROM TAP_UPLOAD.mine JOIN provenance.activity ON activity_id = job",
            "UPLOAD": "mine,param:mine",
            "RESPONSEFORMAT": "csv",
            "mine": SimpleUploadedFile("mine.xml", table.encode()),
        },
    )
    assert response.getvalue().decode().split()[1:] == [world.jobs["nobody"]]


def test_names_that_are_wrong_get_a_suggestion(world: World) -> None:
    for query, hint in (
        ("SELECT * FROM provenance.activitys", "provenance.activity"),
        ("SELECT * FROM last_step", "provenance.last_step"),
        ("SELECT job_id FROM provenance.activity", "no column job_id"),
    ):
        response = Client().get("/tap/sync", {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "csv"})
        assert response.status_code == 400
        assert hint in response.content.decode()


def test_writers_are_not_held_up(transactional_db) -> None:
    """A job is recorded while somebody reads, and the other way round."""
    with open_reader(cancellation=Cancellation(), time_limit=None) as reader:
        assert count(reader, "provenance_activity") == 0
        writing = threading.Thread(target=write)
        writing.start()
        writing.join(timeout=20)
        assert not writing.is_alive()
    assert Activity.objects.count() == 1


def write() -> None:
    try:
        Activity.objects.create(identifier="meanwhile", name="x", phase="COMPLETED")
    finally:
        connections.close_all()


def test_ordinary_queries_load_nothing_of_provenance(tmp_path: Path) -> None:
    script = "import django; django.setup(); import obstap.tap.query, sys; print(*sys.modules)"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ATHANOR_ENV": "development",
        "ATHANOR_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not {"provenance.tap.contents", "provenance.tap.reading", "pyarrow.csv"} & loaded
