"""Same bytes are the same thing: among what the owner of a job may see, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from provenance.models import AlternateOf, Entity, WasInformedBy
from provenance.recording import record_job
from tests.provenance.recording.conftest import digest
from uws.times import now

HERS, HIS = "hers", "his"


@pytest.fixture
def users(django_user_model):
    return {name: django_user_model.objects.create_user(name) for name in (HERS, HIS)}


@pytest.fixture
def maker(smelted, users):
    """A job of hers that has made a spectrum."""
    job = smelted("maker", results=[("spectrum", "spectrum", digest("5"))], owner=users[HERS])
    return record_job(job_id=job.pk)


def upload(smelted, job_id, owner):
    job = smelted(job_id, inputs=[("table", f"job:{job_id}/parameters/table", digest("5"))], owner=owner)
    return record_job(job_id=job.pk)


def used(activity):
    return list(activity.used.values_list("entity__identifier", flat=True))


def test_a_result_that_is_sent_back_is_that_result(smelted, users, maker) -> None:
    activity = upload(smelted, "later", users[HERS])
    assert used(activity) == ["job:maker/spectrum"]
    assert list(WasInformedBy.objects.values_list("informed__identifier", "informant__identifier")) == [
        ("later", "maker")
    ]


@pytest.mark.parametrize("who", [HIS, None])
def test_what_is_not_ones_own_is_not_found(smelted, users, maker, who) -> None:
    activity = upload(smelted, "later", users.get(who))
    assert used(activity) == ["job:later/parameters/table"]
    assert WasInformedBy.objects.count() == 0
    assert AlternateOf.objects.count() == 0


def test_a_superuser_s_file_is_not_tied_to_what_others_own(smelted, users, maker) -> None:
    users[HIS].is_superuser = True
    users[HIS].save()
    assert used(upload(smelted, "later", users[HIS])) == ["job:later/parameters/table"]


def test_what_is_public_later_is_not_found_yet(smelted, users) -> None:
    Entity.objects.create(identifier="ivo://x/a?1", sha256=digest("5"), public_since=now() + timedelta(days=1))
    assert used(upload(smelted, "later", users[HERS])) == ["job:later/parameters/table"]


def test_data_sets_are_preferred_to_results_and_these_to_what_was_sent(smelted, users) -> None:
    first = upload(smelted, "first", users[HERS])
    assert used(upload(smelted, "second", users[HERS])) == used(first)
    record_job(job_id=smelted("maker", results=[("spectrum", "s", digest("5"))], owner=users[HERS]).pk)
    assert used(upload(smelted, "third", users[HERS])) == ["job:maker/spectrum"]
    Entity.objects.create(identifier="ivo://x/a?1", sha256=digest("5"), public_since=now() - timedelta(days=1))
    assert used(upload(smelted, "fourth", users[HERS])) == ["ivo://x/a?1"]
    assert used(upload(smelted, "fifth", users[HIS])) == ["ivo://x/a?1"]


def test_results_with_the_same_content_are_alternates_of_the_earliest(smelted, users, maker) -> None:
    for job_id, who in (("second", HERS), ("third", HERS), ("other", HIS)):
        results = [("spectrum", "s", digest("5")), ("empty", "s", digest("e")), ("new", "s", digest(job_id[0]))]
        job = smelted(job_id, results=results, owner=users[who])
        job.results.filter(name="empty").update(size=0)
        record_job(job_id=job.pk)
    assert set(AlternateOf.objects.values_list("entity__identifier", "alternate__identifier")) == {
        ("job:second/spectrum", "job:maker/spectrum"),
        ("job:third/spectrum", "job:maker/spectrum"),
    }


def test_two_equal_results_of_one_job_are_no_alternates(smelted) -> None:
    record_job(job_id=smelted("twins", results=[("a", "s", digest("5")), ("b", "s", digest("5"))]).pk)
    assert AlternateOf.objects.count() == 0
    assert Entity.objects.count() == 2
