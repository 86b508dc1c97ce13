"""Jobs that wait for others."""

from __future__ import annotations

import pytest

from uws.engine.destroy import destroy_due
from uws.executors import Exit, MemoryExecutor
from uws.models import Job, Need
from uws.phases import Phase
from uws.pipelines.needs import settle_needs
from uws.services import abort_job, delete_job, run_job, set_parameters
from uws.signals import job_finished
from uws.testing import drive, stepping_engine
from vo.errors import ParameterError, ParameterErrors


def state(job) -> tuple:
    job.refresh_from_db()
    return job.phase, job.waiting_for, job.stage


def test_a_job_waits_and_then_reads_what_was_made(make_job):
    first = make_job(text="hello", run=True, run_id="the first")
    second = make_job(text="more", table=f"job:{first.pk}/output", run=True)
    assert state(second) == (Phase.QUEUED, 1, f"waits for job {first.pk} (the first)")
    assert second.inputs.count() == 0
    drive()
    assert state(second) == (Phase.COMPLETED, 0, "working")
    item = second.inputs.get()
    assert (item.entity_id, item.name) == (f"job:{first.pk}/output", "out.txt")
    assert item.sha256 == first.results.get().sha256
    assert (second.workdir / "work" / "out.txt").read_text() == "more\nhello\n"
    assert not Need.objects.exists()


def test_a_block_of_a_result_that_is_to_come(make_job):
    first = make_job(text="hello", run=True)
    second = make_job(table=f"job:{first.pk}/output:EVENTS", run=True)
    assert state(second)[:2] == (Phase.QUEUED, 1)
    drive()
    assert second.inputs.get().block == "EVENTS"


def test_a_job_waits_for_several(make_job):
    first, second = make_job(run=True, text="1"), make_job(run=True, text="2")
    third = make_job(table=f"http://testserver/uws/worker/{first.pk}/results/output", run=True)
    names = [f"job:{job.pk}/output" for job in (first, second, third)]
    last = make_job(tables=names, table=names[2], run=True)
    assert state(last) == (
        Phase.QUEUED,
        3,
        f"waits for jobs {third.pk} (worker), {first.pk} (worker), {second.pk} (worker)",
    )
    abort_job(job=make_job(tables=names, run=True))
    drive()
    assert state(last)[:2] == (Phase.COMPLETED, 0)
    assert sorted(last.inputs.values_list("reference", flat=True)) == sorted([*names, names[2]])


def test_with_one_need_less_it_still_waits(make_job, memory):
    first, second = make_job(run=True), make_job(run=True)
    last = make_job(tables=[f"job:{job.pk}/output" for job in (first, second)], run=True)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        memory.finish(first.pk)
        engine.step()
        engine.step()
        assert state(last) == (Phase.QUEUED, 1, f"waits for job {second.pk} (worker)")
        assert set(memory.tasks) == {first.pk, second.pk}


def test_the_queue_passes_a_job_that_waits(make_job, memory):
    needed = make_job(run=True)
    waiting = make_job(table=f"job:{needed.pk}/output", run=True)
    later = make_job(run=True)
    with stepping_engine({"local": memory}, slots=2) as engine:
        engine.step()
        assert set(memory.tasks) == {needed.pk, later.pk}
        assert state(waiting)[:2] == (Phase.QUEUED, 1)


@pytest.mark.parametrize(("code", "phase"), [("3", Phase.ERROR), (None, Phase.ABORTED)])
def test_what_is_needed_fails(make_job, code, phase):
    heard = []
    first = make_job(run=True, run_id="one", **({"code": code} if code else {}))
    second = make_job(table=f"job:{first.pk}/output", run=True, run_id="two")
    third = make_job(table=f"job:{second.pk}/output", run=True)

    def hear(job_id, **_):
        heard.append(job_id)

    job_finished.connect(hear)
    if code is None:
        abort_job(job=first)
    drive()
    job_finished.disconnect(hear)
    assert state(first)[0] == phase
    assert state(second)[:2] == state(third)[:2] == (Phase.ERROR, 0)
    assert second.error_type == third.error_type == "transient"
    assert second.error_message == f"It waited for the job {first.pk} (one), which ended {phase}."
    assert third.error_message == f"It waited for the job {second.pk} (two), which ended ERROR."
    assert {first.pk, second.pk, third.pk} == set(heard)
    assert [change.phase for change in third.phase_changes.all()] == ["PENDING", "QUEUED", "ERROR"]


