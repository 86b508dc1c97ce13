"""The examples find what they promise on recorded jobs, in both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest
from django.test import Client

from jobdefs.definition import Input
from obstap.live import live_examples, live_tables
from obstap.stores import TableStore
from obstap.tap.examples import EXAMPLES, MODERN
from provenance.recording import record_job
from provenance.tap.examples import EXAMPLES as OWN
from tests.provenance.tap.conftest import DID, ask
from uws.models import Job, JobInput

JOB = "e5" * 13
MATRIX = "ivo://athanor.example/XMM-EPIC?matrix.rmf"


@pytest.fixture
def recorded(archive: TableStore, ended: Callable[..., Job]) -> None:
    """A job of evselect on an event list, with a response matrix."""
    job = ended(JOB, used=DID)
    document = {**job.definition_document, "name": "evselect"}
    document["inputs"] = [*document["inputs"], asdict(Input(parameter="limit", role="matrix", type="Calibration"))]
    job.definition, job.definition_document = "evselect", document
    job.save(update_fields=["definition", "definition_document"])
    JobInput.objects.create(
        job=job,
        parameter="limit",
        reference=MATRIX,
        entity_id=MATRIX,
        name="matrix.rmf",
        path="/data/matrix.rmf",
        media_type="application/fits",
        size=10,
        sha256="f" * 64,
    )
    record_job(job_id=JOB)


def found(identifier: str) -> list[dict[str, str]]:
    (example,) = [example for example in OWN if example.id == identifier]
    return ask(Client(), example.query)


def test_products_made_with_a_calibration_file(recorded) -> None:
    assert found("made-with") == [
        {"product": f"job:{JOB}/kept", "role": "matrix", "calibration_file": "matrix.rmf", "sha256": "f" * 64}
    ]


def test_jobs_that_used_an_event_list(recorded) -> None:
    assert found("jobs-of") == [
        {
            "obs_id": "0000000001",
            "instrument_name": "EPN",
            "activity_id": JOB,
            "task": "evselect",
            "start_time": "2026-03-01T12:00:00",
            "phase": "COMPLETED",
        }
    ]


def test_versions_of_evselect_behind_products(recorded) -> None:
    (row,) = found("versions")
    assert (row["entity_id"], row["task"], row["version"]) == (f"job:{JOB}/kept", "evselect", "1.2")
    assert (row["software"], row["operator"]) == ("athanor 0.1.0", "anonymous user")


def test_parameters_of_a_task(recorded) -> None:
    assert {(row["parameter"], row["parameter_value"], row["jobs"]) for row in found("settings")} == {
        ("table", DID, "1"),
        ("limit", "1500", "1"),
    }


def test_origins_run_on_any_archive(recorded) -> None:
    assert found("origins") == []  # nothing of this archive was ingested or published


def test_examples_name_their_tables_and_have_names_of_their_own() -> None:
    assert set(OWN) <= set(live_examples())
    known = [example.id for example in (*EXAMPLES, *MODERN, *live_examples())]
    assert len(set(known)) == len(known)
    for example in OWN:
        for table in example.tables:
            assert table in example.query
            assert table == "ivoa.obscore" or table in live_tables()


def test_the_page_for_clients_has_them(archive: TableStore) -> None:
    text = Client().get("/tap/examples").text
    assert all(f'id="{example.id}"' in text for example in OWN)
    assert OWN[0].name in Client().get(f"/tap?example={OWN[0].id}").text
