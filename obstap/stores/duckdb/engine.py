"""How DuckDB is started: how much it may use, and what it may touch."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from obstap.names import literal
from obstap.stores.duckdb import geometry, udfs

__all__ = ["builder", "locked_reader", "memory_limit"]

_MEMORY = (512 * 2**20, 4 * 2**30)
"""Bounds of the memory that one engine may use, in bytes; between them it is an eighth of the machine's."""

_SPILL = "16GiB"
"""What one engine may write beside its memory."""


def memory_limit() -> int:
    """Bytes that one engine may use."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    low, high = _MEMORY
    return min(max(physical // 8, low), high)


def builder(spill: Path) -> duckdb.DuckDBPyConnection:
    """An engine that builds table files."""
    return duckdb.connect(":memory:", config=_config(spill))


def locked_reader(directory: Path, spill: Path, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An engine whose queries reach no file outside `directory`, load no code and change no setting.

    Rows without ORDER BY may come in any order: to keep that of the file, the engine would hold all rows of a query
    with a large LIMIT before it gives the first.
    """
    config = {**_config(spill), "python_enable_replacements": False, "preserve_insertion_order": False}
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute(f"SET allowed_directories = [{literal(str(directory))}]")
    connection.execute("SET enable_external_access = false")
    geometry.register(connection)
    udfs.register(connection)
    connection.execute("SET lock_configuration = true")
    return connection


def _config(spill: Path) -> dict[str, object]:
    return {
        "memory_limit": f"{memory_limit() // 2**20}MiB",
        "temp_directory": str(spill),
        "max_temp_directory_size": _SPILL,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
