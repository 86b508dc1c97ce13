"""The end of a job's life: archived or forgotten, its files, its children, and crashes between the steps."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from uws.engine import destroy, tidy
from uws.engine.announce import Announcer
from uws.engine.destroy import destroy_due
from uws.engine.room import Room, free_bytes
from uws.engine.tidy import empty_trash, sweep_jobs
from uws.executors import Exit, MemoryExecutor
from uws.models import Job, JobInput, Need, Result
from uws.phases import Phase
from uws.selectors import list_jobs
from uws.services import delete_job, set_destruction
from uws.signals import job_deleted
from uws.testing import stepping_engine
from uws.times import now
from vo.errors import IllegalStateError

DAY = timedelta(days=1)


@pytest.fixture
def ended(make_job):
    """Makes jobs that have run: a file and its result, heard of by all."""

    def make(phase: Phase = Phase.COMPLETED, definition: str = "worker", **fields) -> Job:
        user = fields.pop("user", None)
        job = make_job(definition, user=user, text="hello")
        (job.workdir / "work").mkdir(parents=True)
        (job.workdir / "work" / "out.txt").write_text("hello\n")
        Result.objects.create(
            job=job, name="output", path="work/out.txt", media_type="text/plain", size=6, sha256="5891b5b5"
        )
        moment = now()
        fields = {"start_time": moment, "end_time": moment, "reaped": True, "announced": True, **fields}
        Job.objects.filter(pk=job.pk).update(phase=phase, disk_bytes=4096, **fields)
        job.refresh_from_db()
        return job

    return make


@pytest.fixture
def archiving(settings):
    settings.ATHANOR_ARCHIVE_JOBS = ["always"]


def let_pass(*jobs: Job) -> None:
    """Let the destruction time of jobs be over."""
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(destruction=now() - timedelta(seconds=1))


def exists(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk).exists()


def state(job: Job) -> tuple[str, bool]:
    """The phase, or an empty text when the job is forgotten, and whether its files are there."""
    row = Job.objects.filter(pk=job.pk).first()
    return (row.phase if row else "", job.workdir.exists())


def test_a_job_is_forgotten_at_its_destruction_time(ended):
    job, other = ended(), ended()
    let_pass(job)
    destroy_due()
    assert (state(job), state(other)) == (("", False), ("COMPLETED", True))


@pytest.mark.parametrize("phase", [Phase.COMPLETED, Phase.ERROR, Phase.ABORTED])
def test_a_job_is_archived_where_the_site_wants_it(ended, archiving, settings, phase):
    settings.ATHANOR_ARCHIVE_DAYS = 30
    job = ended(phase, run_id="kept")
    let_pass(job)
    destroy_due()
    assert state(job) == ("ARCHIVED", False)
    job.refresh_from_db()
    assert [change.phase for change in job.phase_changes.all()] == ["PENDING", "ARCHIVED"]
    assert (job.run_id, job.parameters, job.disk_bytes) == ("kept", {"text": ["hello"]}, 0)
    assert [(result.name, result.sha256) for result in job.results.all()] == [("output", "5891b5b5")]
    assert now() + 29 * DAY < job.destruction < now() + 31 * DAY
    destroy_due()
    assert state(job) == ("ARCHIVED", False)
    let_pass(job)
    destroy_due()
    assert state(job) == ("", False)


@pytest.mark.parametrize(
    ("setting", "kept"),
    [(["never"], False), (["always"], True), (["worker"], True), (["other", "worker"], True), (["other"], False)],
)
def test_which_jobs_are_archived(ended, settings, setting, kept):
    settings.ATHANOR_ARCHIVE_JOBS = setting
    job = ended()
    let_pass(job)
    destroy_due()
    assert exists(job) == kept


def test_a_job_that_never_began_is_not_archived(make_job, archiving):
    job = make_job()
    let_pass(job)
    for _ in range(2):
        destroy_due()
        Announcer().announce_all()
    assert not exists(job)


def test_what_its_owner_deletes_is_forgotten_at_once(ended, archiving):
    job, archived = ended(), ended()
    let_pass(archived)
    destroy_due()
    for each in (job, archived):
        each.refresh_from_db()
        delete_job(job=each)
    destroy_due()
    assert (state(job), state(archived)) == (("", False), ("", False))


def test_an_archived_job_over_http(ended, archiving, client: Client):
    job = ended()
    let_pass(job)
    destroy_due()
    url = f"/uws/worker/{job.pk}"
    assert [item.pk for item in list_jobs(user=None)] == []
    assert job.pk not in client.get("/uws/worker").content.decode()
    assert job.pk in client.get("/uws/worker?PHASE=ARCHIVED").content.decode()
    answer = client.get(f"{url}/results/output")
    assert (answer.status_code, answer.content.decode().strip()) == (
        410,
        "The job is ARCHIVED: of the result 'output' only its description and checksum are kept.",
    )
    document = client.get(url, headers={"Accept": "application/json"}).json()
    assert (document["phase"], document["results"][0]["sha256"]) == ("ARCHIVED", "5891b5b5")
    job.refresh_from_db()
    with pytest.raises(IllegalStateError):
        set_destruction(job=job, destruction=now())


def test_provenance_stays_when_a_job_is_archived(make_job, archiving, client: Client, service):
    memory = MemoryExecutor("local")
    job = make_job(run=True)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        memory.finish(job.pk)
        engine.step()
        let_pass(job)
        engine.step()
    assert state(job) == ("ARCHIVED", False)
    assert client.get(f"/provenance/jobs/{job.pk}.json").status_code == 200


def test_the_results_of_an_archived_job_are_no_inputs(ended, archiving, make_job):
    job = ended()
    let_pass(job)
    destroy_due()
    with pytest.raises(Exception, match=r"table: The file of 'job:.*' is no longer here"):
        make_job(table=f"job:{job.pk}/output", run=True)


@pytest.mark.parametrize("kept", [True, False])
def test_children_go_with_their_parent_and_not_before(ended, settings, kept):
    settings.ATHANOR_ARCHIVE_JOBS = ["always" if kept else "never"]
    parent = ended(kind="pipeline")
    child = ended(parent=parent)
    grandchild = ended(parent=child)
    let_pass(child, grandchild)
    destroy_due()
    assert [state(job) for job in (parent, child, grandchild)] == [("COMPLETED", True)] * 3
    let_pass(parent)
    destroy_due()
    assert [state(job) for job in (parent, child, grandchild)] == [("ARCHIVED" if kept else "", False)] * 3
    let_pass(parent)
    destroy_due()
    assert not Job.objects.exists()


def test_children_that_run_are_aborted_before_they_go(ended, make_job, archiving):
    parent = ended(kind="pipeline")
    child = make_job()
    Job.objects.filter(pk=child.pk).update(parent=parent, phase=Phase.EXECUTING, engine="e", reaped=False)
    parent.refresh_from_db()
    delete_job(job=parent)
    destroy_due()
    assert (state(parent)[0], state(child)[0]) == ("COMPLETED", "ABORTED")
    Job.objects.filter(pk=child.pk).update(reaped=True, announced=True)
    destroy_due()
    assert not Job.objects.exists()


def test_what_a_waiting_job_needs_stays_until_that_has_ended(ended, make_job):
    needed, waiting = ended(), make_job()
    Need.objects.create(job=waiting, needed=needed)
    let_pass(needed)
    destroy_due()
    assert state(needed) == ("COMPLETED", True)
    Job.objects.filter(pk=waiting.pk).update(phase=Phase.COMPLETED)
    destroy_due()
    assert state(needed) == ("", False)


@pytest.mark.parametrize("reads", ["input", "parameter", "children"])
def test_what_a_queued_job_reads_stays_until_that_has_ended(ended, make_job, reads):
    made, other, reader = ended(), ended(), make_job()
    Job.objects.filter(pk=reader.pk).update(phase=Phase.QUEUED)
    if reads == "input":
        JobInput.objects.create(job=reader, parameter="table", name="x", entity_id=f"job:{made.pk}/output")
    elif reads == "children":
        Job.objects.filter(pk=reader.pk).update(kind="pipeline", retry_of=made)
    else:
        url = f"http://testserver/uws/worker/{made.pk}/results/output"
        Job.objects.filter(pk=reader.pk).update(waiting_for=1, parameters={"table": [url]})
    let_pass(made, other)
    destroy_due()
    assert [state(made), state(other)] == [("COMPLETED", True), ("", False)]
    made.refresh_from_db()
    assert made.destruction > now() + timedelta(minutes=9)
    Job.objects.filter(pk=reader.pk).update(phase=Phase.COMPLETED)
    let_pass(made)
    destroy_due()
    assert state(made) == ("", False)


def test_a_job_whose_end_is_not_heard_of_stays(ended):
    job = ended(announced=False)
    let_pass(job)
    destroy_due()
    assert state(job) == ("COMPLETED", True)


def test_two_hundred_that_are_stuck_do_not_keep_others_waiting(ended, monkeypatch):
    monkeypatch.setattr(destroy, "AT_ONCE", 2)
    stuck = [ended(announced=False) for _ in range(3)]
    let_pass(*stuck)
    job = ended()
    let_pass(job)
    for each in stuck:
        delete_job(job=each)
    destroy_due()
    assert not exists(job)


class Killed(BaseException):
    """What ends an engine between two statements."""


def kill(*_, **__):
    raise Killed


@pytest.mark.parametrize(
    ("module", "name"),
    [(destroy, "_destroy_deleted"), (destroy, "_destroy"), (destroy, "remove_files"), (Job, "delete")],
)
def test_forgetting_that_is_cut_short_is_done_again(ended, monkeypatch, module, name):
    job = ended()
    let_pass(job)
    with monkeypatch.context() as broken:
        broken.setattr(module, name, kill)
        with pytest.raises(Killed):
            destroy_due()
    assert exists(job)
    destroy_due()
    empty_trash()
    assert state(job) == ("", False)
    assert not tidy.trash().exists()


def test_trash_is_emptied_of_what_a_job_has_made_deep_and_forbidden(settings):
    folder = settings.ATHANOR_HOME / "trash" / "removed"
    folder.mkdir(parents=True)
    (folder.parent / "another").mkdir()
    (folder / "link").symlink_to(settings.ATHANOR_HOME)
    inside = os.open(folder, os.O_RDONLY)
    for _ in range(2500):  # longer than a path may be, and more than Python calls within calls
        os.mkdir("d", dir_fd=inside)
        outside, inside = inside, os.open("d", os.O_RDONLY, dir_fd=inside)
        os.close(outside)
    os.close(os.open("file", os.O_CREAT, dir_fd=inside))
    os.fchmod(inside, 0)
    os.close(inside)
    empty_trash()
    assert not tidy.trash().exists()
    assert settings.ATHANOR_HOME.is_dir()


@pytest.mark.parametrize("name", ["move", "remove_files"])
def test_archiving_that_is_cut_short_is_done_again(ended, archiving, monkeypatch, settings, name):
    job = ended()
    let_pass(job)
    with monkeypatch.context() as broken:
        broken.setattr(destroy, name, kill)
        with pytest.raises(Killed):
            destroy_due()
    assert state(job) == ("COMPLETED" if name == "move" else "ARCHIVED", True)
    destroy_due()
    sweep_jobs(young=-1.0)
    assert state(job) == ("ARCHIVED", False)
    assert list(settings.ATHANOR_HOME.glob("*/*/*/*")) == []


def test_a_receiver_that_fails_leaves_the_job_and_its_files(ended, caplog):
    def fail(**_):
        raise RuntimeError("full disk")

    job = ended()
    let_pass(job)
    job_deleted.connect(fail)
    try:
        destroy_due()
    finally:
        job_deleted.disconnect(fail)
    assert state(job) == ("COMPLETED", True)
    assert "it is tried again later" in caplog.text
    destroy_due()
    assert state(job) == ("", False)


def test_directories_without_a_job_are_swept_when_they_are_old(ended, settings, caplog):
    job, archived = ended(), ended(Phase.ARCHIVED)
    jobs = settings.ATHANOR_HOME / "jobs"
    orphan, young = jobs / "aa" / ("a" * 26), jobs / "bb" / ("b" * 26)
    stranger = jobs / "cc" / "notes"
    for folder in (orphan, young, stranger):
        (folder / "uploads").mkdir(parents=True)
        (folder / "uploads" / "table").write_text("x")
    old = time.time() - 2 * tidy.YOUNG
    for folder in (job.workdir, archived.workdir, orphan, stranger):
        os.utime(folder, (old, old))
    assert sorted(sweep_jobs()) == sorted([orphan.name, archived.pk])
    assert [folder.exists() for folder in (orphan, archived.workdir)] == [False, False]
    assert [folder.exists() for folder in (job.workdir, young, stranger)] == [True, True, True]
    assert "Removed 2 directories without a job." in caplog.text
    assert sweep_jobs() == []


def test_no_job_is_started_when_the_disk_is_full(make_job, service, settings, caplog):
    memory = MemoryExecutor("local")
    job = make_job(run=True)
    settings.ATHANOR_MIN_FREE_BYTES = 2**62
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        engine.step()
        job.refresh_from_db()
        assert (job.phase, memory.tasks) == ("QUEUED", {})
        assert [record.message for record in caplog.records if "free" in record.message] == [
            message for message in caplog.messages if message.startswith("No job is started: the disk of ATHANOR_HOME")
        ]
        assert len(caplog.messages) == 1
        settings.ATHANOR_MIN_FREE_BYTES = 1
        engine.step()
        job.refresh_from_db()
        assert job.phase == "EXECUTING"
        memory.finish(job.pk, Exit("exited", exit_code=0))
        engine.step()


def test_room(home, settings, caplog):
    room = Room()
    settings.ATHANOR_MIN_FREE_BYTES = 1
    assert free_bytes() > 1
    assert room.suffices()
    settings.ATHANOR_MIN_FREE_BYTES = 2**62
    assert not room.suffices()
    assert not room.suffices()
    settings.ATHANOR_MIN_FREE_BYTES = 1
    caplog.set_level("INFO", logger="athanor.engine")
    assert room.suffices()
    assert caplog.messages[-1] == "The disk of ATHANOR_HOME has room again; jobs are started."


def test_what_is_due_is_found_by_its_time_and_not_among_all_jobs(db):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL knows by its statistics which index is the best")
    plan = destroy._due().order_by("destruction").explain()
    assert "USING INDEX uws_job_destruc" in plan.splitlines()[0]
