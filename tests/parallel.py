"""How several workers share the tests: a plugin of pytest (see `tests.conftest`) for ``pytest --numprocesses 2``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = re.compile(r"pytest\.mark\.(stack|slow|browser)")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The tests of a file stay together, and so do all files that start many processes: two of them at a time would
    wait for each other's.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "heavy" if is_heavy(file) else file

    return Scheduling(config, log)


@cache
def is_heavy(file: str) -> bool:
    """Whether a file, by its path below the root, has tests that start many processes."""
    return HEAVY.search((ROOT / file).read_text()) is not None
