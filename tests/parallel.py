"""How several workers share the tests: a plugin of pytest (see `tests.conftest`) for ``pytest --numprocesses 2``."""

from __future__ import annotations

from typing import Any

import pytest

WITH_PROCESSES = ("tests/e2e/", "tests/uws/")
"""Folders of tests that start processes, wait for them and count them."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The tests of a file stay together, and so do all that start processes: two of them at a time would count each
    other's.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "processes" if file.startswith(WITH_PROCESSES) else file

    return Scheduling(config, log)
