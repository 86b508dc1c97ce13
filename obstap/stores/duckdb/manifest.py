"""The file that says which version of each table is published.

It is replaced in one step, so a reader sees one state of all tables, whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from obstap.metadata import Table
from obstap.stores.duckdb.durable import replace_text

__all__ = ["Entry", "Manifest", "Signature", "read", "signature", "write"]

_NAME = "manifest.json"
_FORMAT = 1

Signature = tuple[int, int, int] | None
"""What tells one manifest file from the next without reading it; None when there is none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A published table, the file that holds its present version, and the number of its rows."""

    table: Table
    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of the archive.

    Parameters
    ----------
    number
        Counts the states.
    entries
        Published tables by their lower-case name.
    retired
        Files of former versions, and when they ceased to be published (seconds since the epoch).
    """

    number: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)
    retired: Mapping[str, float] = field(default_factory=dict)


def signature(directory: Path) -> Signature:
    """The signature of the manifest in `directory`; one system call."""
    try:
        return _signature((directory / _NAME).stat())
    except FileNotFoundError:
        return None


def read(directory: Path) -> tuple[Manifest, Signature]:
    """The manifest in `directory` with its signature; an empty one when there is none."""
    try:
        with (directory / _NAME).open(encoding="utf-8") as file:
            data = json.load(file)
            seen = _signature(os.fstat(file.fileno()))
    except FileNotFoundError:
        return Manifest(), None
    entries = {
        name: Entry(table=Table.from_dict(entry["table"]), file=entry["file"], rows=entry["rows"])
        for name, entry in data["tables"].items()
    }
    return Manifest(number=data["number"], entries=entries, retired=data["retired"]), seen


def write(directory: Path, manifest: Manifest) -> None:
    """Put `manifest` in place of the one in `directory`."""
    tables = {
        name: {"file": entry.file, "rows": entry.rows, "table": entry.table.to_dict()}
        for name, entry in manifest.entries.items()
    }
    data = {"format": _FORMAT, "number": manifest.number, "tables": tables, "retired": dict(manifest.retired)}
    replace_text(directory / _NAME, json.dumps(data, ensure_ascii=False, indent=1))


def _signature(status: os.stat_result) -> Signature:
    return status.st_mtime_ns, status.st_ino, status.st_size
