"""What owners may use: how allowances combine, what is held and why, and what frees it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from uws.engine.claim import Claimer
from uws.models import Allowance, CpuUse, Job
from uws.phases import Phase
from uws.scheduling import charge, forget_old_use, queue_position
from uws.scheduling.allowances import Allowances
from uws.scheduling.ledger import hours_used, load_of_late
from uws.services import abort_job, delete_job, run_job
from uws.times import now


@pytest.fixture
def group(user) -> Group:
    made = Group.objects.create(name="observers")
    user.groups.add(made)
    return made


@pytest.fixture
def claim():
    """Ids of the jobs that an engine takes."""

    def take(cores: int = 10) -> list[str]:
        return [job.pk for job in Claimer("e").claim(executor="local", free=cores)]

    return take


def use(owner, hours: float, *, days_ago: float = 0.0, definition: str = "worker", executor: str = "local") -> None:
    hour = (now() - timedelta(days=days_ago)).replace(minute=0, second=0, microsecond=0)
    CpuUse.objects.create(
        owner=owner.pk if owner else 0, definition=definition, executor=executor, hour=hour, seconds=hours * 3600
    )


@pytest.mark.parametrize(
    ("rows", "asked", "expected"),
    [
        ("", "", (0, 10000, 0, 0, 0)),
        ("everybody running=4 queued=5 disk_bytes=6 cpu_hours=7.5 priority=8", "", (4, 5, 6, 7.5, 8)),
        ("everybody running=4; observers running=2", "", (2, 10000, 0, 0, 0)),
        ("everybody running=4; observers running=2; chiefs running=3", "", (3, 10000, 0, 0, 0)),
        ("observers running=2; chiefs running=0", "", (0, 10000, 0, 0, 0)),
        ("observers running=2; chiefs running=3; ada running=1", "", (1, 10000, 0, 0, 0)),
        ("observers running=2; ada queued=1", "", (2, 1, 0, 0, 0)),
        ("everybody running=4; ada running=0", "", (0, 10000, 0, 0, 0)),
        ("observers priority=-2; chiefs priority=-5", "", (0, 10000, 0, 0, -2)),
        ("strangers running=1; bob running=2", "", (0, 10000, 0, 0, 0)),
        ("everybody running=4; everybody@worker running=2", "", (4, 10000, 0, 0, 0)),
        ("everybody running=4; everybody@worker running=2", "worker", (2, 0, 0, 0, 0)),
        ("ada running=4; everybody@worker running=2", "worker", (2, 0, 0, 0, 0)),
        ("ada@worker running=4; everybody@worker running=2 queued=7", "worker", (4, 7, 0, 0, 0)),
        ("ada@worker running=4", "open", (0, 0, 0, 0, 0)),
    ],
)
def test_how_allowances_combine(user, other, group, *, rows, asked, expected):
    groups = {"observers": group, "chiefs": Group.objects.create(name="chiefs"), "strangers": Group(name="strangers")}
    groups["strangers"].save()
    user.groups.add(groups["chiefs"])
    for row in filter(None, rows.split("; ")):
        whom, *values = row.split()
        name, _, definition = whom.partition("@")
        whose = {"user": {"ada": user, "bob": other}.get(name), "group": groups.get(name)}
        given = {key: float(value) for key, _, value in (item.partition("=") for item in values)}
        Allowance.objects.create(definition=definition, **whose, **given)
    for allowances in (Allowances.read(user.pk), Allowances.read(everybody=True)):
        grant = allowances.grant(user.pk, asked)
        assert (grant.running, grant.queued, grant.disk_bytes, grant.cpu_hours, grant.priority) == expected


@pytest.mark.parametrize(("own", "everybody", "expected"), [(0, None, 10000), (0, 7, 7), (3, 7, 3), (3, None, 3)])
def test_those_who_are_not_signed_in_share_limits_of_their_own(db, settings, own, everybody, expected):
    settings.ATHANOR_ANONYMOUS_QUEUED = own
    if everybody:
        Allowance.objects.create(queued=everybody)
    assert Allowances.read(None).grant(None).queued == expected


def test_too_many_queued(make_job, user, other):
    Allowance.objects.create(user=user, queued=2)
    first, second, third = (make_job(user=user, run=True) for _ in range(3))
    assert [job.phase for job in (first, second, third)] == ["QUEUED", "QUEUED", "HELD"]
    assert third.held_reason == (
        "You have 2 jobs in the queue; the limit is 2. Run this one again when some of them have started, "
        "or abort some."
    )
    assert make_job(user=other, run=True).phase == "QUEUED"
    run_job(job=third)
    assert third.phase == "HELD"
    abort_job(job=first)
    run_job(job=third)
    third.refresh_from_db()
    assert (third.phase, third.held_reason) == ("QUEUED", "")
    assert [(change.phase, change.note != "") for change in third.phase_changes.all()] == [
        ("PENDING", False),
        ("HELD", True),
        ("QUEUED", False),
    ]


def test_jobs_that_started_leave_room_in_the_queue(make_job, user, claim):
    Allowance.objects.create(user=user, queued=1)
    make_job(user=user, run=True)
    assert make_job(user=user, run=True).phase == "HELD"
    assert len(claim()) == 1
    assert make_job(user=user, run=True).phase == "QUEUED"


def test_limit_of_one_task(make_job, user):
    Allowance.objects.create(definition="worker", queued=1)
    make_job(user=user, run=True)
    held = make_job(user=user, run=True)
    assert held.held_reason.startswith("You have 1 jobs of worker in the queue; the limit is 1.")
    assert make_job("open", user=user, QUERY="write", run=True).phase == "QUEUED"


def test_too_much_on_the_disk(make_job, user):
    Allowance.objects.create(user=user, disk_bytes=3_000_000)
    full = make_job(user=user)
    Job.objects.filter(pk=full.pk).update(disk_bytes=3_500_000)
    held = make_job(user=user, run=True)
    assert held.phase == "HELD"
    assert held.held_reason == (
        "You have 3.50 MB of files in jobs here; the limit is 3.00 MB. Delete jobs that you no longer need and run "
        "this one again."
    )
    delete_job(job=full)
    run_job(job=held)
    assert held.phase == "QUEUED"


def test_too_much_processor_time(make_job, user, other):
    Allowance.objects.create(cpu_hours=10)
    use(user, 6, days_ago=29.5)
    use(user, 5, days_ago=1)
    use(user, 50, days_ago=31)
    use(other, 9)
    held = make_job(user=user, run=True)
    assert held.phase == "HELD"
    begun = (now() - timedelta(days=29.5)).replace(minute=0, second=0, microsecond=0)
    when = f"{begun + timedelta(days=30):%Y-%m-%dT%H:%M:%S}.000Z"
    assert held.held_reason == (
        "You have used 11 hours of processor time in the last 30 days; the limit is 10. "
        f"Run this job again after {when}, when enough of that is longer ago."
    )
    assert make_job(user=other, run=True).phase == "QUEUED"
    CpuUse.objects.filter(hour=begun).update(hour=begun - timedelta(days=1))
    run_job(job=held)
    assert held.phase == "QUEUED"


def test_anonymous_jobs_are_told_apart(make_job, settings):
    settings.ATHANOR_ANONYMOUS_QUEUED = 1
    make_job(user=AnonymousUser(), run=True)
    held = make_job(user=AnonymousUser(), run=True)
    assert held.held_reason.startswith("Those who are not signed in have, together, 1 jobs in the queue;")


def test_children_come_in_with_their_parent(make_job, user):
    Allowance.objects.create(user=user, queued=1)
    parent = make_job(user=user, run=True)
    child = make_job(user=user)
    Job.objects.filter(pk=child.pk).update(parent=parent)
    run_job(job=child)
    assert child.phase == "QUEUED"
    abort_job(job=parent)
    assert make_job(user=user, run=True).phase == "QUEUED"


def test_a_held_job_over_http(client, service, user):
    Allowance.objects.create(queued=1)
    client.force_login(user)
    urls = [client.post("/uws/worker", {"PHASE": "RUN"}) for _ in range(2)]
    assert [answer.status_code for answer in urls] == [303, 303]
    first, second = (answer["Location"] for answer in urls)
    assert client.get(f"{second}/phase").content == b"HELD"
    assert "the limit is 1" in client.get(second).content.decode()
    client.post(f"{first}/phase", {"PHASE": "ABORT"})
    assert client.post(f"{second}/phase", {"PHASE": "RUN"}).status_code == 303
    assert client.get(f"{second}/phase").content == b"QUEUED"


def test_running_limits_leave_jobs_in_the_queue(make_job, user, other, claim):
    Allowance.objects.create(user=user, running=2)
    own = [make_job(user=user, run=True) for _ in range(4)]
    theirs = make_job(user=other, run=True)
    assert sorted(claim()) == sorted([own[0].pk, own[1].pk, theirs.pk])
    assert claim() == []
    assert {job.phase for job in Job.objects.filter(pk__in=[own[2].pk, own[3].pk])} == {"QUEUED"}
    Job.objects.filter(pk=own[0].pk).update(phase=Phase.COMPLETED)
    assert claim() == [own[2].pk]


def test_running_limit_counts_what_is_in_a_batch_systems_queue(make_job, user):
    Allowance.objects.create(user=user, running=1)
    Job.objects.update(executor="local")
    make_job(user=user, run=True)
    make_job(user=user, run=True)
    claimer = Claimer("e")
    (job,) = claimer.claim(executor="local", free=10, queues=True)
    assert (job.phase, job.engine, job.start_time) == ("QUEUED", "e", None)
    assert claimer.claim(executor="local", free=10, queues=True) == []


def test_limit_of_a_definition_holds_in_the_whole_service(make_job, user, other, monkeypatch, claim):
    from dataclasses import replace

    from jobdefs import registry

    worker = registry.get("worker")
    limited = replace(worker, limits=replace(worker.limits, running=1))
    monkeypatch.setattr(registry, "all_definitions", lambda: {"worker": limited})
    jobs = [make_job(user=whose, run=True) for whose in (user, other)]
    assert claim() == [jobs[0].pk]
    assert claim() == []


def test_parents_count_as_no_run(make_job, user, claim):
    Allowance.objects.create(user=user, running=1)
    parents = [make_job(user=user, run=True) for _ in range(2)]
    Job.objects.update(executor="pipeline")
    assert len(Claimer("e").claim(executor="pipeline", free=10)) == len(parents)
    child = make_job(user=user, run=True)
    assert claim() == [child.pk]


def test_allowance_raises_priority(make_job, user, other, claim):
    Allowance.objects.create(user=other, priority=2)
    Allowance.objects.create(user=other, definition="worker", priority=3)
    jobs = [make_job(user=user, run=True) for _ in range(2)]
    raised = make_job(user=other, run=True)
    Job.objects.filter(pk=jobs[1].pk).update(priority=6)
    assert claim() == [jobs[1].pk, raised.pk, jobs[0].pk]


def test_who_used_the_machine_of_late_steps_back(make_job, user, other, claim):
    use(user, 8)
    use(other, 8, days_ago=3)
    use(other, 80, executor="inprocess")
    mine = [make_job(user=user, run=True) for _ in range(2)]
    theirs = [make_job(user=other, run=True) for _ in range(2)]
    late = load_of_late("local")
    assert late[user.pk] == pytest.approx(8 / 6 * 0.6931, rel=0.01)
    assert late.get(other.pk, 0) < 0.01
    assert claim(1) == [theirs[0].pk]
    assert claim(3) == [mine[0].pk, theirs[1].pk, mine[1].pk]


@pytest.mark.parametrize(
    ("change", "taken"),
    [({}, True), ({"waiting_for": 1}, False), ({"engine": "other"}, False), ({"phase": Phase.HELD}, False)],
)
def test_what_is_claimed(make_job, claim, change, taken):
    job = make_job(run=True)
    Job.objects.update(**change)
    assert claim() == ([job.pk] if taken else [])


def test_ledger_outlives_jobs(make_job, user):
    job = make_job(user=user)
    ended = now()
    charge(job=job, seconds=1800, ended=ended)
    charge(job=job, seconds=1800, ended=ended)
    charge(job=job, seconds=0, ended=ended)
    job.delete()
    assert CpuUse.objects.count() == 1
    assert (hours_used(user.pk), hours_used(user.pk, "worker"), hours_used(user.pk, "open")) == (1, 1, 0)
    use(user, 5, days_ago=40)
    forget_old_use()
    assert CpuUse.objects.count() == 1


def test_queue_position(make_job, user, other):
    mine = [make_job(user=user, run=True) for _ in range(3)]
    theirs = make_job(user=other, run=True)
    urgent = make_job(user=other, run=True)
    Job.objects.filter(pk=urgent.pk).update(priority=5)
    urgent.refresh_from_db()
    assert queue_position(urgent) == 1
    assert [queue_position(job) for job in mine] == [2, 4, 5]
    assert queue_position(theirs) == 3
    assert queue_position(make_job(user=user)) is None
    Job.objects.filter(pk=mine[0].pk).update(waiting_for=1)
    mine[0].refresh_from_db()
    assert queue_position(mine[0]) is None


def test_a_long_queue_is_remembered_but_no_job_forgotten(make_job, user, other, monkeypatch):
    monkeypatch.setattr("uws.scheduling.queue.LONG", 1)
    claimer = Claimer("e")

    def take() -> list[str]:
        return [job.pk for job in claimer.claim(executor="local", free=1)]

    mine = [make_job(user=user, run=True) for _ in range(3)]
    assert take() == [mine[0].pk]
    theirs = make_job(user=other, run=True)
    Job.objects.filter(pk=theirs.pk).update(priority=5)
    assert take() == [mine[1].pk]
    monkeypatch.setattr("uws.scheduling.queue.LONG_SECONDS", -1.0)
    assert take() == [theirs.pk]
    monkeypatch.setattr("uws.scheduling.queue.LONG_SECONDS", 60.0)
    late = make_job(user=other, run=True)
    assert take() == [mine[2].pk]
    assert take() == [late.pk]
    assert take() == []
