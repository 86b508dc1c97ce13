"""Time in which a run is suspended is not counted; the clock is the test's."""

from __future__ import annotations

import time

import pytest

from uws import runner


@pytest.mark.parametrize(
    ("seconds", "stopped"),
    [
        ([0.25] * 39, False),
        ([0.25] * 41, True),
        ([3.0] * 4, True),
        ([0.25] * 20 + [3600.0] + [0.25] * 19, False),
        ([0.25] * 20 + [3600.0] + [0.25] * 21, True),
    ],
)
def test_limit_of_ten_seconds(tmp_path, monkeypatch, seconds, stopped):
    clock = [time.monotonic()]
    reasons = []
    monkeypatch.setattr(runner.time, "monotonic", lambda: clock[0])
    run = runner.Run(tmp_path, {"job_id": "job", "limits": {"wall_seconds": 10}})
    monkeypatch.setattr(run, "_stop", reasons.append)
    for step in seconds:
        clock[0] += step
        run._look_at_clock(True)
    assert set(reasons) == ({"wall-limit"} if stopped else set())
