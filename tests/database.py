"""The database of Django's models in the tests: a plugin of pytest (see `tests.conftest`).

They use SQLite; ``pytest --database postgresql tests/uws tests/provenance tests/web`` runs those that have models on a
PostgreSQL server of the session's own. Services that a test starts as processes keep the database that it gives them.
"""

from __future__ import annotations

import pytest
from django.db import connections

from tests.postgres import OWNER, Server

ENGINE = "django.db.backends.postgresql"
FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where Django's models live in the tests (default: sqlite)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only those run that use the models."""
    if config.getoption("database") == "postgresql":
        others = [item for item in items if not FIXTURES & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def pytest_report_header(config: pytest.Config) -> str:
    return f"database of the models: {config.getoption('database')}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Point Django at the chosen server before its test database is made; skip where there is none."""
    if request.config.getoption("database") == "postgresql":
        _use(request.getfixturevalue("postgresql_server"))


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Whether the test database stays: one of PostgreSQL goes with its server, and may have an autovacuum at work."""
    return request.config.getoption("database") == "postgresql"


def _use(server: Server) -> None:
    settings = connections["default"].settings_dict
    settings.update(ENGINE=ENGINE, NAME="postgres", USER=OWNER, HOST=str(server.folder), PORT=str(server.port))
    settings.update(OPTIONS={})
    settings["TEST"] = {**settings["TEST"], "NAME": "athanor_tests"}
    connections["default"].close()
    del connections["default"]
