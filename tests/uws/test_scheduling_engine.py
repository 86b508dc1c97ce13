"""The engine and executors with queues of their own; runs that are lost; slots in cores."""

from __future__ import annotations

from datetime import timedelta

import pytest

from uws.executors import Exit, MemoryExecutor, Task
from uws.models import CpuUse, Job
from uws.phases import Phase
from uws.services import abort_job
from uws.testing import stepping_engine
from uws.times import format_time, now

HOUR = timedelta(hours=1)


@pytest.fixture
def batch() -> MemoryExecutor:
    """An executor that lets jobs wait."""
    return MemoryExecutor("local", queues=True)


@pytest.fixture
def engine(service, batch):
    with stepping_engine({"local": batch}) as engine:
        yield engine


def history(job: Job) -> list[str]:
    return [change.phase for change in job.phase_changes.all()]


def set_definition(job: Job, **fields) -> None:
    job.definition_document = {**job.definition_document, **fields}
    job.save(update_fields=["definition_document"])


def test_a_job_is_queued_until_its_run_begins(make_job, engine, batch):
    job = make_job(run=True)
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.start_time, job.engine, job.handle) == ("QUEUED", None, engine.identity, {"memory": job.pk})
    batch.begin(job.pk)
    engine.step()
    job.refresh_from_db()
    assert job.phase == "EXECUTING"
    assert job.start_time is not None
    batch.finish(job.pk)
    engine.step()
    assert history(job) == ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]


def test_suspension_and_return_to_the_queue(make_job, engine, batch):
    job = make_job(run=True)
    seen = []
    engine.step()
    for change in (batch.begin, batch.suspend, batch.begin, batch.put_back, batch.begin, batch.suspend, batch.put_back):
        change(job.pk)
        engine.step()
        job.refresh_from_db()
        seen.append((job.phase, job.start_time is not None))
    assert seen == [
        ("EXECUTING", True),
        ("SUSPENDED", True),
        ("EXECUTING", True),
        ("QUEUED", False),
        ("EXECUTING", True),
        ("SUSPENDED", True),
        ("QUEUED", False),
    ]
    assert job.restarts == 0
    assert engine.held == {job.pk}


@pytest.mark.parametrize("change", ["begin", "suspend", "put_back"])
def test_a_run_that_ends_between_two_looks(make_job, engine, batch, change):
    job = make_job(run=True)
    engine.step()
    getattr(batch, change)(job.pk)
    engine.step()
    started = now() - HOUR
    batch.finish(job.pk, Exit("exited", exit_code=0, started=format_time(started), ended=format_time(now())))
    engine.step()
    job.refresh_from_db()
    assert (job.phase, history(job)[-2:]) == ("COMPLETED", ["EXECUTING", "COMPLETED"])
    assert job.start_time == started or change != "put_back"


@pytest.mark.parametrize("begun", [False, True])
def test_abort(make_job, engine, batch, begun):
    job = make_job(run=True)
    engine.step()
    if begun:
        batch.begin(job.pk)
        engine.step()
    abort_job(job=job)
    assert (job.phase, job.reaped) == ("ABORTED", False)
    engine.step()
    assert batch.exits[job.pk].reason == "cancelled"
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.reaped, job.announced, engine.held) == ("ABORTED", True, True, set())


def test_waiting_does_not_use_up_the_execution_duration(make_job, engine, batch, monkeypatch):
    job = make_job(run=True)
    Job.objects.update(execution_duration=60)
    engine.step()
    monkeypatch.setattr("uws.engine.engine.now", lambda: now() + HOUR)
    engine.step()
    assert batch.exits == {}
    batch.begin(job.pk)
    engine.step()
    engine.step()
    assert batch.exits == {}
    monkeypatch.setattr("uws.engine.engine.now", lambda: now() + 2 * HOUR)
    engine.step()
    engine.step()
    job.refresh_from_db()
    assert (job.phase, batch.exits[job.pk].reason) == ("ABORTED", "wall-limit")


def test_suspension_does_not_use_up_the_execution_duration(make_job, engine, batch, monkeypatch):
    job = make_job(run=True)
    Job.objects.update(execution_duration=60)
    engine.step()
    for change, later in ((batch.begin, 0), (batch.suspend, 0), (batch.begin, 1)):
        monkeypatch.setattr("uws.engine.engine.now", lambda later=later: now() + later * HOUR)
        change(job.pk)
        engine.step()
    engine.step()
    assert batch.exits == {}


def test_another_engine_goes_on_with_what_waits(make_job, batch):
    waiting, begun = make_job(run=True), make_job(run=True)
    with stepping_engine({"local": batch}) as dead:
        dead.step()
        batch.begin(begun.pk)
        dead.step()
    with stepping_engine({"local": batch}) as heir:
        heir.step()
        assert heir.held == {waiting.pk, begun.pk}
        for job in (waiting, begun):
            batch.finish(job.pk)
        heir.step()
    assert history(waiting) == history(begun) == ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]


