"""A process that dies while it records a job: another one records it, whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.uws.conftest import make_sas
from tests.uws.service import Service, running_service

pytestmark = pytest.mark.slow

DYING = """
import os, sys, django
django.setup()
from provenance.recording import jobs
from uws.engine.announce import announce
setattr(jobs, {place!r}, lambda *_: (print("dies", flush=True), os.close(1), os.kill(os.getpid(), 9)))
announce(job_id={job_id!r})
"""


@pytest.fixture
def service(tmp_path) -> Iterator[Service]:
    with running_service(tmp_path / "h", make_sas(tmp_path)) as made:
        yield made


@pytest.mark.parametrize("place", ["record_inputs", "associate"])
def test_a_job_whose_recording_was_killed_is_recorded_by_the_next_engine(service: Service, place: str) -> None:
    [job_id] = service.make_jobs([{"definition": "worker", "parameters": {"text": ["a"]}}])
    service.query("UPDATE uws_job SET phase = 'ABORTED', reaped = 1")
    with pytest.raises(Exception, match=r"died with .*SIGKILL"):
        service.run("-c", DYING.format(place=place, job_id=job_id))
    tables = ("activity", "activitydescription", "entity", "parameter", "used")
    assert [service.query(f"SELECT COUNT(*) FROM provenance_{table}")[0][0] for table in tables] == [0] * 5
    assert service.unfinished() == [(job_id, "ABORTED", 1, 0)]
    service.start_engine()
    service.wait_until_all_ended()
    assert service.query("SELECT identifier, phase FROM provenance_activity") == [(job_id, "ABORTED")]
    assert service.query("SELECT name, value FROM provenance_parameter") == [("text", "a")]
