"""A million rows take no more memory than the first of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.obstap.writers.readers import FORMATS

ROOT = Path(__file__).resolve().parents[3]

SMALLEST_ANSWER = 100 * 10**6
"""Bytes of the smallest of the answers that are not compressed."""

MOST_GROWTH = 100 * 10**6


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell a process its size")
@pytest.mark.parametrize("fmt", FORMATS)
def test_memory_is_bounded(fmt):
    run = subprocess.run(
        [sys.executable, "-m", "tests.obstap.writers.growth", fmt],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert run.returncode == 0, run.stderr
    written, growth = map(int, run.stdout.split())
    assert written > SMALLEST_ANSWER or fmt == "parquet"
    assert growth < MOST_GROWTH
