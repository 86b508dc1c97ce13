"""What the database writes of an instant is what Python would write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from uws.isotime import IsoTime
from uws.models import Job
from uws.times import format_time

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00.000",
        "2026-12-31T23:59:59.999",
        "2000-02-29T00:00:00.001",
        "1999-01-01T00:00:00.010",
        "9999-12-31T23:59:59.500",
    ],
)
def test_instants_are_written_alike(text: str) -> None:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    Job.objects.create(id="a" * 26, definition="tap", creation_time=moment)
    assert Job.objects.values_list(IsoTime("creation_time"), IsoTime("end_time")).get() == (format_time(moment), None)
    assert format_time(moment) == f"{text}Z"
