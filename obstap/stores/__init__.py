"""Where published tables live."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path

from obstap.stores.base import Snapshot, TableContent, TableStore

__all__ = ["Snapshot", "TableContent", "TableStore", "get_store", "open_store"]

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
    from django.conf import settings  # noqa: PLC0415 - see above

    threads = max((os.cpu_count() or 1) // settings.ATHANOR_WEB_WORKERS, 1)
    return open_store(url, reader_url=settings.ATHANOR_ARCHIVE_READER_URL, threads=threads)


def open_store(url: str, *, reader_url: str = "", threads: int | None = None) -> TableStore:
    """The store that a URL names.

    Parameters
    ----------
    url
        ``duckdb:`` and the path of a directory, or the URL of a PostgreSQL database.
    reader_url
        URL of that database for the role under which queries run; see `obstap.stores.postgres`.
    threads
        Cores that an engine in this process may keep busy; all when None.

    Raises
    ------
    django.core.exceptions.ImproperlyConfigured
        When the URL is malformed or names an engine that does not serve archives.
    """
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - as above

    scheme, _, path = url.partition(":")
    if scheme == "duckdb" and path:
        from obstap.stores.duckdb import DuckDBStore  # noqa: PLC0415 - engines load when they are first used

        return DuckDBStore(Path(path).expanduser(), threads=threads)
    if scheme in ("postgres", "postgresql"):
        from obstap.stores.postgres import PostgreSQLStore  # noqa: PLC0415 - as above

        return PostgreSQLStore(url, reader_url=reader_url)
    raise ImproperlyConfigured(
        f"ARCHIVE_URL is {url!r}; it must be duckdb:/path/of/a/directory or postgresql://user@host/database."
    )


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - its owner may not have come along
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
