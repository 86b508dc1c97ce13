"""An ingest is an activity that generated the data sets which it brought in, each in the state in which it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obstap.ingest import ingest, run
from obstap.models import ArchiveFile
from provenance.models import Activity, ActivityKind, AlternateOf, Entity, WasGeneratedBy
from provenance.recording import record_ingest, record_job
from tests.obstap.ingest.builders import CHANDRA, event_list
from tests.obstap.ingest.conftest import archive  # noqa: F401 - fixture
from uws.digests import remember_digest
from uws.models import JobInput
from uws.runner_results import digest
from uws.times import now

pytestmark = pytest.mark.django_db

DID = "ivo://athanor.example/chandra?one.fits"


@pytest.fixture
def folder(archive, tmp_path: Path) -> Path:  # noqa: F811 - the fixture above
    """Two event lists."""
    event_list(tmp_path / "data" / "one.fits", CHANDRA)
    event_list(tmp_path / "data" / "two.fits", CHANDRA)
    return tmp_path / "data"


def change(path: Path) -> None:
    """Write other bytes of the same length, and the time that belongs to them."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def states(did: str = DID) -> list[tuple[str, bool]]:
    """The states of a data set: identifier, and whether it is in it now."""
    rows = Entity.objects.filter(identifier__startswith=did).order_by("pk")
    return [(entity.identifier, entity.invalidated_at_time is None) for entity in rows]


def makers(identifier: str) -> list[str]:
    rows = WasGeneratedBy.objects.filter(entity__identifier=identifier)
    return [activity.identifier for activity in Activity.objects.filter(generated__in=rows)]


def test_a_run_is_recorded_with_all_that_it_brought_in(folder: Path) -> None:
    before = now()
    ingest(paths=[folder])
    activity = Activity.objects.get(kind=ActivityKind.INGEST)
    assert activity.identifier.startswith("ingest:")
    assert (activity.name, activity.phase, activity.owner) == ("ingest", "COMPLETED", None)
    assert before <= activity.start_time <= activity.end_time <= now()
    assert activity.public_since <= activity.end_time
    assert activity.software["athanor"] == django_settings.ATHANOR_VERSION
    assert "astropy" in activity.software
    assert sorted(activity.parameters.values_list("name", "value", "description__value_type")) == [
        ("collection", "chandra", "string"),
        ("files", "2", "integer"),
    ]
    agents = activity.associations.order_by("pk").values_list("agent__identifier", "agent__type", "role")
    assert list(agents) == [
        ("authority/athanor.example", "Organization", "Operator"),
        (f"athanor/{django_settings.ATHANOR_VERSION}", "SoftwareAgent", "Provider"),
    ]
    assert [item.description.role for item in activity.generated.all()] == ["ingested"] * 2
    entity = Entity.objects.get(identifier=DID)
    size = (folder / "one.fits").stat().st_size
    assert (entity.kind, entity.name, entity.location) == ("dataset", "one.fits", "files/chandra/one.fits")
    assert (entity.size, entity.sha256, entity.owner) == (size, "", None)
    assert entity.generated_at_time == activity.end_time
    description = entity.description
    assert (description.name, description.type, description.content_type) == ("event", "event", "application/fits")


@pytest.mark.parametrize("again", [False, True])
def test_what_is_as_it_was_is_not_brought_in_again(folder: Path, again: bool) -> None:
    ingest(paths=[folder])
    before = states()
    ingest(paths=[folder], again=again)
    assert Activity.objects.filter(kind=ActivityKind.INGEST).count() == 1
    assert states() == before == [(DID, True)]


def test_nothing_is_recorded_of_what_was_only_looked_at(folder: Path) -> None:
    ingest(paths=[folder], dry_run=True)
    assert not Entity.objects.exists()


def test_a_file_that_has_changed_is_a_new_state(folder: Path) -> None:
    ingest(paths=[folder])
    change(folder / "one.fits")
    ingest(paths=[folder])
    (first, is_now), (second, is_second) = states()
    assert (first, is_now, is_second) == (DID, False, True)
    assert second.startswith(f"{DID}#")
    assert len({*makers(first), *makers(second)}) == 2
    change(folder / "one.fits")
    ingest(paths=[folder])
    assert [valid for _, valid in states()] == [False, False, True]
    assert states("ivo://athanor.example/chandra?two.fits") == [("ivo://athanor.example/chandra?two.fits", True)]


def test_a_state_that_is_over_has_no_file(folder: Path, client) -> None:
    def found(identifier: str) -> int:
        return client.get("/provenance/entities/", {"ID": identifier}).status_code

    ingest(paths=[folder])
    assert found(DID) == 303
    change(folder / "one.fits")
    ingest(paths=[folder])
    assert [found(identifier) for identifier, _ in states()] == [404, 303]


def read_by(job, path: Path, did: str = DID):
    """A job that has read a file of the archive; gives the entity that it used."""
    size, sha256 = digest(path)
    JobInput.objects.filter(job=job).update(
        reference=did, entity_id=did, path=str(path), name=path.name, size=size, sha256=sha256
    )
    remember_digest(path, sha256)
    return record_job(job_id=job.pk).used.get().entity


