"""Nothing is lost and nothing is half written, whatever fails, in whatever order jobs end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from provenance.models import Activity, Entity, WasGeneratedBy, WasInformedBy
from provenance.recording import record_job
from tests.provenance.recording.conftest import digest
from uws.engine import announce as announcing
from uws.engine.announce import Announcer, announce
from uws.engine.destroy import destroy_due
from uws.models import Job
from uws.times import now


class Killed(BaseException):
    """What no code catches, like the end of the process."""


@pytest.fixture
def clock(monkeypatch):
    """The time that pauses are measured by; it goes on when a test says so."""
    time = [0.0]
    monkeypatch.setattr(announcing.time, "monotonic", lambda: time[0])
    return time


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Activity, Entity, WasGeneratedBy))


@pytest.mark.parametrize("place", ["configuration.add_config_files", "results.record_results", "agents.associate"])
@pytest.mark.parametrize("failure", [Killed, OSError])
@pytest.mark.django_db(transaction=True)
def test_a_recording_that_breaks_off_is_repaired(smelted, monkeypatch, clock, place, failure) -> None:
    job = smelted("broken", inputs=[("table", "ivo://x/a", digest("a"))], results=[("spectrum", "s", digest("1"))])
    name = place.rpartition(".")[2]

    def fail(*_: object) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(f"provenance.recording.jobs.{name}", fail)
        announcer = Announcer()
        if failure is Killed:
            with pytest.raises(Killed):
                announcer.announce_all()
        else:
            announcer.announce_all()
    assert rows() == (0, 0, 0)
    assert not Job.objects.get(pk=job.pk).announced
    clock[0] += 1000
    (Announcer() if failure is Killed else announcer).announce_all()
    assert rows() == (1, 2, 1)
    assert Job.objects.get(pk=job.pk).announced


@pytest.mark.django_db(transaction=True)
def test_a_job_that_cannot_be_recorded_holds_up_no_other(smelted, clock) -> None:
    smelted("bad", definition_document={"name": "smelt", "parameters": 7})
    announcer = Announcer()
    for number in range(3):
        smelted(f"good{number}")
        announcer.announce_all()
        clock[0] += 1000
    assert set(Activity.objects.values_list("identifier", flat=True)) == {"good0", "good1", "good2"}
    assert list(Job.objects.filter(announced=False).values_list("pk", flat=True)) == ["bad"]


@pytest.mark.parametrize("way", ["deleted", "due"])
@pytest.mark.django_db(transaction=True)
def test_a_job_is_not_removed_before_it_is_recorded(smelted, way) -> None:
    fields = {"deleted": True} if way == "deleted" else {"destruction": now() - timedelta(days=1)}
    job = smelted("gone", results=[("spectrum", "s", digest("1"))], **fields)
    destroy_due()
    assert Job.objects.filter(pk=job.pk).exists()
    announce(job_id=job.pk)
    destroy_due()
    assert not Job.objects.filter(pk=job.pk).exists()
    entity = Entity.objects.get(identifier="job:gone/spectrum")
    assert entity.invalidated_at_time is not None
    assert entity.generations.get().activity.phase == "COMPLETED"


@pytest.mark.parametrize("order", [("maker", "user"), ("user", "maker")])
def test_jobs_are_joined_in_whatever_order_they_are_recorded(smelted, order) -> None:
    smelted("maker", results=[("spectrum", "spectrum", digest("1"))])
    smelted("user", inputs=[("table", "job:maker/spectrum", digest("1"))])
    for job_id in order:
        record_job(job_id=job_id)
    link = WasInformedBy.objects.get()
    assert (link.informed.identifier, link.informant.identifier) == ("user", "maker")
    entity = Entity.objects.get()
    assert (entity.location, entity.description.name) == ("uws/smelt/maker/results/spectrum", "application/fits")
    assert entity.generated_at_time == Job.objects.get(pk="maker").end_time


@pytest.mark.parametrize("order", [("parent", "one", "two"), ("one", "parent", "two"), ("two", "one", "parent")])
def test_children_are_found_in_whatever_order_they_are_recorded(smelted, order) -> None:
    parent = smelted("parent", kind="pipeline")
    for name in ("one", "two"):
        smelted(name, parent=parent, step="s", branch=name)
    for job_id in order:
        record_job(job_id=job_id)
    assert set(Activity.objects.get(identifier="parent").steps.values_list("identifier", flat=True)) == {"one", "two"}


@pytest.mark.parametrize("order", [("doer", "taker", "second"), ("second", "taker", "doer")])
def test_what_was_taken_over_leads_to_who_did_it_in_whatever_order(smelted, order) -> None:
    parents = [smelted(f"parent{number}", kind="pipeline") for number in range(3)]
    doer = smelted("doer", parent=parents[0], results=[("spectrum", "s", digest("1"))])
    taker = smelted("taker", parent=parents[1], retry_of=doer, handle={"taken_over": "doer"})
    smelted("second", parent=parents[2], retry_of=taker, handle={"taken_over": "doer"})
    for job_id in order:
        record_job(job_id=job_id)
    assert set(WasInformedBy.objects.values_list("informed__identifier", "informant__identifier")) == {
        ("taker", "doer"),
        ("second", "doer"),
    }
    assert WasGeneratedBy.objects.get().activity.identifier == "doer"


@pytest.mark.django_db(transaction=True)
def test_files_last_as_long_as_a_job_has_them(smelted) -> None:
    parents = [smelted(f"parent{number}", kind="pipeline", announced=True) for number in range(2)]
    doer = smelted("doer", parent=parents[0], results=[("spectrum", "s", digest("1"))])
    smelted("taker", parent=parents[1], retry_of=doer, handle={"taken_over": "doer"})
    Announcer().announce_all()
    entity = Entity.objects.get(identifier="job:doer/spectrum")
    for parent, is_gone in ((parents[0], False), (parents[1], True)):
        Job.objects.filter(pk=parent.pk).update(deleted=True)
        destroy_due()
        destroy_due()
        entity.refresh_from_db()
        assert not Job.objects.filter(pk=parent.pk).exists()
        assert (entity.invalidated_at_time is not None) == is_gone


@pytest.mark.django_db(transaction=True)
def test_an_archived_job_has_no_files_any_more(smelted, settings) -> None:
    settings.ATHANOR_ARCHIVE_JOBS = ("always",)
    inputs = [("table", "job:old/parameters/table", digest("9")), ("more", "ivo://x/a", digest("a"))]
    smelted("old", inputs=inputs, results=[("spectrum", "s", digest("1"))], destruction=now() - timedelta(days=1))
    Announcer().announce_all()
    destroy_due()
    assert Job.objects.get().phase == "ARCHIVED"
    gone = Entity.objects.exclude(invalidated_at_time=None).values_list("identifier", flat=True)
    assert set(gone) == {"job:old/parameters/table", "job:old/spectrum"}


def test_the_number_of_statements_does_not_grow(smelted, django_assert_max_num_queries) -> None:
    record_job(job_id=smelted("first").pk)
    for count in (1, 40):
        results = [(f"spectrum-{number}", "spectrum", f"{number:064x}") for number in range(count)]
        inputs = [("more", f"ivo://x/a?{number}", f"{count}{number:062x}") for number in range(count)]
        job = smelted(f"job{count}", inputs=inputs, results=results)
        with django_assert_max_num_queries(42):
            record_job(job_id=job.pk)
