"""Runs evselect in this process, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jobdefs import registry
from jobdefs.tasks.evselect.task import run
from jobdefs.tasks.parameters import parse_arguments

from .events import Events, make_events

Evselect = Callable[..., Path]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def made_events(tmp_path_factory) -> Events:
    return make_events(tmp_path_factory.mktemp("events") / "events.fits")


@pytest.fixture
def events(made_events, folder) -> Events:
    """The simulated list as ``events.fits`` in the working directory."""
    (folder / "events.fits").symlink_to(made_events.path)
    return made_events


@pytest.fixture
def evselect(folder) -> Evselect:
    """Runs the task on ``events.fits``, or on another table."""

    def call(*, table: str = "events.fits", chunk_rows: int = 0, **parameters: object) -> Path:
        arguments = [f"table={table}", *(f"{name}={value}" for name, value in parameters.items())]
        run(parse_arguments(registry.get("evselect"), arguments), chunk_rows=chunk_rows)
        return folder

    return call
