"""The page of a job leads to its crate."""

from __future__ import annotations

from tests.provenance.crate.conftest import JOB_ID
from uws.models import Job


def test_the_link_on_the_page(client, finished) -> None:
    finished()
    page = client.get(f"/jobs/{JOB_ID}/").content.decode()
    assert f'<a id="job-crate" href="/jobs/{JOB_ID}/crate.zip">' in page
    assert f'href="/jobs/{JOB_ID}/crate.zip?inputs=value"' in page


def test_there_is_none_before_the_end(client, finished) -> None:
    finished()
    Job.objects.filter(pk=JOB_ID).update(phase="EXECUTING", announced=False)
    assert "crate.zip" not in client.get(f"/jobs/{JOB_ID}/").content.decode()
