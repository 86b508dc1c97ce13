"""One running service for the tests of the whole way, with real data where they are at hand."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(autouse=True)
def _clients_leave_quietly() -> Iterator[None]:
    """Let go here of the connections that pyvo keeps open and cannot close, not in the middle of another test."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running service with one simulated observation."""
    service = Stack(tmp_path_factory.mktemp("athanor"))
    try:
        service.start()
        service.ingest_simulated()
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="session")
def stack_with_real_data(stack: Stack, shared: Path) -> Stack:
    """The same with the H.E.S.S. and Chandra files ingested."""
    stack.manage("ingest", str(shared / "data" / "hess-dl3-dr1"), str(shared / "data" / "chandra"))
    return stack


@pytest.fixture(scope="session")
def stack_with_images(stack: Stack, shared: Path) -> Stack:
    """The same with an image of XMM-Newton ingested."""
    stack.manage("ingest", str(shared / "data" / "xmm"))
    return stack
