"""The engine, step by step in the test's own process."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import OperationalError

from uws.engine import announce
from uws.engine.claim import Claimer
from uws.engine.engine import Engine
from uws.executors import Exit, MemoryExecutor, Progress
from uws.machine import describe_machine
from uws.models import FileDigest, Job
from uws.phases import Phase
from uws.services import abort_job, delete_job, run_job
from uws.signals import job_deleted, job_finished
from uws.testing import drive, stepping_engine
from uws.times import now
from vo.errors import ParameterErrors


@pytest.fixture
def engine(service, memory) -> Engine:
    with stepping_engine({"local": memory}) as engine:
        yield engine


@pytest.fixture
def heard():
    """Ids of jobs in the order in which their ends were announced."""
    ids = []

    def hear(job_id, **_):
        ids.append(job_id)

    job_finished.connect(hear)
    yield ids
    job_finished.disconnect(hear)


def phases(job) -> list[str]:
    return [change.phase for change in job.phase_changes.all()]


def test_program(make_job, heard, settings):
    job = make_job(text="hello", run=True)
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_message, job.exit_code) == (Phase.COMPLETED, "", 0)
    assert phases(job) == ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]
    assert job.creation_time <= job.start_time <= job.end_time
    assert job.command[1:] == ["-P", "-m", "jobdefs.sas", "worker", "text=hello"]
    assert job.software == {
        "athanor": "0.1.0",
        "ccf": settings.SAS_CCFPATH,
        "worker": "2.1",
        "xmmsas": "20240101_0000-21.0.0",
        **describe_machine(),
    }
    assert (job.stage, job.progress_done, job.progress_total) == ("working", 1, 2)
    assert job.usage["wall_seconds"] > 0
    assert job.host
    result = job.results.get()
    assert (result.name, result.path, result.media_type, result.role) == (
        "output",
        "work/out.txt",
        "text/plain",
        "product",
    )
    assert result.sha256 == hashlib.sha256(b"hello\n").hexdigest()
    assert heard == [job.pk]


def test_function(make_job):
    job = make_job("open", QUERY="write", run=True)
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_message, job.executor) == (Phase.COMPLETED, "", "inprocess")
    assert (job.workdir / job.results.get(name="result").path).read_text() == "write\n"


def test_result_is_input_of_the_next(make_job, user):
    first = make_job(text="one", user=user, run=True)
    drive()
    reference = f"job:{first.pk}/output"
    second = make_job(text="two", table=reference, user=user, run=True)
    third = make_job(text="three", table=f"{reference}:EVENTS", user=user, run=True)
    fourth = make_job(table=f"http://testserver/uws/worker/{first.pk}/results/output", user=user, run=True)
    drive()
    given = second.inputs.get()
    assert (given.parameter, given.entity_id, given.name) == ("table", reference, "out.txt")
    assert given.sha256 == first.results.get().sha256
    assert (second.workdir / "work" / "out.txt").read_text() == "two\none\n"
    third.refresh_from_db()
    assert "table=inputs/out.txt:EVENTS" in third.command
    assert third.inputs.get().block == "EVENTS"
    assert fourth.inputs.get().entity_id == reference
    with pytest.raises(ParameterErrors, match="has no result 'output:BBB"):
        make_job(table=f"{reference}:{'B' * 101}", user=user, run=True)


def test_results_of_others_are_no_inputs(client, make_job, user, other):
    first = make_job(text="one", user=user, run=True)
    drive()
    client.force_login(other)
    answer = client.post("/uws/worker", {"table": f"job:{first.pk}/output", "PHASE": "RUN"})
    assert (answer.status_code, answer.content[:6]) == (400, b"table:")


def test_upload_is_input_and_is_hashed_once(client, service):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.post("/uws/worker", {"table": SimpleUploadedFile("e.fits", b"events"), "PHASE": "RUN"})
    drive()
    job = Job.objects.get()
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    digest = hashlib.sha256(b"events").hexdigest()
    assert job.inputs.get().sha256 == FileDigest.objects.get().sha256 == digest


def test_input_that_vanished(make_job, engine):
    first = make_job(text="one", run=True)
    drive()
    second = make_job(table=f"job:{first.pk}/output", run=True)
    (first.workdir / "work" / "out.txt").unlink()
    engine.step()
    second.refresh_from_db()
    assert (second.phase, second.error_type) == ("ERROR", "fatal")
    assert second.error_message.startswith(f"The file of table=job:{first.pk}/output is no longer here.")


@pytest.mark.parametrize(
    ("ended", "phase", "message"),
    [
        (Exit("exited", exit_code=0), "COMPLETED", ""),
        (Exit("exited", exit_code=3), "ERROR", "worker ended with exit code 3."),
        (Exit("exited", signal=11), "ERROR", "worker was ended by signal 11 (Segmentation fault)."),
        (Exit("exited", signal=24), "ERROR", "worker exceeded its limit of processor time."),
        (Exit("exited", signal=25), "ERROR", "worker exceeded the limit of the size of one file."),
        (
            Exit("wall-limit"),
            "ABORTED",
            "The job ran longer than its execution duration of 60 s and was stopped.",
        ),
        (Exit("cancelled"), "ERROR", "The run was stopped from outside. Run the job again."),
        (Exit("failed-to-start", message="x: not found"), "ERROR", "worker could not be started: x: not found."),
        (
            Exit("output-missing", exit_code=0, message="out.txt"),
            "ERROR",
            "worker ended without an error, but did not write out.txt.",
        ),
        (Exit("failed", message="No such table."), "ERROR", "No such table."),
    ],
)
def test_outcomes(make_job, engine, memory, *, ended, phase, message):
    job = make_job(run=True)
    engine.step()
    memory.finish(job.pk, ended)
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_message, job.reaped, job.announced) == (phase, message, True, True)
    assert (job.error_type != "") == (message != "")


def test_error_stream_tells_what_went_wrong(make_job):
    job = make_job(code="3", run=True)
    drive()
    job.refresh_from_db()
    assert job.error_message == "worker ended with exit code 3: ** worker: error (asked), this was asked for"
    assert job.error_detail == "** worker: error (asked), this was asked for"


def test_a_warning_does_not_say_what_went_wrong(make_job, engine, memory):
    job = make_job(run=True)
    engine.step()
    (job.workdir / "stderr.txt").write_text("** worker: warning (NoOutput), no product is asked for.\n")
    memory.finish(job.pk, Exit("exited", signal=9))
    engine.step()
    job.refresh_from_db()
    assert job.error_message == "worker was ended by signal 9 (Killed)."


def test_progress_that_cannot_be_read_ends_the_job_and_not_the_engine(make_job, engine, memory, monkeypatch):
    job = make_job(run=True)
    engine.step()

    def broken(run):
        raise ValueError("no progress")

    monkeypatch.setattr(memory, "progress", broken)
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_message, job.announced) == ("ERROR", "The run ended in a way not understood.", True)


def test_runner_that_is_lost(make_job, engine, memory):
    job = make_job(run=True)
    engine.step()
    memory.lose(job.pk)
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_type) == ("ERROR", "transient")
    assert job.error_message.startswith("The runner was killed")


def test_progress(make_job, engine, memory):
    job = make_job(run=True)
    engine.step()
    memory.told[job.pk] = Progress("halfway", 1, 2)
    engine.step()
    job.refresh_from_db()
    assert (job.stage, job.progress_done, job.progress_total) == ("halfway", 1, 2)


def test_abort_while_running(make_job):
    job = make_job(seconds="60", run=True)
    with stepping_engine() as engine:
        engine.step()
        abort_job(job=job)
        assert (job.phase, job.reaped) == ("ABORTED", False)
        drive(engine)
    job.refresh_from_db()
    assert (job.phase, job.reaped, job.error_message) == ("ABORTED", True, "")
    assert phases(job) == ["PENDING", "QUEUED", "EXECUTING", "ABORTED"]


@pytest.mark.parametrize("queued", [False, True])
def test_abort_before_it_runs(make_job, engine, memory, heard, queued):
    job = make_job(run=queued)
    abort_job(job=job)
    engine.step()
    assert (job.phase, job.reaped, memory.tasks, heard) == ("ABORTED", True, {}, [job.pk])


def test_execution_duration(make_job):
    job = make_job(seconds="60")
    Job.objects.update(execution_duration=1)
    run_job(job=job)
    drive()
    job.refresh_from_db()
    assert job.phase == "ABORTED"
    assert job.error_message == "The job ran longer than its execution duration of 1 s and was stopped."


def test_engine_stops_what_does_not_watch_its_time(make_job, engine, memory, monkeypatch):
    job = make_job(run=True)
    Job.objects.update(execution_duration=1)
    engine.step()
    monkeypatch.setattr("uws.engine.engine.now", lambda: now() + timedelta(seconds=30))
    engine.step()
    engine.step()
    job.refresh_from_db()
    assert (job.phase, memory.exits[job.pk].reason) == ("ABORTED", "wall-limit")


def test_slots(make_job, service, memory):
    jobs = [make_job(run=True) for _ in range(3)]
    with stepping_engine({"local": memory}, slots=2) as engine:
        engine.step()
        assert engine.held == {jobs[0].pk, jobs[1].pk}
        memory.finish(jobs[0].pk)
        engine.step()
        assert engine.held == {jobs[1].pk, jobs[2].pk}


def test_order_of_the_queue(make_job, user, other):
    """Priority first, then who has the least running, then age."""
    names = {}

    def queue(name, who, priority=0):
        job = make_job(user=who, run=True)
        Job.objects.filter(pk=job.pk).update(priority=priority, creation_time=now() + timedelta(seconds=len(names)))
        names[job.pk] = name

    for name in ("a1", "a2", "a3"):
        queue(name, user)
    queue("b1", other)
    queue("c1", None)
    queue("a4", user, priority=5)
    taken = [names[job.pk] for job in Claimer("e").claim(executor="local", free=10)]
    assert taken == ["a4", "b1", "c1", "a1", "a2", "a3"]
    assert Claimer("e").claim(executor="local", free=10) == []


def test_queue_of_another_executor_is_left_alone(make_job, engine):
    job = make_job("open", run=True)
    engine.step()
    job.refresh_from_db()
    assert job.phase == "QUEUED"


def test_receiver_that_fails_is_asked_again(make_job, engine, memory, *, heard, monkeypatch, caplog):
    monkeypatch.setattr(announce, "FIRST_PAUSE", 0.0)
    trouble = [RuntimeError("full disk"), RuntimeError("still")]

    def fail(**_):
        if trouble:
            raise trouble.pop()

    job_finished.connect(fail)
    try:
        job = make_job(run=True)
        engine.step()
        memory.finish(job.pk)
        engine.step()
        job.refresh_from_db()
        assert (job.phase, job.reaped, job.announced) == ("COMPLETED", True, False)
        assert "was not heard by all" in caplog.text
        engine.step()
        engine.step()
        engine.step()
    finally:
        job_finished.disconnect(fail)
    job.refresh_from_db()
    assert job.announced
    assert heard == [job.pk] * 3


def test_destruction(make_job, engine, memory, heard):
    deleted = []

    def hear(job_id, **_):
        deleted.append((job_id, Job.objects.filter(pk=job_id).exists()))

    job_deleted.connect(hear)
    jobs = [make_job(), make_job(run=True)]
    engine.step()
    assert engine.held == {jobs[1].pk}
    Job.objects.update(destruction=now() - timedelta(seconds=1))
    for _ in range(4):
        engine.step()
    job_deleted.disconnect(hear)
    assert not Job.objects.exists()
    assert not any(job.workdir.exists() for job in jobs)
    assert memory.exits[jobs[1].pk].reason == "cancelled"
    assert sorted(heard) == sorted(job.pk for job in jobs)
    assert sorted(deleted) == sorted((job.pk, True) for job in jobs)


def test_deleting_a_running_job(make_job, engine, memory):
    job = make_job(run=True)
    engine.step()
    delete_job(job=job)
    for _ in range(4):
        engine.step()
    assert not Job.objects.exists()
    assert not job.workdir.exists()


def test_job_that_breaks_the_start(make_job, engine, monkeypatch):
    monkeypatch.setattr(MemoryExecutor, "submit", lambda self, task: 1 / 0)
    job = make_job(run=True)
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_message) == ("ERROR", "worker could not be started: division by zero.")


def test_taking_over_from_a_dead_engine(make_job, memory):
    job = make_job(run=True)
    with stepping_engine({"local": memory}) as dead:
        dead.step()
        with stepping_engine({"local": memory}) as watcher:
            watcher.step()
            assert watcher.held == set()
    with stepping_engine({"local": memory}) as heir:
        heir.step()
        assert heir.held == {job.pk}
        memory.finish(job.pk)
        heir.step()
    job.refresh_from_db()
    assert (job.phase, phases(job)) == ("COMPLETED", ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"])


def test_run_that_never_began_is_started_again_but_not_for_ever(make_job):
    job = make_job(run=True)
    for _ in range(5):
        with stepping_engine({"local": MemoryExecutor("local")}) as engine:
            engine.step()
            engine.step()
        job.refresh_from_db()
        assert job.phase == "EXECUTING"
    with stepping_engine({"local": MemoryExecutor("local")}) as engine:
        engine.step()
        engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_message) == ("ERROR", "The run was lost 5 times.")


def test_aborted_while_nobody_held_it(make_job):
    job = make_job(run=True)
    with stepping_engine({"local": MemoryExecutor("local")}) as engine:
        engine.step()
    abort_job(job=job)
    with stepping_engine({"local": MemoryExecutor("local")}) as engine:
        engine.step()
        engine.step()
    job.refresh_from_db()
    assert (job.phase, job.reaped, job.announced) == ("ABORTED", True, True)


def test_row_that_vanishes_ends_its_run(make_job, engine, memory):
    job = make_job(run=True)
    engine.step()
    Job.objects.all().delete()
    engine.step()
    assert memory.exits[job.pk].reason == "cancelled"
    engine.step()
    assert engine.held == set()


def test_run_that_cannot_be_followed(make_job, engine, memory, monkeypatch):
    bad, good = make_job(run=True), make_job(run=True)
    engine.step()
    poll = memory.poll
    monkeypatch.setattr(memory, "poll", lambda run: poll(run) if run.job_id == good.pk else 1 / 0)
    memory.finish(good.pk)
    engine.step()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.phase, bad.error_message) == ("ERROR", "The run ended in a way not understood.")
    assert good.phase == "COMPLETED"


def test_database_that_fails_while_a_job_starts(make_job, engine, monkeypatch):
    job = make_job(run=True)
    with monkeypatch.context() as broken:
        broken.setattr(engine, "_update", lambda *_, **__: (_ for _ in ()).throw(OperationalError("locked")))
        with pytest.raises(OperationalError):
            engine.step()
    engine.step()
    job.refresh_from_db()
    assert (job.phase, job.error_message) == ("EXECUTING", "")
    assert phases(job) == ["PENDING", "QUEUED", "EXECUTING", "QUEUED", "EXECUTING"]
