"""What collections, steps and other activities lead to, who may follow, and what is too much for one answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from provenance import models, walk
from provenance.models import ActivityKind, EntityKind
from provenance.pause import without_collection
from tests.provenance.documents.history import AGAIN, EVENTS, EVSELECT, FAILED, PICTURE, PREVIEW, SPECGROUP, TIME

FOLDER = "ivo://archive.example/ccf"
MEMBERS = {f"{FOLDER}?1", f"{FOLDER}?2"}
INGEST = "ingest:20260220"


@pytest.fixture
def ask(client: Client, askers: SimpleNamespace) -> Callable[..., set[str]]:
    """Identifiers of the activities and entities that an answer has."""

    def get(**parameters: object) -> set[str]:
        answer = client.get("/provsap", {"RESPONSEFORMAT": "PROV-JSON", **parameters})
        assert answer.status_code == 200, answer.content
        told = json.loads(answer.content)
        names = {name for kind in ("activity", "entity", "datasetEntity", "valueEntity") for name in told.get(kind, {})}
        known = {
            **{f"job:{job}": job for job in (EVSELECT, AGAIN, FAILED, SPECGROUP, PREVIEW)},
            "activity:ingest:20260220/#activity": INGEST,
        }
        return {known.get(name, name.replace("ivo:", "ivo://")) for name in names}

    return get


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"ID": FAILED, "DEPTH": "1"}, {FAILED, EVENTS, FOLDER}),
        ({"ID": FAILED, "DEPTH": "1", "MEMBERS": "1"}, {FAILED, EVENTS, FOLDER}),
        ({"ID": FAILED, "DEPTH": "2", "MEMBERS": "1"}, {FAILED, EVENTS, FOLDER, INGEST, *MEMBERS}),
        ({"ID": FAILED, "DEPTH": "ALL"}, {FAILED, EVENTS, FOLDER, INGEST}),
        ({"ID": FAILED, "DEPTH": "ALL", "MEMBERS": "true"}, {FAILED, EVENTS, FOLDER, INGEST, *MEMBERS}),
        ({"ID": FAILED, "DEPTH": "100", "MEMBERS": "true"}, {FAILED, EVENTS, FOLDER, INGEST, *MEMBERS}),
        ({"ID": f"{FOLDER}?1", "DEPTH": "1"}, {f"{FOLDER}?1", FOLDER}),
        ({"ID": f"{FOLDER}?1", "DEPTH": "ALL"}, {f"{FOLDER}?1", FOLDER}),
        ({"ID": f"{FOLDER}?1", "DEPTH": "2", "DIRECTION": "FORTH"}, {f"{FOLDER}?1", FOLDER, EVSELECT, AGAIN, FAILED}),
        ({"ID": INGEST, "DEPTH": "1", "DIRECTION": "FORTH"}, {INGEST, EVENTS}),
        ({"ID": f"http://testserver/provenance/activities/{INGEST}/", "DEPTH": "0"}, {INGEST}),
        ({"ID": f"http://testserver/provenance/activities/{INGEST}/#activity", "DEPTH": "0"}, {INGEST}),
        ({"ID": "http://testserver/provenance/entities/?ID=ivo%3A%2F%2Farchive.example%2Fccf", "DEPTH": "0"}, {FOLDER}),
        ({"ID": [FAILED, FOLDER], "DEPTH": "0"}, {FAILED, FOLDER}),
    ],
)
def test_what_is_found(ask: Callable[..., set[str]], parameters: dict[str, object], found: set[str]) -> None:
    assert ask(**parameters) == found


@pytest.mark.parametrize("depth", ["1", "100", "ALL"])
def test_members_and_collections_of_others_are_not_met(
    ask: Callable[..., set[str]], askers: SimpleNamespace, depth: str
) -> None:
    public = models.Entity.objects.get(identifier=FOLDER)
    hidden = models.Entity.objects.create(identifier="job:x/member", owner=askers.owner)
    models.HadMember.objects.create(collection=public, entity=hidden)
    bag = models.Entity.objects.create(identifier="job:x/bag", owner=askers.owner, kind=EntityKind.COLLECTION)
    models.HadMember.objects.create(collection=bag, entity=public)
    for direction in ("BACK", "FORTH"):
        found = ask(ID=FOLDER, DEPTH=depth, MEMBERS="1", DIRECTION=direction)
        assert [name for name in found if "x%2F" in name] == []
        assert found >= MEMBERS


@pytest.mark.parametrize("depth", ["2", "100", "ALL"])
def test_a_pipeline_leads_to_its_steps_and_what_they_came_from(ask: Callable[..., set[str]], depth: str) -> None:
    pipeline = models.Activity.objects.create(identifier="w" * 26, name="chain", phase="COMPLETED", public_since=TIME)
    models.Activity.objects.filter(identifier=FAILED).update(parent=pipeline)
    models.Activity.objects.filter(identifier=SPECGROUP).update(parent=pipeline)
    assert ask(ID=pipeline.identifier, DEPTH=depth) == {f"job:{pipeline.identifier}"}
    found = ask(ID=pipeline.identifier, DEPTH=depth, STEPS="1")
    assert found >= {FAILED, EVENTS, FOLDER}
    assert SPECGROUP not in found


def test_a_step_says_of_what_it_is_one(client: Client, askers: SimpleNamespace) -> None:
    pipeline = models.Activity.objects.create(identifier="w" * 26, name="chain", phase="COMPLETED", public_since=TIME)
    models.Activity.objects.filter(identifier=FAILED).update(parent=pipeline)
    answer = client.get("/provsap", {"ID": pipeline.identifier, "STEPS": "1", "DEPTH": "1"})
    told = json.loads(answer.content)["activity"][f"job:{FAILED}"]
    assert told["athanor:stepOf"] == {"$": f"job:{pipeline.identifier}", "type": "xsd:QName"}


@pytest.mark.parametrize("depth", ["5", "100", "ALL"])
def test_too_much_is_refused(
    client: Client, askers: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, depth: str
) -> None:
    monkeypatch.setattr(walk, "MOST", 3)
    answer = client.get("/provsap", {"ID": f"job:{EVSELECT}/spectrum", "DEPTH": depth})
    assert answer.status_code == 400
    assert "DEPTH" in answer.content.decode()
    assert client.get("/provsap", {"ID": f"job:{EVSELECT}/spectrum", "DEPTH": "1"}).status_code == 200


def test_too_many_relations_are_refused(
    client: Client, askers: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provenance.reading.rows.MOST_RELATIONS", 5)
    answer = client.get("/provsap", {"ID": PICTURE, "DEPTH": "ALL", "CONFIGURATION": "1"})
    assert answer.status_code == 200
    for number in range(6):
        activity = models.Activity.objects.get(identifier=PREVIEW)
        models.Parameter.objects.create(activity=activity, name=f"p{number}", value="1")
    answer = client.get("/provsap", {"ID": PICTURE, "DEPTH": "ALL", "CONFIGURATION": "1"})
    assert answer.status_code == 400
    assert "DEPTH" in answer.content.decode()


def test_too_many_identifiers_are_refused(client: Client, askers: SimpleNamespace) -> None:
    answer = client.post("/provsap", {"ID": [f"x{number}" for number in range(501)]})
    assert answer.status_code == 400
    assert "500 can be asked for" in answer.content.decode()


def test_what_cannot_be_an_identifier_is_not_found(client: Client, askers: SimpleNamespace) -> None:
    for wrong in ("\x00", "a\ud800b".encode("utf-8", "surrogatepass"), "x" * 100_000):
        assert client.post("/provsap", {"ID": wrong}).status_code == 404


def test_a_long_answer_is_streamed_and_whole(
    client: Client, askers: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = client.get("/provsap", {"ID": PICTURE, "DEPTH": "ALL"})
    assert not whole.streaming
    monkeypatch.setattr("provenance.views.SHORT", 10)
    pieces = client.get("/provsap", {"ID": PICTURE, "DEPTH": "ALL"})
    assert pieces.streaming
    assert b"".join(pieces.streaming_content) == whole.content


def test_what_a_published_job_used_has_a_name_but_no_address(client: Client, askers: SimpleNamespace) -> None:
    answer = client.get("/provsap", {"ID": PREVIEW, "DEPTH": "1"})
    used = json.loads(answer.content)["datasetEntity"][f"entity:job%3A{SPECGROUP}%2Fgrouped"]
    assert used["voprov:name"] == "grouped.fits"
    assert used["athanor:sha256"] == "6" * 64
    assert {"voprov:location", "voprov:generatedAtTime", "voprov:comment"}.isdisjoint(used)


def test_an_activity_that_is_no_job_says_what_it_was(client: Client, askers: SimpleNamespace) -> None:
    answer = client.get("/provsap", {"ID": INGEST, "DEPTH": "0"})
    told = json.loads(answer.content)["activity"]["activity:ingest:20260220/#activity"]
    assert told["athanor:kind"] == ActivityKind.INGEST


def test_the_search_for_cycles_goes_on_after_all_who_paused_it() -> None:
    import gc

    assert gc.isenabled()
    with without_collection():
        with without_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
