"""What each request does in each phase: status and new phase."""

from __future__ import annotations

import pytest

from uws.models import Job, PhaseChange
from uws.phases import TRANSITIONS, Phase
from uws.transitions import move

REQUESTS = {
    "run": ("post", "/phase", {"PHASE": "RUN"}),
    "abort": ("post", "/phase", {"PHASE": "ABORT"}),
    "run at the job": ("post", "", {"PHASE": "RUN"}),
    "other phase": ("post", "/phase", {"PHASE": "COMPLETED"}),
    "no phase": ("post", "/phase", {}),
    "set parameter": ("post", "/parameters", {"text": "x"}),
    "set duration": ("post", "/executionduration", {"EXECUTIONDURATION": "5"}),
    "set destruction": ("post", "/destruction", {"DESTRUCTION": "2020-01-01T00:00:00Z"}),
    "delete": ("delete", "", {}),
    "delete by action": ("post", "", {"ACTION": "DELETE"}),
    "show": ("get", "", {}),
}

WAITING = (Phase.PENDING, Phase.HELD)
RUNNING = (Phase.QUEUED, Phase.EXECUTING, Phase.SUSPENDED, Phase.UNKNOWN)


def expected(name: str, phase: Phase) -> tuple[int, Phase]:
    match name:
        case "show":
            return 200, phase
        case "run" | "run at the job":
            return (303, Phase.QUEUED) if phase in WAITING else (403, phase)
        case "abort" if phase in WAITING + RUNNING + (Phase.ABORTED,):
            return 303, Phase.ABORTED
        case "abort":
            return 403, phase
        case "other phase" | "no phase":
            return 400, phase
        case "set parameter" | "set duration":
            return (303 if phase in WAITING else 403), phase
        case "set destruction":
            return (403 if phase == Phase.ARCHIVED else 303), phase
        case _:
            return 303, Phase.ABORTED if phase in WAITING + RUNNING else phase


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("name", REQUESTS)
def test_request_in_phase(client, make_job, name, phase):
    job = make_job()
    Job.objects.update(phase=phase)
    method, path, data = REQUESTS[name]
    answer = getattr(client, method)(f"/uws/worker/{job.pk}{path}", data)
    job.refresh_from_db()
    assert (answer.status_code, job.phase) == expected(name, phase)
    if answer.status_code == 303:
        deleted = name.startswith("delete")
        assert answer["Location"] == "http://testserver/uws/worker" + ("" if deleted else f"/{job.pk}")
        assert client.get(f"/uws/worker/{job.pk}").status_code == (404 if deleted else 200)
    elif answer.status_code >= 400:
        assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("old", Phase)
@pytest.mark.parametrize("new", Phase)
def test_move(make_job, old, new):
    job = make_job()
    Job.objects.update(phase=old)
    PhaseChange.objects.all().delete()
    if new not in TRANSITIONS[old]:
        with pytest.raises(ValueError, match=f"from {old} to {new}"):
            move(job_id=job.pk, old=old, new=new)
        assert not PhaseChange.objects.exists()
        return
    assert move(job_id=job.pk, old=old, new=new, stage="x")
    job.refresh_from_db()
    assert (job.phase, job.stage) == (new, "x")
    assert [change.phase for change in job.phase_changes.all()] == [new]


def test_move_is_guarded(make_job):
    job = make_job()
    assert move(job_id=job.pk, old=Phase.PENDING, new=Phase.QUEUED)
    assert not move(job_id=job.pk, old=Phase.PENDING, new=Phase.QUEUED)
    assert not move(job_id=job.pk, old=Phase.QUEUED, new=Phase.EXECUTING, where={"engine": "another"})
    assert [change.phase for change in job.phase_changes.all()] == ["PENDING", "QUEUED"]
