"""``manage.py jobs``: what it says of the whole service, and what it clears away."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from tests.uws.operating.called import NOON, refusal, run
from uws.engine.presence import LOCK, Presence, count_live
from uws.models import Job, Notice
from uws.operating import state

PURGE = """\
ID        PHASE      TASK    OWNER  CREATED            TOOK     DISK  NAME OR ERROR
abdaaaaa  COMPLETED  worker  -      2026-03-01 12:01  3 min  5.00 MB
abcaaaaa  ERROR      worker  ada    2026-03-01 12:00  3 min   123 kB  Crab  [31mred: worker ended w…
"""


def test_purge(jobs):
    Job.objects.filter(pk=jobs[3].pk).update(parent=jobs[1], disk_bytes=1_000_000)
    assert run("purge", "--older-than", "1", "--dry-run") == PURGE + "Would be deleted: 2 jobs, 6.12 MB.\n"
    assert run("purge", "--older-than", "99999", "--dry-run") == "There is no such job.\n"
    assert refusal("purge", "--older-than", "1") == "Delete 2 jobs, 6.12 MB? Say --yes, for there is nobody to ask."
    assert not Job.objects.filter(deleted=True).exists()
    assert run("purge", "--owner", "ada", "--yes").splitlines()[-1] == (
        "Deleted: 1 job, 123 kB; an engine removes the files."
    )
    assert list(Job.objects.filter(deleted=True)) == [jobs[0]]
    assert run("purge", "--phase", "ERROR", "--yes") == "There is no such job.\n"


def test_purge_says_what_it_needs_to_know(jobs):
    assert refusal("purge") == "Say which: --older-than, --phase, --owner or --definition."
    assert refusal("purge", "--phase", "QUEUED") == "--phase: a job that is QUEUED has not ended; abort it first."
    assert refusal("purge", "--owner", "bob") == "There is no account 'bob'. '-' stands for the public workspace."


USAGE = """\
OWNER  JOBS  RUNNING  QUEUED     DISK  PROCESSOR (36500 d)
-         2        0       0  5.00 MB                  2 h
ada       2        0       1   123 kB                 12 s
"""


def test_usage(jobs):
    assert run("usage", "--days", "36500") == USAGE
    assert json.loads(run("usage", "--json", "--days", "0")) == [
        {"owner": None, "jobs": 2, "running": 0, "queued": 0, "diskBytes": 5000000, "cpuSeconds": 0.0},
        {"owner": "ada", "jobs": 2, "running": 0, "queued": 1, "diskBytes": 123456, "cpuSeconds": 0.0},
    ]


STATUS = """\
Engines on here: 1
PHASE      JOBS
QUEUED        1
EXECUTING     1
COMPLETED     1
ERROR         1
The oldest queued job was made 2 h ago.
Free on the disk of {home}: 5.00 GB (jobs need 1.07 GB)
Notices: 1 to be delivered, 1 given up
"""


@pytest.fixture
def standing(jobs, monkeypatch):
    monkeypatch.setattr(state.socket, "gethostname", lambda: "here")
    monkeypatch.setattr(state, "free_bytes", lambda: 5 * 10**9)
    monkeypatch.setattr(state, "count_live", lambda folder: 1)
    monkeypatch.setattr(state, "now", lambda: NOON + timedelta(hours=2, minutes=3))
    Notice.objects.create(job=jobs[0], address="https://hooks.example.org/x", attempts=8)
    Notice.objects.create(job=jobs[0], address="https://hooks.example.org/y", attempts=1, due=NOON)
    Notice.objects.create(job=jobs[1], address="https://hooks.example.org/z")


def test_status(standing, home):
    assert run("status") == STATUS.format(home=home)


def test_status_when_no_job_can_run(standing, monkeypatch, home):
    monkeypatch.setattr(state, "free_bytes", lambda: 1000)
    monkeypatch.setattr(state, "count_live", lambda folder: 0)
    out = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("jobs", "status", stdout=out)
    assert caught.value.code == 1
    assert out.getvalue().splitlines()[-2:] == [
        "warning: no job is started, for the disk has less free than ATHANOR_MIN_FREE_BYTES.",
        "warning: jobs are queued, and no engine runs on this machine.",
    ]


def test_engines_that_live_are_counted(home):
    folder = home / "run"
    assert count_live(folder) == 0
    presence = Presence(folder)
    (folder / f"killed{LOCK}").touch()
    assert count_live(folder) == 1
    presence.close()
    assert count_live(folder) == 0


def test_notice_key(settings):
    settings.SECRET_KEY = "one"
    one = run("notice-key")
    settings.SECRET_KEY = "two"
    assert one != run("notice-key")
    assert (len(one.strip()), int(one, 16) > 0) == (64, True)
