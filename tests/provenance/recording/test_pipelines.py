"""Provenance of pipelines: their results lead to the jobs that made them, and what was taken over ran once."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from provenance.models import Activity, Entity, Parameter, Used, WasDerivedFrom, WasInformedBy
from provenance.selectors import job_graph
from tests.uws.conftest import definitions, home, make_job, sas, service  # noqa: F401 - fixtures
from tests.uws.sassite import ODF_FILES, odf_volume, site  # noqa: F401 - fixtures
from uws.digests import known_digest
from uws.services import create_job, retry_job
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


def test_values_out_of_a_table_lead_to_the_step_that_made_it(make_job):  # noqa: F811 - the fixture
    rows = ['[{"word":"a","code":""},{"word":"b","code":""}]', '[{"word":"c","code":""}]']
    job = make_job("tree", rows=rows, run=True)
    drive()
    for branch, word in (("1.1", "a"), ("1.2", "b"), ("2.1", "c")):
        outer, _, row = branch.partition(".")
        leaf, table = child(job, "leaf", branch), child(job, "list", outer)
        parameter = Parameter.objects.get(activity__identifier=leaf.pk, name="text", is_default=False)
        value = parameter.value_entity
        assert (parameter.value, value.kind, value.value, value.name) == (word, "value", word, "word")
        assert value.identifier == f"job:{table.pk}/list#{row}.word"
        assert (value.description.value_type, value.sha256) == ("string", "")
        assert value.generations.get().activity.identifier == table.pk
        assert value.derived_from.get().used_entity.identifier == f"job:{table.pk}/list"
        informants = WasInformedBy.objects.filter(informed__identifier=leaf.pk)
        assert [link.informant.identifier for link in informants] == [table.pk]


def test_the_results_of_an_array_are_a_collection(service, client):  # noqa: F811 - the fixture
    sweep = SimpleUploadedFile("sweep", b"text\none\ntwo\n")
    job = create_job(
        definition="worker",
        parameters={},
        user=None,
        base_url="http://testserver",
        run=True,
        array="param:sweep",
        files={"sweep": sweep},
    )
    drive()
    collection = Entity.objects.get(identifier=f"job:{job.pk}/results")
    assert collection.kind == "collection"
    assert collection.generations.get().activity.identifier == job.pk
    assert set(collection.members.values_list("entity__identifier", flat=True)) == {
        f"job:{item.pk}/output" for item in job.children.all()
    }


def test_what_was_sent_to_a_pipeline_is_what_its_steps_have_read(service):  # noqa: F811 - the fixture
    job = create_job(
        definition="tree",
        parameters={"rows": ['[{"word":"a","code":""}]'], "table": ["param:table"]},
        user=None,
        base_url="http://testserver",
        run=True,
        files={"table": SimpleUploadedFile("table", b"sent")},
    )
    drive()
    sent = hashlib.sha256(b"sent").hexdigest()
    used = Used.objects.filter(entity__sha256=sent)
    assert set(used.values_list("activity__identifier", "entity__identifier")) == {
        (item, f"job:{job.pk}/parameters/table") for item in (job.pk, child(job, "leaf", "1.1").pk)
    }
    assert known_digest(retry_job(job=job).workdir / "uploads" / "table") == sent  # it is not read again


def test_a_directory_that_a_job_has_read_is_told_by_its_files(site, odf_volume):  # noqa: F811 - the fixtures
    job = create_job(
        definition="emchain",
        parameters={"odfdir": ["odf:0123700101"]},
        user=None,
        base_url="http://testserver",
        run=True,
    )
    drive()
    folder = Entity.objects.get(identifier="odf:0123700101")
    assert (folder.kind, folder.usages.get().activity.identifier) == ("collection", job.pk)
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in ODF_FILES.items()}
    assert dict(folder.members.values_list("entity__name", "entity__sha256")) == sums