def test_what_is_needed_is_deleted(make_job):
    first = make_job(run=True)
    second = make_job(table=f"job:{first.pk}/output", run=True)
    delete_job(job=first)
    settle_needs()
    assert state(second)[0] == Phase.ERROR
    assert second.error_message == f"It waited for the job {first.pk} (worker), which was removed."


def test_what_is_needed_is_removed_before_anybody_looked(make_job):
    first = make_job(run=True)
    second = make_job(table=f"job:{first.pk}/output", run=True)
    delete_job(job=first)
    Job.objects.filter(pk=first.pk).update(announced=True)
    destroy_due()
    assert not Job.objects.filter(pk=first.pk).exists()
    assert state(second)[0] == Phase.ERROR
    assert second.error_message == f"It waited for the job {first.pk} (worker), which was removed."


def test_a_waiting_job_is_aborted(make_job):
    first = make_job(run=True)
    second = make_job(table=f"job:{first.pk}/output", run=True)
    abort_job(job=second)
    drive()
    assert state(first)[0] == Phase.COMPLETED
    assert state(second) == (Phase.ABORTED, 0, "")
    assert not Need.objects.exists()


def test_a_pending_job_may_be_waited_for(make_job):
    first = make_job(text="late")
    second = make_job(table=f"job:{first.pk}/output", run=True)
    drive_while_waiting()
    assert state(second)[:2] == (Phase.QUEUED, 1)
    run_job(job=first)
    drive()
    assert state(second)[0] == Phase.COMPLETED


def drive_while_waiting():
    with stepping_engine() as engine:
        for _ in range(3):
            engine.step()


def test_jobs_cannot_wait_for_each_other(make_job):
    first, second = make_job(), make_job()
    third = make_job(table=f"job:{second.pk}/output", run=True)
    set_parameters(job=second, parameters={"table": [f"job:{first.pk}/output"]})
    run_job(job=second)
    set_parameters(job=first, parameters={"table": [f"job:{third.pk}/output"]})
    with pytest.raises(ParameterError) as caught:
        run_job(job=first)
    assert str(caught.value) == "table: It names a job that waits, perhaps through others, for this one."
    assert state(first)[:2] == (Phase.PENDING, 0)
    assert state(third)[:2] == (Phase.QUEUED, 1)
    set_parameters(job=first, parameters={"table": [f"job:{first.pk}/output"]})
    with pytest.raises(ParameterError, match=r"^table: "):
        run_job(job=first)


def test_results_that_will_not_be(make_job, user, other):
    first = make_job(run=True)
    with pytest.raises(ParameterErrors) as caught:
        make_job(table=f"job:{first.pk}/image", run=True)
    assert str(caught.value) == (f"table: The job {first.pk} will not make a result 'image'. It makes: output, extra.")
    theirs = make_job(run=True, user=other)
    with pytest.raises(ParameterErrors, match="There is no job"):
        make_job(table=f"job:{theirs.pk}/output", run=True, user=user)
    assert not Need.objects.exists()


def test_one_of_several_files_that_are_to_come(make_job):
    first = make_job(run=True)
    second = make_job(table=f"job:{first.pk}/extra-2", run=True)
    drive()
    assert state(second)[0] == Phase.ERROR
    assert second.error_message.startswith("The jobs that it waited for have completed, but it cannot run: table: ")
    assert second.error_type == "transient"


@pytest.mark.parametrize("ended", [Exit(reason="exited", exit_code=0), Exit(reason="exited", exit_code=1)])
def test_engines_die_at_every_moment(make_job, ended):
    """Whatever an engine has not done, the next one does; nothing is done twice."""
    memory = MemoryExecutor("local")
    first = make_job(run=True)
    second = make_job(table=f"job:{first.pk}/output", run=True)
    for _ in range(3):
        with stepping_engine({"local": memory}) as engine:
            engine.step()
    assert set(memory.tasks) == {first.pk}
    result = first.workdir / "work" / "out.txt"
    result.parent.mkdir(parents=True)
    result.write_text("x")
    found = {"name": "output", "path": "work/out.txt", "media_type": "text/plain", "size": 1, "sha256": "0" * 64}
    results = ({**found, "role": "", "product_type": ""},)
    memory.finish(first.pk, Exit(reason="exited", exit_code=ended.exit_code, results=results))
    for _ in range(3):
        with stepping_engine({"local": memory}) as engine:
            engine.step()
    if ended.exit_code:
        assert state(second)[0] == Phase.ERROR
    else:
        assert set(memory.tasks) == {first.pk, second.pk}
        assert second.inputs.count() == 1