def test_a_job_is_tied_to_the_state_that_it_read(folder: Path, ended) -> None:
    ingest(paths=[folder])
    assert read_by(ended("a" * 26), folder / "one.fits").identifier == DID
    change(folder / "one.fits")
    ingest(paths=[folder])
    entity = read_by(ended("b" * 26), folder / "one.fits")
    assert (entity.identifier, True) == states()[1]
    assert entity.sha256 == digest(folder / "one.fits")[1]
    informants = Activity.objects.get(identifier="b" * 26).informants
    assert list(informants.values_list("informant__identifier", flat=True)) == makers(entity.identifier)


def test_the_first_state_is_not_mended_when_nobody_had_read_it(folder: Path, ended) -> None:
    ingest(paths=[folder])
    change(folder / "one.fits")
    ingest(paths=[folder])
    assert read_by(ended("b" * 26), folder / "one.fits").identifier == states()[1][0]
    assert Entity.objects.get(identifier=DID).sha256 == ""


def test_a_state_that_a_job_met_first_stays_that_state(folder: Path, ended) -> None:
    ingest(paths=[folder])
    read_by(ended("a" * 26), folder / "one.fits")
    change(folder / "one.fits")
    met = read_by(ended("b" * 26), folder / "one.fits")
    assert met.identifier == f"{DID}#{met.sha256[:16]}"
    ingest(paths=[folder])
    assert states() == [(DID, False), (met.identifier, True)]


def test_a_file_that_becomes_what_it_was_is_that_again_for_jobs(folder: Path, ended) -> None:
    ingest(paths=[folder])
    original = (folder / "one.fits").read_bytes()
    read_by(ended("a" * 26), folder / "one.fits")
    change(folder / "one.fits")
    ingest(paths=[folder])
    (folder / "one.fits").write_bytes(original)
    assert read_by(ended("b" * 26), folder / "one.fits").identifier == DID


def test_a_file_in_another_collection_is_another_data_set_of_the_same_bytes(folder: Path, ended) -> None:
    ingest(paths=[folder])
    read_by(ended("a" * 26), folder / "one.fits")
    ingest(paths=[folder], collection="other")
    assert states() == [(DID, False)]
    alternates = AlternateOf.objects.values_list("entity__identifier", "alternate__identifier")
    assert list(alternates) == [("ivo://athanor.example/other?one.fits", DID)]
    ingest(paths=[folder], collection="chandra")
    assert [valid for _, valid in states()] == [False, True]


def test_a_run_that_is_cut_short_leaves_nothing_and_the_next_is_whole(folder: Path, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(run.files_ingested, "send", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ingest(paths=[folder])
    assert not ArchiveFile.objects.exists()
    assert not Entity.objects.exists()
    ingest(paths=[folder])
    assert states() == [(DID, True)]
    assert makers(DID)


def test_data_sets_from_before_get_their_entities_when_they_are_used_or_read_again(folder: Path, ended) -> None:
    ingest(paths=[folder])
    Entity.objects.all().delete()
    Activity.objects.all().delete()
    assert read_by(ended("a" * 26), folder / "one.fits").identifier == DID
    ingest(paths=[folder], again=True)
    assert makers(DID) == []
    assert len(makers("ivo://athanor.example/chandra?two.fits")) == 1


def test_everybody_may_ask_where_a_data_set_comes_from(folder: Path, client) -> None:
    ingest(paths=[folder])
    asked = {"ID": DID, "RESPONSEFORMAT": "PROV-N", "CONFIGURATION": "1", "AGENTS": "1"}
    answer = client.get("/provsap", asked)
    document = b"".join(answer).decode()
    assert answer.status_code == 200
    assert "wasGeneratedBy(" in document
    assert "two.fits" not in document
    assert str(folder) not in document


def test_the_graph_of_a_job_has_nothing_of_an_ingest_that_it_did_not_use(folder: Path, ended, client) -> None:
    ingest(paths=[folder])
    job = ended("a" * 26)
    read_by(job, folder / "one.fits")
    answer = client.get(f"/provenance/jobs/{job.pk}.provn")
    document = b"".join(answer).decode()
    assert "one.fits" in document
    assert "two.fits" not in document


def queries_for(number: int) -> int:
    """How many queries it takes to record an ingest of that many data sets."""
    dids = [f"ivo://athanor.example/many{number}?{item}" for item in range(number)]
    ArchiveFile.objects.bulk_create(
        ArchiveFile(
            obs_publisher_did=did, collection=f"many{number}", name=str(item), path=f"/many{number}/{item}",
            media_type="application/fits", size=item, mtime_ns=item, obs_id=str(item), dataproduct_type="event",
        )
        for item, did in enumerate(dids)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as captured:
        record_ingest(dids=dids, changed=set(), moved={}, started=now(), parameters={})
    assert Entity.objects.filter(identifier__startswith=f"ivo://athanor.example/many{number}?").count() == number
    return len(captured)


def test_the_number_of_queries_is_that_of_batches_not_of_files(db) -> None:
    queries_for(1)  # describes what an ingest is
    assert queries_for(300) <= queries_for(30) + 10
