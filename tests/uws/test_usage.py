"""What jobs use: disk and processor time."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from uws import usage
from uws.engine.destroy import destroy_due
from uws.executors import Exit, MemoryExecutor
from uws.models import Job
from uws.phases import Phase
from uws.services import create_job, delete_job, set_parameters
from uws.testing import stepping_engine
from uws.times import now
from uws.usage import Use, disk_bytes, use_by_owner

BLOCK = 4096


def content(size: int) -> bytes:
    return os.urandom(size)


def allocated(*paths) -> int:
    return sum(os.lstat(path).st_blocks * 512 for path in paths)


def test_allocated_bytes_of_a_directory(tmp_path):
    assert disk_bytes(tmp_path / "nothing") == 0
    (tmp_path / "a" / "b").mkdir(parents=True)
    one, two, twin = tmp_path / "one", tmp_path / "a" / "b" / "two", tmp_path / "a" / "twin"
    one.write_bytes(content(10_000))
    two.write_bytes(content(100))
    twin.hardlink_to(one)
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "broken").symlink_to("nowhere")
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(2**30)
    expected = allocated(one, two, sparse, *(tmp_path / name for name in ("a", "a/b", "link", "broken")))
    assert disk_bytes(tmp_path) == expected
    assert 10_000 < expected < 100_000


def test_a_file_that_two_jobs_share_counts_where_it_was_first(tmp_path):
    for name in ("child", "parent"):
        (tmp_path / name).mkdir()
    (tmp_path / "child" / "image").write_bytes(content(50_000))
    child = disk_bytes(tmp_path / "child")
    (tmp_path / "parent" / "image").hardlink_to(tmp_path / "child" / "image")
    assert (child > 50_000, disk_bytes(tmp_path / "parent")) == (True, 0)
    assert disk_bytes(tmp_path) == child + allocated(tmp_path / "child", tmp_path / "parent")


def test_the_walk_is_bounded(tmp_path, monkeypatch):
    for number in range(20):
        (tmp_path / f"{number}").write_bytes(content(BLOCK))
    monkeypatch.setattr(usage, "MOST_ENTRIES", 5)
    assert disk_bytes(tmp_path) == 5 * allocated(tmp_path / "0")


def test_the_end_of_a_job_records_what_it_used(make_job, service):
    memory = MemoryExecutor("local")
    job, silent = make_job(run=True), make_job(run=True)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        (job.workdir / "work").mkdir()
        (job.workdir / "work" / "image.fits").write_bytes(content(100_000))
        memory.finish(job.pk, Exit("exited", exit_code=0, usage={"cpu_seconds": 12.5}))
        memory.finish(silent.pk, Exit("lost"))
        engine.step()
    job.refresh_from_db()
    silent.refresh_from_db()
    assert (job.cpu_seconds, job.disk_bytes) == (12.5, disk_bytes(job.workdir))
    assert job.disk_bytes > 100_000
    assert silent.cpu_seconds == 0.0


def test_files_that_were_sent_count_while_the_job_waits(service, user):
    def upload(size: int) -> dict:
        return {"table": SimpleUploadedFile("table.fits", content(size))}

    job = create_job(definition="worker", parameters={}, user=user, base_url="http://testserver", files=upload(50_000))
    assert 50_000 < use_by_owner()[user.pk].disk_bytes < 100_000
    set_parameters(job=job, parameters={}, files=upload(150_000))
    assert 150_000 < use_by_owner()[user.pk].disk_bytes < 200_000
    delete_job(job=job)
    assert use_by_owner()[user.pk] == Use()


@pytest.mark.parametrize("setting", ["never", "always"])
def test_files_that_are_gone_count_no_more(make_job, user, settings, setting):
    settings.ATHANOR_ARCHIVE_JOBS = [setting]
    job = make_job(user=user)
    past = now() - timedelta(seconds=1)
    ended = {"phase": Phase.COMPLETED, "start_time": past, "end_time": past, "reaped": True, "announced": True}
    Job.objects.filter(pk=job.pk).update(disk_bytes=5000, destruction=past, **ended)
    assert use_by_owner()[user.pk].disk_bytes == 5000
    destroy_due()
    assert use_by_owner().get(user.pk, Use()).disk_bytes == 0


def test_sums_of_all_owners_in_one_query(make_job, user, other):
    moment = now()
    rows = [
        (user, {"phase": Phase.QUEUED}),
        (user, {"phase": Phase.QUEUED, "deleted": True}),
        (user, {"phase": Phase.EXECUTING}),
        (user, {"phase": Phase.SUSPENDED}),
        (user, {"phase": Phase.EXECUTING, "kind": "pipeline"}),
        (user, {"phase": Phase.COMPLETED, "disk_bytes": 100, "cpu_seconds": 2.0, "end_time": moment}),
        (user, {"phase": Phase.ERROR, "cpu_seconds": 3.0, "end_time": moment - timedelta(days=2)}),
        (user, {"phase": Phase.ERROR, "disk_bytes": 7, "cpu_seconds": 4.0, "end_time": moment, "deleted": True}),
        (other, {"phase": Phase.PENDING, "disk_bytes": 9}),
        (None, {"phase": Phase.COMPLETED, "cpu_seconds": 1.0, "end_time": moment}),
    ]
    for owner, fields in rows:
        Job.objects.filter(pk=make_job(user=owner).pk).update(**fields)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = use_by_owner(since=moment - timedelta(days=1))
    assert len(queries) == 1
    assert found == {
        user.pk: Use(jobs=6, running=2, queued=1, disk_bytes=100, cpu_seconds=6.0),
        other.pk: Use(jobs=1, disk_bytes=9),
        None: Use(jobs=1, cpu_seconds=1.0),
    }
    assert use_by_owner()[user.pk].cpu_seconds == 9.0
