"""The reading side of one process: an engine with the published versions attached.

Versions are attached when the manifest first names them and detached when the manifest no longer does and no snapshot
or query holds a state that does.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from obstap.names import delimited, literal
from obstap.stores.duckdb import manifest
from obstap.stores.duckdb.build import DATA, SUFFIX
from obstap.stores.duckdb.engine import locked_reader
from obstap.stores.duckdb.manifest import Entry, Manifest, Signature
from obstap.stores.duckdb.spill import SpillDirectory
from vo.errors import UnavailableError

__all__ = ["Reader", "State", "physical"]

_ATTEMPTS = 20
"""How often a manifest is read whose files are gone by the time they are attached."""


@dataclass(eq=False)
class State:
    """One state of all tables, and how many hold it."""

    signature: Signature
    entries: Mapping[str, Entry]
    holders: int = field(default=0)


def physical(entry: Entry) -> str:
    """The engine's name of a published table."""
    return f"{delimited(_alias(entry.file))}.main.{DATA}"


def _alias(file: str) -> str:
    return file.removesuffix(SUFFIX)


class Reader:
    """The engine of this process."""

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        self._directory = directory
        self._spill = SpillDirectory(directory)
        self._connection = locked_reader(directory, self._spill.path, threads)
        self._lock = threading.Lock()
        self._attached: Counter[str] = Counter()
        self._released: deque[State] = deque()
        self._current: State | None = None

    def acquire(self) -> State:
        """Hold the present state; `release` must follow."""
        present = manifest.signature(self._directory)
        with self._lock:
            self._drop_released()
            if self._current is None or self._current.signature != present:
                self._refresh()
            self._current.holders += 1
            return self._current

    def hold(self, state: State) -> None:
        """Hold once more a state that is held."""
        with self._lock:
            state.holders += 1

    def release(self, state: State) -> None:
        """Hold `state` no longer.

        The garbage collector may call this at any moment, also while this thread has the lock; then the state is
        dropped by the next `acquire`.
        """
        self._released.append(state)
        if self._lock.acquire(blocking=False):
            try:
                self._drop_released()
            finally:
                self._lock.release()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one query."""
        with self._lock:
            return self._connection.cursor()

    def close(self) -> None:
        """Stop the engine."""
        with self._lock:
            self._connection.close()
            self._spill.remove()

    def _refresh(self) -> None:
        former = self._current
        self._current = self._attach_present()
        if former is not None and former.holders == 0:
            self._detach(former)

    def _attach_present(self) -> State:
        for _ in range(_ATTEMPTS):
            found, signature = manifest.read(self._directory)
            try:
                return self._attach(found, signature)
            except duckdb.IOException as error:
                missing = error
        raise UnavailableError("The archive's tables cannot be opened.", retry_after=5) from missing

    def _attach(self, found: Manifest, signature: Signature) -> State:
        fresh = []
        try:
            for entry in found.entries.values():
                if not self._attached[entry.file]:
                    path = literal(str(self._directory / entry.file))
                    self._connection.execute(f"ATTACH {path} AS {delimited(_alias(entry.file))} (READ_ONLY)")
                    fresh.append(entry.file)
        except BaseException:
            for file in fresh:
                self._connection.execute(f"DETACH {delimited(_alias(file))}")
            raise
        self._attached.update(entry.file for entry in found.entries.values())
        return State(signature=signature, entries=found.entries)

    def _drop_released(self) -> None:
        while self._released:
            state = self._released.popleft()
            state.holders -= 1
            if state.holders == 0 and state is not self._current:
                self._detach(state)

    def _detach(self, state: State) -> None:
        for entry in state.entries.values():
            self._attached[entry.file] -= 1
            if not self._attached[entry.file]:
                del self._attached[entry.file]
                self._connection.execute(f"DETACH {delimited(_alias(entry.file))}")
