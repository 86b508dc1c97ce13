"""A job is repeated as it was, or refused with the reason."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobdefs import registry
from jobdefs.definition import Definition
from provenance.models import Activity, ComparedItem, Entity
from provenance.rerun.service import plan_rerun, rerun_job
from uws.engine.destroy import remove_files
from uws.models import Job, JobKind
from uws.phases import Phase
from uws.services import create_job
from uws.testing import drive
from vo.errors import IllegalStateError, NotFoundError, ParameterError, ParameterErrors, UsageError

pytestmark = pytest.mark.django_db


EVENTS_SUM = hashlib.sha256(b"events\n").hexdigest()
OTHERS_SUM = hashlib.sha256(b"others\n").hexdigest()


def verdict(job: Job) -> str:
    return Entity.objects.get(identifier=f"comparison:{job.pk}/verdict").value


def test_a_repetition_is_a_new_job_of_the_asker(ran, repeat, user) -> None:
    job = ran(text="hello", keep=["a b", "c"], run_id="first")
    again = repeat(job, user=user)
    assert again.pk != job.pk
    assert (again.repeats, again.retry_of, again.owner, again.phase) == (job, None, user, Phase.COMPLETED)
    assert (again.parameters, again.run_id, again.execution_duration) == (job.parameters, "first", 60)
    assert again.definition_document == job.definition_document
    assert verdict(again) == "identical"


def test_the_definition_is_the_one_that_ran(ran, repeat, monkeypatch) -> None:
    job = ran(text="hello")
    worker = registry.get("worker")
    changed = replace(worker, version="3.0", parameters=worker.parameters[:1])
    monkeypatch.setattr(registry, "all_definitions", lambda: {"worker": changed})
    again = repeat(job)
    assert (again.definition_version, again.phase) == ("2.1", Phase.COMPLETED)
    monkeypatch.setattr(registry, "all_definitions", dict)
    assert verdict(repeat(job)) == "identical"


def test_a_function_that_is_no_task_any_more_is_refused(ran, monkeypatch) -> None:
    job = ran("open", QUERY=["write"])
    monkeypatch.setattr(registry, "all_definitions", dict)
    with pytest.raises(UsageError, match=r"open 1\.0 is no longer a task of this service"):
        rerun_job(job_id=job.pk, user=None, base_url="")
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "builtin", "command": ("gone_task",)}, "built-in task that this service no longer has"),
        ({"environment": "builtin", "command": ("../evil",)}, "built-in task that this service no longer has"),
        ({"environment": "program", "command": ("/bin/echo", "{text}")}, "program that this service no longer has"),
        ({"packages": ("no_such_package",)}, "needs the Python package no_such_package"),
    ],
)
def test_programs_that_are_gone_are_refused(ran, change, message) -> None:
    job = ran(text="hello")
    definition = replace(Definition.from_dict(job.definition_document), **change)
    Job.objects.filter(pk=job.pk).update(definition_document=definition.to_dict())
    with pytest.raises(UsageError, match=message):
        rerun_job(job_id=job.pk, user=None, base_url="")


def test_sas_that_is_gone_is_refused(ran, service) -> None:
    job = ran(text="hello")
    service.SAS_DIR = ""
    with pytest.raises(UsageError, match="needs XMM-Newton SAS"):
        rerun_job(job_id=job.pk, user=None, base_url="")


def test_a_job_that_has_not_ended_is_refused(make_job) -> None:
    with pytest.raises(IllegalStateError, match="PENDING; only a job that has ended"):
        rerun_job(job_id=make_job().pk, user=None, base_url="")


@pytest.mark.parametrize("job_id", ["", "a" * 26, "\0", "../x", "job:x/y", "\ud800", "comparison:x", "x" * 3000])
def test_hostile_ids_are_not_found(db, job_id: str) -> None:
    with pytest.raises(NotFoundError):
        plan_rerun(job_id=job_id, user=None)


def test_another_users_job_is_not_there(ran, user, other) -> None:
    job = ran(text="hello", user=user)
    with pytest.raises(NotFoundError, match="There is no job"):
        rerun_job(job_id=job.pk, user=other, base_url="")
    with pytest.raises(NotFoundError):
        rerun_job(job_id=job.pk, user=None, base_url="")


def test_what_is_recorded_of_a_job_that_is_gone_does_not_suffice(ran) -> None:
    job = ran(text="hello")
    job_id = job.pk
    job.delete()
    with pytest.raises(UsageError, match="is gone: of its definition its provenance keeps the checksum only"):
        rerun_job(job_id=job_id, user=None, base_url="")


def test_limits_hold_as_for_any_new_job(ran, service) -> None:
    job = ran(text="hello")
    service.ATHANOR_OWNER_QUEUED = 1
    first = rerun_job(job_id=job.pk, user=None, base_url="")
    second = rerun_job(job_id=job.pk, user=None, base_url="")
    assert (first.phase, second.phase) == (Phase.QUEUED, Phase.HELD)
    assert second.held_reason


def test_inputs_of_the_archive_are_the_same_by_their_checksum(ran, repeat, dataset) -> None:
    did, path = dataset()
    job = ran(text="hello", table=did)
    os.utime(path, (1, 1))  # another state, the same content
    (item,) = plan_rerun(job_id=job.pk, user=None).inputs
    assert (item.parameter, item.entity_id, item.state, item.before, item.now) == (
        *("table", did, "the same"),
        *(EVENTS_SUM,) * 2,
    )
    assert verdict(repeat(job)) == "identical"


def test_a_changed_input_is_refused_or_told(ran, repeat, dataset) -> None:
    did, path = dataset()
    job = ran(text="hello", table=did)
    path.write_bytes(b"others\n")
    with pytest.raises(ParameterErrors) as caught:
        repeat(job)
    (error,) = caught.value.errors
    assert error.parameter == "table"
    assert error.message == (f"the input {did} has changed: its sha256 was {EVENTS_SUM} and is {OTHERS_SUM}.")
    assert Job.objects.count() == 1
    again = repeat(job, allow_changed=True)
    assert verdict(again) == "different"
    told = ComparedItem.objects.get(activity__identifier=f"comparison:{again.pk}", kind="input")
    assert (told.name, told.outcome, told.before, told.after) == (
        f"table={did}",
        "changed",
        EVENTS_SUM,
        OTHERS_SUM,
    )
    assert f"table={did}: changed" in Activity.objects.get(identifier=f"comparison:{again.pk}").comment


def test_a_missing_input_is_refused_by_its_name(ran, repeat, dataset) -> None:
    did, path = dataset()
    job = ran(text="hello", table=did)
    path.unlink()
    with pytest.raises(ParameterErrors) as caught:
        repeat(job, allow_changed=True)
    (error,) = caught.value.errors
    assert str(error) == (
        f"table: the input {did} is no longer here, or not yours to read. Its sha256 was {EVENTS_SUM}."
    )


def test_the_same_bytes_elsewhere_take_the_place_of_a_missing_input(ran, repeat, dataset) -> None:
    did, path = dataset(name="one.txt")
    copy, _ = dataset(name="two.txt")
    job = ran(text="hello", table=f"{did}:EVENTS")
    ran(text="other", table=copy)
    path.unlink()
    again = repeat(job)
    assert again.parameters["table"] == [f"{copy}:EVENTS"]
    assert verdict(again) == "identical"


def run_with_upload() -> Job:
    """A job that has ended, with whose request a file came."""
    job = create_job(
        definition="worker",
        parameters={"text": ["hello"]},
        files={"table": SimpleUploadedFile("mine.txt", b"uploaded\n")},
        user=None,
        base_url="http://testserver",
        run=True,
    )
    drive()
    return Job.objects.get(pk=job.pk)


def test_an_upload_is_kept_with_the_original(ran, repeat, service) -> None:
    again = repeat(run_with_upload())
    assert again.parameters["table"] == ["param:table"]
    assert (again.workdir / "uploads" / "table").read_bytes() == b"uploaded\n"
    assert verdict(again) == "identical"
    assert verdict(repeat(again)) == "identical"


def test_an_upload_that_is_gone_is_taken_from_where_the_same_bytes_are(ran, repeat, dataset) -> None:
    job = run_with_upload()
    remove_files(job)
    with pytest.raises(ParameterErrors, match="parameters/table is no longer here"):
        repeat(job)
    did, _ = dataset(b"uploaded\n")
    ran(text="other", table=did)
    again = repeat(job)
    assert again.parameters["table"] == ["param:table"]
    assert verdict(again) == "identical"


def test_results_of_earlier_jobs(ran, repeat) -> None:
    first = ran(text="first")
    second = ran(text="second", table=f"job:{first.pk}/output")
    again = repeat(second)
    assert (again.parameters["table"], verdict(again)) == ([f"job:{first.pk}/output"], "identical")


def test_private_inputs_are_not_read_for_others(ran, user, other, django_user_model) -> None:
    private = ran(text="private", user=user)
    job = ran(text="second", table=f"job:{private.pk}/output", user=user)
    Activity.objects.filter(identifier=job.pk).update(public_since=job.creation_time)  # as publishing does
    with pytest.raises(ParameterErrors, match="no longer here, or not yours to read"):
        rerun_job(job_id=job.pk, user=other, base_url="")
    root = django_user_model.objects.create_superuser("root")
    assert rerun_job(job_id=job.pk, user=root, base_url="").owner == root


def test_who_knows_a_job_by_its_public_provenance_may_repeat_it(ran, repeat, user, other) -> None:
    job = ran(text="hello", user=user, run_id="my secret name")
    Activity.objects.filter(identifier=job.pk).update(public_since=job.creation_time)
    again = repeat(job, user=other)
    assert (again.owner, again.run_id, verdict(again)) == (other, "", "identical")


def test_parameters_are_checked_again(ran) -> None:
    job = ran(text="hello")
    Job.objects.filter(pk=job.pk).update(parameters={"seconds": ["long"]})
    with pytest.raises((ParameterError, ParameterErrors), match="seconds"):
        rerun_job(job_id=job.pk, user=None, base_url="")


def test_a_pipeline_is_repeated_whole(ran, repeat, program, dataset) -> None:
    job = ran("chain", words=["a", "b"])
    again = repeat(job)
    assert (again.kind, again.children.count(), verdict(again)) == (JobKind.PIPELINE, 5, "identical")
    items = ComparedItem.objects.filter(activity__identifier=f"comparison:{again.pk}")
    assert set(items.filter(kind="result").values_list("name", "outcome")) == {
        ("last-1", "identical"),
        ("last-2", "identical"),
        ("all", "identical"),
    }
    assert set(items.filter(kind="step").values_list("name", "outcome")) == {
        (name, "identical") for name in ("first/1", "first/2", "second/1", "second/2", "third")
    }


def test_a_step_of_a_pipeline_is_repeated_by_itself(ran, repeat) -> None:
    job = ran("chain", words=["a"])
    step = job.children.get(step="second")
    again = repeat(step)
    assert (again.parent, again.definition, verdict(again)) == (None, "worker", "identical")


def test_the_file_of_a_pipeline_is_checked_by_what_its_steps_have_read(ran, repeat, dataset) -> None:
    did, path = dataset()
    job = ran("tree", rows=['[{"word":"x","code":""}]'], table=did)
    assert job.phase == Phase.COMPLETED
    path.write_bytes(b"others\n")
    with pytest.raises(ParameterErrors, match="has changed"):
        repeat(job)


def test_an_array_is_judged_by_its_rows(ran, repeat, dataset, service, program) -> None:
    did, path = dataset()
    job = create_job(
        definition="worker",
        parameters={},
        files={"sweep": SimpleUploadedFile("sweep.csv", f"text,table\none,\ntwo,{did}\n".encode())},
        user=None,
        base_url="http://testserver",
        array="param:sweep",
        run=True,
    )
    drive()
    job.refresh_from_db()
    again = repeat(job)
    assert (again.kind, again.children.count(), verdict(again)) == (JobKind.ARRAY, 2, "identical")
    path.write_bytes(b"others\n")
    with pytest.raises(ParameterErrors, match="has changed"):
        repeat(job)
    again = repeat(job, allow_changed=True)
    assert verdict(again) == "different"
    steps = ComparedItem.objects.filter(activity__identifier=f"comparison:{again.pk}", kind="step")
    assert set(steps.values_list("name", "outcome")) == {("row 1", "identical"), ("row 2", "different")}
