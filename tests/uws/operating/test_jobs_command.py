"""`manage.py jobs`: whole outputs, refusals, exit codes."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from tests.uws.operating.called import NOON, refusal, run
from tests.uws.service import DATABASE, empty_database
from uws.management.commands import jobs as command
from uws.models import Job, JobInput, Notice, PhaseChange, Result
from uws.phases import Phase

ROOT = Path(__file__).resolve().parents[3]


LIST = """\
ID        PHASE      TASK              OWNER  CREATED            TOOK     DISK  NAME OR ERROR
baaaaaaa  EXECUTING  a-long-name-of-…  -      2026-03-01 12:02
abdaaaaa  COMPLETED  worker            -      2026-03-01 12:01  3 min  5.00 MB
abcaaaaa  ERROR      worker            ada    2026-03-01 12:00  3 min   123 kB  Crab  [31mred: work…
"""


def test_list(jobs):
    assert run("list") == LIST


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], "b abd abc"),
        (["--owner", "ada"], "abc"),
        (["--owner", "-"], "b abd"),
        (["--definition", "worker"], "abd abc"),
        (["--phase", "ERROR", "--phase", "executing"], "b abc"),
        (["--after", "2026-03-01T12:01:00Z"], "b abd"),
        (["--before", "2026-03-01T12:01:00Z"], "abc"),
        (["--after", "2026-03-01T12:01:00Z", "--before", "2026-03-01T12:02:00Z"], "abd"),
        (["--text", "cRaB"], "abc"),
        (["--text", "column pix"], "abc"),
        (["--parent", "b"], "c"),
        (["--limit", "2"], "b abd"),
        (["--limit", "0"], "b abd abc"),
        (["--phase", "ARCHIVED"], ""),
    ],
)
def test_filters(jobs, arguments, ids):
    assert [record["id"].rstrip("a") for record in json.loads(run("list", "--json", *arguments))] == ids.split()
    lines = run("list", *arguments).splitlines()
    assert lines[1:] == [line for line in lines if line.split()[0].rstrip("a") in ids.split()]
    if not ids:
        assert lines == ["There is no such job."]


def test_archived_and_deleted_jobs_are_listed_only_if_asked_for(jobs):
    Job.objects.filter(pk=jobs[0].pk).update(phase=Phase.ARCHIVED)
    Job.objects.filter(pk=jobs[1].pk).update(deleted=True)
    assert [line.split()[0] for line in run("list").splitlines()[1:]] == ["baaaaaaa"]
    assert [line.split()[0] for line in run("list", "--phase", "ARCHIVED").splitlines()[1:]] == ["abcaaaaa"]


def test_json(jobs):
    (record,) = json.loads(run("list", "--json", "--owner", "ada"))
    assert record == {
        "id": jobs[0].pk,
        "phase": "ERROR",
        "definition": "worker",
        "version": "2.0",
        "owner": "ada",
        "runId": "Crab \x1b[31mred",
        "kind": "task",
        "parent": None,
        "created": "2026-03-01T12:00:00.000Z",
        "started": "2026-03-01T12:00:00.000Z",
        "ended": "2026-03-01T12:03:20.000Z",
        "destruction": None,
        "executor": "",
        "priority": 0,
        "cores": 1,
        "cpuSeconds": 12.5,
        "diskBytes": 123456,
        "error": "worker ended with exit code 3: ** worker: error (NoColumn), the table has no column PIX",
    }
    assert json.loads(run("show", "abc", "--json")) == record


def test_csv(jobs):
    at = [f"2026-03-01T12:{time}.000Z" for time in ("00:00", "01:00", "02:00", "03:20")]
    assert run("list", "--csv", "--phase", "COMPLETED").splitlines() == [
        ",".join(json.loads(run("list", "--json"))[0]),
        f"{jobs[1].pk},COMPLETED,worker,2.0,,,task,,{at[1]},{at[0]},{at[3]},,,0,1,7200.0,5000000,",
    ]


def test_more_than_is_shown(jobs):
    err = io.StringIO()
    call_command("jobs", "list", "--limit", "1", stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == "2 more; --limit 0 shows all.\n"


def test_a_long_list_is_cut_by_the_database(jobs, django_assert_num_queries):
    with django_assert_num_queries(2):
        run("list", "--limit", "2")


SHOW = """\
worker 2.0 abcaaaaaaaaaaaaaaaaaaaaaaa
  name         Crab  [31mred
  phase        ERROR
  owner        ada
  created      2026-03-01T12:00:00.000Z
  started      2026-03-01T12:00:00.000Z
  ended        2026-03-01T12:03:20.000Z
  may run      1 h
  priority     0
  cores        1
  executor     slurm
  handle       {{"job": 17}}
  host         node3
  exit code    3
  processor    12 s
  memory       1.50 GB
  disk         123 kB
  directory    {workdir}

History
  2026-03-01T12:00:00.000Z  PENDING
  2026-03-01T12:03:20.000Z  ERROR      The machine is gone.

Parameters
  table = ivo://archive.example/x?a b
  seconds = 1
  seconds = 2

Inputs
  table: x.fits, 3.11 MB, ivo://archive.example/x?a b

Command
  worker \\
    table=inputs/x.fits \\
    'expression=PI in [500:2000] && (X,Y) in CIRCLE(25000,25000,1000)' \\
    withfilteredset=yes

Software
  worker 2.1

Results
  image: work/image.fits, application/fits, 14.4 kB, sha256
  5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03

Told of its end
  https://hooks.example.org/x: told 2026-03-01T12:04:00.000Z
  mailto:ada@example.org: tried 2 of 8 times, again 2026-03-01T12:05:00.000Z. The mail server did
  not take it: no.
  https://hooks.example.org/y: tried 8 of 8 times, given up. 503.
  https://hooks.example.org/z: to be told

Error (fatal)
  worker ended with exit code 3: ** worker: error (NoColumn), the table has no column PIX
  PIX>3
  ^^^

End of stdout
{log}
End of stderr
  ** worker: error [2J
"""


def test_show(jobs):
    job = jobs[0]
    Job.objects.filter(pk=job.pk).update(
        parameters={"table": ["ivo://archive.example/x?a b"], "seconds": ["1", "2"]},
        command=[
            *("worker", "table=inputs/x.fits"),
            *("expression=PI in [500:2000] && (X,Y) in CIRCLE(25000,25000,1000)", "withfilteredset=yes"),
        ],
        execution_duration=3600,
        executor="slurm",
        handle={"job": 17},
        host="node3",
        exit_code=3,
        usage={"cpu_seconds": 12.4, "max_rss_bytes": 1.5e9},
        software={"worker": "2.1"},
        error_detail="PIX>3\n^^^",
    )
    PhaseChange.objects.create(
        job=job, phase=Phase.ERROR, time=NOON + timedelta(seconds=200), note="The machine is gone."
    )
    JobInput.objects.create(
        job=job, parameter="table", name="x.fits", size=3_110_400, entity_id="ivo://archive.example/x?a b"
    )
    sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    Result.objects.create(
        job=job, name="image", path="work/image.fits", media_type="application/fits", size=14_400, sha256=sha256
    )
    hooks = "https://hooks.example.org"
    Notice.objects.create(job=job, address=f"{hooks}/x", attempts=1, sent=NOON + timedelta(minutes=4))
    Notice.objects.create(
        job=job,
        address="mailto:ada@example.org",
        attempts=2,
        due=NOON + timedelta(minutes=5),
        failure="The mail server did not take it: no.",
    )
    Notice.objects.create(job=job, address=f"{hooks}/y", attempts=8, failure="503.")
    Notice.objects.create(job=job, address=f"{hooks}/z")
    job.workdir.mkdir(parents=True)
    (job.workdir / "stdout.txt").write_text("".join(f"line {number}\n" for number in range(30)))
    (job.workdir / "stderr.txt").write_text("** worker: error\x1b[2J\n")
    log = "".join(f"  line {number}\n" for number in range(20, 30))
    out = io.StringIO()
    call_command("jobs", "show", "abc", stdout=out)
    assert out.getvalue() == SHOW.format(workdir=job.workdir, log=log)


def test_show_a_parent(jobs):
    assert run("show", "b").splitlines()[-4:] == [
        "  2026-03-01T12:02:00.000Z  PENDING",
        "",
        "Children",
        "  caaaaaaaaaaaaaaaaaaaaaaaaa  QUEUED     image",
    ]


def test_abbreviated_ids(jobs):
    assert run("show", "ABC", "--json") == run("show", jobs[0].pk, "--json")
    assert refusal("show", "ab") == f"'ab' begins the ids of {jobs[0].pk}, {jobs[1].pk}."
    assert refusal("show", "zz") == "There is no job 'zz'."
    assert refusal("tail", "") == "There is no job ''."
    assert refusal("abort", "abc", "zz") == "There is no job 'zz'."


def test_tail(jobs):
    job = jobs[1]
    assert run("tail", "abd") == ""
    job.workdir.mkdir(parents=True)
    (job.workdir / "stdout.txt").write_text("".join(f"line {number}\n" for number in range(30)) + "no end")
    (job.workdir / "stderr.txt").write_text("one\r\ntwo\x1b[2J\tthree\n")
    assert run("tail", "abd") == "".join(f"line {number}\n" for number in range(11, 30)) + "no end"
    assert run("tail", "abd", "-n", "2") == "line 29\nno end"
    assert run("tail", "abd", "-n", "0") == ""
    assert run("tail", "abd", "--stderr", "--follow") == "one\ntwo [2J three\n"


@pytest.mark.django_db(transaction=True)
def test_tail_follows_until_the_job_has_ended(jobs, monkeypatch):
    monkeypatch.setattr(command, "FOLLOW_SECONDS", 0.01)
    job = jobs[2]
    job.workdir.mkdir(parents=True)
    log = job.workdir / "stdout.txt"
    log.write_text("begun\n")
    out = io.StringIO()

    def follow() -> None:
        call_command("jobs", "tail", "b", "-f", stdout=out)
        connections.close_all()

    reader = threading.Thread(target=follow)
    seen = threading.Event()
    monkeypatch.setattr(command.time, "sleep", lambda _: seen.set())
    reader.start()
    assert seen.wait(60)
    with log.open("a") as file:
        file.write("ended\n")
    Job.objects.filter(pk=job.pk).update(phase=Phase.COMPLETED, reaped=True)
    reader.join(60)
    assert not reader.is_alive()
    assert out.getvalue() == "begun\nended\n"


def test_abort(jobs):
    assert run("abort", "c") == f"{jobs[3].pk} is aborted.\n"
    assert run("abort", "--phase", "EXECUTING") == f"{jobs[2].pk} is aborted.\n"
    assert refusal("abort", "abd") == "The job is COMPLETED; only a job that has not ended can be aborted."
    assert refusal("abort", "--definition", "worker") == "There is no such job."
    assert refusal("abort") == "Give ids, or say which by --phase, --owner or --definition."
    assert refusal("abort", "abc", "--owner", "ada") == "Give ids, or say which by --phase, --owner or --definition."


def test_more_than_one_needs_a_yes(jobs):
    assert refusal("delete", "abc", "abd") == "To delete these 2 jobs, say --yes."
    assert not Job.objects.filter(deleted=True).exists()
    assert run("delete", "abd", "abc", "abd", "--yes") == f"{jobs[1].pk} is deleted.\n{jobs[0].pk} is deleted.\n"
    assert Job.objects.filter(deleted=True).count() == 2
    assert refusal("delete", "abd") == "There is no job 'abd'."


def test_retry(make_job, user):
    job = make_job(user=user, seconds="3")
    Notice.objects.create(job=job, address="https://hooks.example.org/x", attempts=1, sent=NOON)
    assert refusal("retry", job.pk) == "The job is PENDING; only a job that has ended can be run again."
    Job.objects.filter(pk=job.pk).update(phase=Phase.ERROR)
    text = run("retry", job.pk[:12])
    again = Job.objects.get(retry_of=job)
    assert text == f"{job.pk} is run again as {again.pk}.\n"
    assert (again.phase, again.owner, again.parameters) == ("QUEUED", user, {"seconds": ["3"]})
    assert [(notice.address, notice.attempts, notice.sent) for notice in again.notices.all()] == [
        ("https://hooks.example.org/x", 0, None)
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: WORD"),
        (["look"], "invalid choice: 'look'"),
        (["list", "--phase", "DONE"], "'DONE' is no phase; there are PENDING, QUEUED,"),
        (["list", "--after", "yesterday"], "'yesterday' is no time; write it as 2026-03-01T12:00:00Z."),
        (["list", "--limit", "-1"], "argument --limit:"),
        (["purge", "--older-than", "nan"], "'nan' is no number of days"),
        (["show"], "the following arguments are required: ID"),
    ],
)
def test_wrong_command_lines(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        command.Command().run_from_argv(["manage.py", "jobs", *arguments])
    assert end.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("word", ["", "list", "show", "tail", "abort", "delete", "retry", "purge", "usage", "status"])
def test_help_fits_and_says_what_the_word_does(word, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        call_command("jobs", *word.split(), "--help")
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert max(map(len, text.splitlines())) <= 100
    assert (word or "examples:") in text


def test_colour_only_on_a_terminal(tmp_path):
    """The real program on a real database, on a terminal and on a pipe."""
    environment = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "ATHANOR_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    make = (
        "import django; django.setup(); from uws.models import Job; from uws.times import now;"
        "Job.objects.create(id='a' * 26, definition='worker', phase='ERROR', creation_time=now())"
    )
    (tmp_path / DATABASE).write_bytes(empty_database())
    subprocess.run([sys.executable, "-c", make], cwd=ROOT, env=environment, check=True)
    program = [sys.executable, "manage.py", "jobs", "list"]
    piped = subprocess.run(program, cwd=ROOT, env=environment, check=True, capture_output=True).stdout
    ours, theirs = pty.openpty()
    subprocess.run(program, cwd=ROOT, env=environment, check=True, stdout=theirs)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert (b"\x1b[" in piped, b"aaaaaaaa  ERROR" in piped) == (False, True)
    assert (b"\x1b[" in shown, b"aaaaaaaa  ERROR" in shown) == (True, True)
