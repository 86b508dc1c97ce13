"""What the tables hold of recorded jobs, row by row, in both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from provenance import models
from provenance.recording import record_job
from provenance.tap.tables import VIEWS
from tests.provenance.conftest import TIME
from tests.provenance.tap.conftest import DID, Rows, ask
from uws.models import Job

JOB = "d4" * 13
KEPT = f"job:{JOB}/kept"
PUBLISHED = "ivo://athanor.example/products?kept.fits"


@pytest.fixture
def told(archive, ended: Callable[..., Job]) -> Callable[[str], Rows]:
    """A public job, its published result, and what else the model has room for; asks for all rows of a table."""
    record_job(job_id=ended(JOB, used=DID).id)
    job = models.Activity.objects.get(identifier=JOB)
    models.Activity.objects.update(software={"sas": "21.0", "athanor": "0.1.0"}, command=["sieve", "é"])
    kept = models.Entity.objects.get(identifier=KEPT)
    since = {"public_since": TIME - timedelta(days=1)}
    published = models.Entity.objects.create(identifier=PUBLISHED, name="kept.fits", sha256=kept.sha256, **since)
    publication = models.Activity.objects.create(
        kind="publication", identifier="publication:one", name="publish", phase="COMPLETED", **since
    )
    models.Used.objects.create(activity=publication, entity=kept, role="result")
    models.WasGeneratedBy.objects.create(activity=publication, entity=published, role="published")
    models.WasDerivedFrom.objects.create(entity=published, used_entity=kept)
    models.WasInformedBy.objects.create(informed=publication, informant=job)
    value = models.Entity.objects.create(kind="value", identifier=f"job:{JOB}/kept#n", value="12", **since)
    models.WasGeneratedBy.objects.create(activity=job, entity=value, role="n")
    models.Parameter.objects.create(activity=publication, name="rows", value="12", value_entity=value, is_default=True)
    folder = models.Entity.objects.create(kind="collection", identifier="ivo://athanor.example/odf?1", **since)
    models.HadMember.objects.create(collection=folder, entity=models.Entity.objects.get(identifier=DID))
    models.AlternateOf.objects.create(entity=published, alternate=kept)

    def rows(table: str) -> Rows:
        columns = [name for name, item in VIEWS[f"provenance.{table}"].items.items() if item.column.name != "host"]
        return ask(Client(), f"SELECT {', '.join(columns)} FROM provenance.{table} ORDER BY 1, 2")

    return rows


def picked(rows: Rows, *names: str) -> set[tuple[str, ...]]:
    return {tuple(row[name] for name in names) for row in rows}


def test_entities(told) -> None:
    rows = {row["entity_id"]: row for row in told("entity")}
    assert set(rows) == {DID, KEPT, PUBLISHED, f"{KEPT}#n", "ivo://athanor.example/odf?1"}
    kept = rows[KEPT]
    assert (kept["obs_publisher_did"], kept["kind"], kept["name"]) == ("", "dataset", "kept.fits")
    assert kept["location"] == f"http://testserver/uws/sieve/{JOB}/results/kept"
    assert kept["generated_at_time"] == "2026-03-01T12:01:00"
    assert (kept["sha256"], kept["entity_size"]) == ("d" * 64, "50")
    assert (kept["dataproduct_type"], kept["content_type"]) == ("event", "application/fits")
    assert rows[DID]["obs_publisher_did"] == DID
    assert rows[f"{KEPT}#n"]["entity_value"] == "12"


def test_activities(told) -> None:
    rows = {row["activity_id"]: row for row in told("activity")}
    assert set(rows) == {JOB, "publication:one"}
    job = rows[JOB]
    assert (job["kind"], job["name"], job["version"], job["phase"]) == ("job", "sieve", "1.2", "COMPLETED")
    assert (job["start_time"], job["end_time"]) == ("2026-03-01T12:00:00", "2026-03-01T12:01:00")
    assert (job["exit_code"], job["command"]) == ("0", '["sieve", "é"]')
    assert job["software"] == "athanor 0.1.0; sas 21.0"
    assert job["resources"] == '{"cpu_seconds": 1.5}'
    assert job["activitydescription_id"] == "sieve/1.2"
    assert job["page_url"] == f"http://testserver/jobs/{JOB}/"
    assert rows["publication:one"]["page_url"] == "http://testserver/provenance/activities/publication:one/"


def test_relations(told) -> None:
    assert picked(told("used"), "activity_id", "entity_id", "role") == {
        (JOB, DID, "events"),
        ("publication:one", KEPT, "result"),
    }
    (used,) = [row for row in told("used") if row["activity_id"] == JOB]
    assert (used["used_time"], used["usagedescription_id"]) == ("2026-03-01T12:00:00", "sieve/1.2/usage/events")
    assert picked(told("wasgeneratedby"), "entity_id", "activity_id", "role") == {
        (KEPT, JOB, "filtered"),
        (f"{KEPT}#n", JOB, "n"),
        (PUBLISHED, "publication:one", "published"),
    }
    assert picked(told("wasderivedfrom"), "entity_id", "used_entity_id") == {(KEPT, DID), (PUBLISHED, KEPT)}
    assert picked(told("wasinformedby"), "activity_id", "informant_id") == {("publication:one", JOB)}
    assert (JOB, "user/anonymous", "Operator") in picked(told("wasassociatedwith"), "activity_id", "agent_id", "role")
    assert (KEPT, "user/anonymous", "Creator") in picked(told("wasattributedto"), "entity_id", "agent_id", "role")
    assert told("hadmember") == [{"collection_id": "ivo://athanor.example/odf?1", "entity_id": DID}]
    assert told("alternateof") == [{"entity_id": PUBLISHED, "alternate_id": KEPT}]


def test_configuration_and_agents(told) -> None:
    names = ("activity_id", "name", "parameter_value", "is_default", "unit", "value_entity_id")
    assert picked(told("parameter"), *names) == {
        (JOB, "table", DID, "0", "", ""),
        (JOB, "limit", "1500", "0", "eV", ""),
        ("publication:one", "rows", "12", "1", "", f"{KEPT}#n"),
    }
    assert (JOB, "definition") in picked(told("configfile"), "activity_id", "name")
    agents = told("agent")
    assert ("user/anonymous", "anonymous user", "Person") in picked(agents, "agent_id", "name", "type")
    assert set(agents[0]) == {"agent_id", "name", "type", "comment", "affiliation", "url"}


def test_descriptions(told) -> None:
    (task,) = told("activitydescription")
    names = ("activitydescription_id", "type", "docurl", "activities")
    assert picked([task], *names) == {("sieve/1.2", "Selection", "https://example.org/sieve", "1")}
    (use,) = told("usagedescription")
    names = ("usagedescription_id", "task", "version", "role", "type")
    assert picked([use], *names) == {("sieve/1.2/usage/events", "sieve", "1.2", "events", "Main")}
    (product,) = [row for row in told("generationdescription") if row["role"] == "filtered"]
    assert product["generationdescription_id"] == "sieve/1.2/generation/filtered"
    limits = [row for row in told("parameterdescription") if row["name"] == "limit"]
    assert [(row["value_type"], row["unit"], row["min_value"], row["default_value"]) for row in limits] == [
        ("real", "eV", "0", "2000")
    ]
    assert "application/fits" in {row["content_type"] for row in told("entitydescription")}
    assert "definition" in {row["name"] for row in told("configfiledescription")}


def test_the_last_step_of_a_published_product_is_the_job(told) -> None:
    rows = {row["entity_id"]: row for row in told("last_step")}
    assert set(rows) == {KEPT, PUBLISHED}  # what nobody is known to have made has no row, nor has a value
    for identifier, did in ((KEPT, ""), (PUBLISHED, PUBLISHED)):
        row = rows[identifier]
        assert (row["obs_publisher_did"], row["activity_id"], row["sha256"]) == (did, JOB, "d" * 64)
        assert (row["task"], row["version"], row["phase"]) == ("sieve", "1.2", "COMPLETED")
        assert (row["software"], row["operator"]) == ("athanor 0.1.0; sas 21.0", "anonymous user")
        assert (row["start_time"], row["end_time"]) == ("2026-03-01T12:00:00", "2026-03-01T12:01:00")


def test_all_states_of_a_data_set_belong_to_it(told) -> None:
    later = {"public_since": TIME, "name": "later"}
    models.Entity.objects.create(identifier=f"{DID}#{'f' * 16}", **later)
    models.Entity.objects.create(identifier=f"{DID}0", **later)
    query = f"SELECT entity_id FROM provenance.entity WHERE obs_publisher_did = '{DID}' ORDER BY 1"
    assert [row["entity_id"] for row in ask(Client(), query)] == [DID, f"{DID}#{'f' * 16}"]


def test_what_no_engine_takes_does_no_harm(told) -> None:
    """SQLite stores NUL where PostgreSQL does not; nobody's row makes a table unreadable."""
    job = models.Activity.objects.get(identifier=JOB)
    odd = 'quote " comma , line\n\ttab \u00e9 \U0001f52d \\N'
    if connection.vendor == "sqlite":
        models.Parameter.objects.create(activity=job, name="nul", value="a\0b")
        (row,) = ask(Client(), "SELECT parameter_value FROM provenance.parameter WHERE name = 'nul'")
        assert row["parameter_value"] == "a\ufffdb"
    models.Parameter.objects.create(activity=job, name="odd", value=odd)
    (row,) = ask(Client(), "SELECT parameter_value FROM provenance.parameter WHERE name = 'odd'")
    assert row["parameter_value"] == odd


def test_rows_without_a_value_count(told) -> None:
    (row,) = ask(Client(), "SELECT COUNT(*) AS n, COUNT(comment) AS c FROM provenance.activity")
    assert row == {"n": "2", "c": "0"}
    assert ask(Client(), "SELECT comment FROM provenance.activity") == [{"comment": ""}] * 2
