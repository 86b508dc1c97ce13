"""Provenance of pipelines: their results lead to the jobs that made them, and what was taken over ran once."""

from __future__ import annotations

import pytest

from provenance.models import Activity, WasDerivedFrom, WasInformedBy
from provenance.selectors import job_graph
from tests.uws.conftest import definitions, home, make_job, sas, service  # noqa: F401 - fixtures
from uws.services import retry_job
from uws.testing import drive


@pytest.fixture
def finished(make_job):  # noqa: F811 - the fixture
    job = make_job("chain", words=["a", "b"], run=True)
    drive()
    return job


def child(job, step, branch=""):
    return job.children.get(step=step, branch=branch)


def test_results_come_from_the_steps(finished):
    derived = WasDerivedFrom.objects.filter(entity__identifier__startswith=f"job:{finished.pk}/")
    assert {(item.entity.identifier, item.used_entity.identifier) for item in derived} == {
        (f"job:{finished.pk}/last-1", f"job:{child(finished, 'second', '1').pk}/output"),
        (f"job:{finished.pk}/last-2", f"job:{child(finished, 'second', '2').pk}/output"),
        (f"job:{finished.pk}/all", f"job:{child(finished, 'third').pk}/output"),
    }
    informants = WasInformedBy.objects.filter(informed__identifier=finished.pk)
    assert {item.informant.identifier for item in informants} == {
        child(finished, "second", "1").pk,
        child(finished, "second", "2").pk,
        child(finished, "third").pk,
    }
    graph = job_graph(job_id=finished.pk, user=None)
    assert len(graph.activities) == 6
    activity = Activity.objects.get(identifier=finished.pk)
    assert (activity.name, activity.command, activity.phase) == ("chain", [], "COMPLETED")


def test_a_graph_has_bounds(finished, monkeypatch):
    monkeypatch.setattr("provenance.selectors.MOST", 3)
    assert len(job_graph(job_id=finished.pk, user=None).activities) == 1


def test_what_is_taken_over_leads_to_who_did_it(finished):
    again = retry_job(job=finished)
    drive()
    for job in again.children.all():
        activity = Activity.objects.get(identifier=job.pk)
        doer = finished.children.get(step=job.step, branch=job.branch)
        assert (activity.parent.identifier, activity.phase) == (again.pk, "COMPLETED")
        assert activity.comment == f"Not run: it has the results of job {doer.pk}."
        assert [link.informant.identifier for link in activity.informants.all()] == [doer.pk]
        assert (activity.used.count(), activity.generated.count()) == (0, 0)
    derived = WasDerivedFrom.objects.get(entity__identifier=f"job:{again.pk}/last-1")
    assert derived.used_entity.identifier == f"job:{child(finished, 'second', '1').pk}/output"


def test_branches_with_the_same_content_are_told_apart(make_job):  # noqa: F811 - the fixture
    job = make_job("chain", words=["a", "a"], gather="no", run=True)
    drive()
    derived = WasDerivedFrom.objects.filter(entity__identifier__startswith=f"job:{job.pk}/")
    assert {(item.entity.identifier[-1], item.used_entity.identifier) for item in derived} == {
        (branch, f"job:{child(job, 'second', branch).pk}/output") for branch in ("1", "2")
    }
