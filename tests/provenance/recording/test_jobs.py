"""Every ended job leaves its provenance, once."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from provenance.models import (
    Activity,
    ActivityDescription,
    Agent,
    Entity,
    ParameterDescription,
    Used,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.recording import record_job
from uws.phases import Phase
from uws.signals import job_finished


def test_a_finished_job_is_recorded_by_the_signal(ended) -> None:
    job = ended("b" * 26)
    job_finished.send(sender=None, job_id=job.id)
    activity = Activity.objects.get(identifier=job.id)
    assert (activity.name, activity.phase, activity.exit_code, activity.host) == ("sieve", "COMPLETED", 0, "node1")
    assert activity.start_time == job.start_time
    assert activity.end_time == job.end_time
    assert {(item.name, item.value) for item in activity.parameters.all()} == {
        ("table", "ivo://athanor.example/demo?one"),
        ("limit", "1500"),
    }
    limit = activity.parameters.get(name="limit").description
    assert (limit.value_type, limit.unit, limit.default, limit.min) == ("real", "eV", "2000", "0")


def test_inputs_and_products_are_entities_with_hashes(ended) -> None:
    record_job(job_id=ended("b" * 26).id)
    used = Used.objects.select_related("entity", "description").get()
    made = WasGeneratedBy.objects.select_related("entity", "description").get()
    assert (used.entity.identifier, used.entity.sha256, used.role) == (
        "ivo://athanor.example/demo?one",
        "a" * 64,
        "events",
    )
    assert used.description.multiplicity == "1"
    assert (made.entity.identifier, made.entity.sha256, made.role) == (f"job:{'b' * 26}/kept", "b" * 64, "filtered")
    assert made.entity.location == f"uws/sieve/{'b' * 26}/results/kept"
    derived = WasDerivedFrom.objects.get()
    assert (derived.entity, derived.used_entity) == (made.entity, used.entity)


def test_recording_twice_changes_nothing(ended) -> None:
    job = ended("b" * 26)
    first = record_job(job_id=job.id)
    assert record_job(job_id=job.id) == first
    assert Activity.objects.count() == 1
    assert Used.objects.count() == 1


@pytest.mark.parametrize("phase", [Phase.ERROR, Phase.ABORTED])
def test_jobs_that_did_not_complete_are_recorded_too(ended, phase: Phase) -> None:
    activity = record_job(job_id=ended("b" * 26, phase=phase).id)
    assert activity.phase == phase
    assert activity.comment == "The sieve broke."
    assert WasGeneratedBy.objects.count() == 0
    assert Used.objects.count() == 1


def test_an_output_used_as_an_input_joins_two_jobs(ended) -> None:
    first = ended("b" * 26)
    record_job(job_id=first.id)
    second = ended("c" * 26, used=f"job:{first.id}/kept")
    second.inputs.update(sha256="b" * 64)
    record_job(job_id=second.id)
    link = WasInformedBy.objects.select_related("informed", "informant").get()
    assert (link.informed.identifier, link.informant.identifier) == (second.id, first.id)
    assert Entity.objects.filter(identifier=f"job:{first.id}/kept").count() == 1


def test_a_file_that_changed_since_is_another_entity(ended) -> None:
    record_job(job_id=ended("b" * 26).id)
    later = ended("c" * 26)
    later.inputs.update(sha256="d" * 64)
    record_job(job_id=later.id)
    identifiers = set(Entity.objects.exclude(identifier__startswith="job:").values_list("identifier", "sha256"))
    assert identifiers == {
        ("ivo://athanor.example/demo?one", "a" * 64),
        (f"ivo://athanor.example/demo?one#{'d' * 16}", "d" * 64),
    }


def test_definitions_are_described_once_per_version(ended) -> None:
    record_job(job_id=ended("b" * 26).id)
    record_job(job_id=ended("c" * 26).id)
    assert ActivityDescription.objects.count() == 1
    assert ParameterDescription.objects.count() == 2


def test_agents_are_the_user_and_the_service(ended) -> None:
    user = get_user_model().objects.create_user("marie", first_name="Marie", last_name="Curie")
    record_job(job_id=ended("b" * 26, user=user).id)
    assert set(Agent.objects.values_list("name", "type")) == {
        ("Marie Curie", "Person"),
        ("Athanor 0.1.0", "SoftwareAgent"),
    }


def test_recording_takes_few_queries(ended, django_assert_max_num_queries) -> None:
    record_job(job_id=ended("b" * 26).id)
    job = ended("c" * 26)
    with django_assert_max_num_queries(40):
        record_job(job_id=job.id)
