"""Where published tables live."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path

from obstap.stores.base import Snapshot, TableContent, TableStore

__all__ = ["Snapshot", "TableContent", "TableStore", "get_store"]

_stores: dict[str, TableStore] = {}
_lock = threading.Lock()


def get_store() -> TableStore:
    """The store that ``settings.ARCHIVE_URL`` names; one for each process.

    Raises
    ------
    django.core.exceptions.ImproperlyConfigured
        When the URL is malformed or names an engine that does not serve archives.
    """
    from django.conf import settings  # noqa: PLC0415 - command-line tools use stores without Django

    with _lock:
        url = settings.ARCHIVE_URL
        if url not in _stores:
            _stores[url] = _open(url)
            atexit.register(_stores[url].close)
        return _stores[url]


def _open(url: str) -> TableStore:
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - see above

    from obstap.stores.duckdb import DuckDBStore  # noqa: PLC0415 - DuckDB loads when the archive is first used

    scheme, _, path = url.partition(":")
    if scheme == "duckdb" and path:
        return DuckDBStore(Path(path).expanduser())
    if scheme in ("postgres", "postgresql", "pgsql"):
        raise ImproperlyConfigured(
            f"ARCHIVE_URL is {scheme}:…, but this release serves archives from DuckDB files only;"
            " write duckdb:/path/of/a/directory. (DATABASE_URL may name PostgreSQL.)"
        )
    raise ImproperlyConfigured(f"ARCHIVE_URL is {url!r}; it must be duckdb:/path/of/a/directory.")


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - its owner may not have come along
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
