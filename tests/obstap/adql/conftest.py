"""One engine with small tables for all tests of ADQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.obstap.adql.tables import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine with the small tables."""
    engine = Engine()
    yield engine
    engine.close()