def test_a_batch_is_submitted_together(make_job, engine, batch, monkeypatch):
    calls = []

    def submit_many(tasks: list[Task]) -> list:
        calls.append([task.job_id for task in tasks])
        return [OSError("no such partition"), {"memory": "x"}, ConnectionError("no answer")]

    monkeypatch.setattr(batch, "submit_many", submit_many)
    jobs = [make_job(run=True) for _ in range(3)]
    engine.step()
    for job in jobs:
        job.refresh_from_db()
    assert calls == [[job.pk for job in jobs]]
    assert [(job.phase, job.engine != "", job.restarts) for job in jobs] == [
        ("ERROR", True, 0),
        ("QUEUED", True, 0),
        ("QUEUED", False, 0),
    ]
    assert jobs[0].error_message == "worker could not be started: no such partition."
    assert history(jobs[2]) == ["PENDING", "QUEUED"]
    engine.step()
    assert len(calls) == 1


def test_an_executor_that_does_not_answer_loses_no_job(make_job, engine, batch, monkeypatch):
    job = make_job(run=True)
    engine.step()
    with monkeypatch.context() as silent:
        silent.setattr(batch, "poll", lambda run: (_ for _ in ()).throw(ConnectionRefusedError("no answer")))
        engine.step()
    batch.finish(job.pk)
    engine.step()
    job.refresh_from_db()
    assert job.phase == "COMPLETED"


LOST = {"lost": None, "node-failed": Exit("node-failed", host="node7")}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize(("retries", "message"), [(0, True), (1, True), (2, False)])
def test_runs_that_are_lost_with_their_machine(make_job, memory, *, how, retries, message):
    job = make_job(run=True)
    set_definition(job, retries=retries)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        for _ in range(2):
            if job.pk in engine.held:
                (job.workdir / "left.txt").write_text("by the first run")
                memory.lose(job.pk) if LOST[how] is None else memory.finish(job.pk, LOST[how])
                engine.step()
        job.refresh_from_db()
        assert job.restarts == min(retries, 2)
        if message:
            told = {
                "lost": "The runner was killed, and the run with it. Run the job again.",
                "node-failed": "The machine node7 on which the job ran has failed. Run the job again.",
            }
            assert (job.phase, job.error_type, job.error_message) == ("ERROR", "transient", told[how])
        else:
            assert job.phase == "EXECUTING"
            assert not (job.workdir / "left.txt").exists()
            memory.finish(job.pk)
            engine.step()
            job.refresh_from_db()
            assert job.phase == "COMPLETED"
    notes = [change.note for change in job.phase_changes.all() if change.note]
    where = "" if how == "lost" else " node7"
    assert notes == [f"The run was lost with its machine{where}; it is run again."] * min(retries, 2)


def test_what_came_with_the_request_is_there_for_the_next_run(client, service, memory):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.post("/uws/worker", {"table": SimpleUploadedFile("e.fits", b"events"), "PHASE": "RUN"})
    job = Job.objects.get()
    set_definition(job, retries=1)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        memory.lose(job.pk)
        engine.step()
    assert [path.relative_to(job.workdir).as_posix() for path in job.workdir.rglob("*") if path.is_file()] == [
        "uploads/table"
    ]


def test_an_aborted_job_is_not_run_again(make_job, memory):
    job = make_job(run=True)
    set_definition(job, retries=5)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        abort_job(job=job)
        memory.lose(job.pk)
        engine.step()
    job.refresh_from_db()
    assert (job.phase, job.restarts, job.reaped) == ("ABORTED", 0, True)


def test_memory_limit_in_words(make_job, memory):
    job = make_job(run=True)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        memory.finish(job.pk, Exit("memory-limit", signal=9))
        engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_type) == ("ERROR", "fatal")
    assert job.error_message.startswith("worker needed more than its memory of 4 GiB and was stopped.")


def test_slots_are_cores(make_job, memory):
    wide, narrow, wider, last = (make_job(run=True) for _ in range(4))
    for job, cores in ((wide, 3), (wider, 9)):
        Job.objects.filter(pk=job.pk).update(cores=cores)
    with stepping_engine({"local": memory}, slots=4) as engine:
        engine.step()
        assert engine.held == {wide.pk, narrow.pk}
        memory.finish(narrow.pk)
        engine.step()
        assert engine.held == {wide.pk}
        memory.finish(wide.pk)
        engine.step()
        assert engine.held == {wider.pk}
        memory.finish(wider.pk)
        engine.step()
        assert engine.held == {last.pk}


def test_processor_time_goes_to_the_ledger_once(make_job, memory, user):
    job = make_job(user=user, run=True)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        memory.finish(job.pk, Exit("exited", exit_code=0, usage={"cpu_seconds": 12.5}))
        engine.step()
        engine.step()
    row = CpuUse.objects.get()
    assert (row.owner, row.definition, row.executor, row.seconds) == (user.pk, "worker", "local", 12.5)


def test_queue_that_gives_nothing_is_left_alone_until_a_run_ends(make_job, memory, user, monkeypatch):
    from uws.models import Allowance

    Allowance.objects.create(user=user, running=1)
    first, second = make_job(user=user, run=True), make_job(user=user, run=True)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        asked = []
        claim = engine._claimer.claim
        monkeypatch.setattr(engine._claimer, "claim", lambda **options: asked.append(1) or claim(**options))
        for _ in range(3):
            engine.step(woken=False)
        assert len(asked) == 1
        memory.finish(first.pk)
        engine.step(woken=False)
        assert engine.held == {second.pk}
    assert Job.objects.filter(phase=Phase.EXECUTING).count() == 1
