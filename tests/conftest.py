"""Fixtures of all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# What counts is that a property holds; how long an example takes depends on what else the machine does. Each run has
# the same examples, so that a failure is due to a change; ``--hypothesis-profile=search`` looks for new ones.
settings.register_profile("athanor", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("athanor")

pytest_plugins = ["tests.postgres", "tests.database", "tests.slurm", "tests.parallel"]

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
"""Real data and schemas beside the checkout; tests that need them skip where they are absent."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and schemas, or a skip that says what is missing."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real data and schemas (../shared) is not beside this checkout")
    return SHARED
