"""The writing side: new versions are built beside the published ones, then the manifest is replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from obstap.stores.base import TableContent
from obstap.stores.contents import check_key, published_name, the_entry
from obstap.stores.duckdb import manifest
from obstap.stores.duckdb.build import FILE, build_merged, build_new, build_without
from obstap.stores.duckdb.durable import sync_directory
from obstap.stores.duckdb.locks import WriterLock
from obstap.stores.duckdb.manifest import Entry, Manifest
from obstap.stores.duckdb.spill import SpillDirectory, remove_abandoned

__all__ = ["Writer"]


class Writer:
    """Publishes versions of tables into a directory.

    Parameters
    ----------
    directory
        Where the files live.
    grace
        Seconds for which files are kept after they ceased to be published.
    """

    def __init__(self, directory: Path, grace: float) -> None:
        self._directory = directory
        self._grace = grace
        self._lock = WriterLock(directory / "lock")

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out."""
        return self._lock.held()

    def publish(
        self, *, replaced: Sequence[TableContent] = (), merged: Sequence[TableContent] = (), drop: Sequence[str] = ()
    ) -> None:
        """Publish new tables and merge rows into others, and drop tables, all in one step."""
        for content in merged:
            check_key(content.table)
        with self._writing() as (found, spill):
            number = found.number + 1
            entries = dict(found.entries)
            for name in drop:
                the_entry(entries, name)
                del entries[name.lower()]
            for content in replaced:
                entries[published_name(content.table)] = build_new(self._directory, spill, number, content)
            for content in merged:
                name = published_name(content.table)
                new = build_merged(self._directory, spill, number, entries.get(name), content)
                if new is not None:
                    entries[name] = new
            if entries != found.entries:
                self._swap(found, entries)

    def delete(self, name: str, keys: Sequence[str]) -> int:
        """Remove the rows with these keys from a table; gives the number removed."""
        with self._writing() as (found, spill):
            old = the_entry(found.entries, name)
            check_key(old.table)
            new = build_without(self._directory, spill, found.number + 1, old, keys)
            if new is None:
                return 0
            self._swap(found, {**found.entries, name.lower(): new})
            return old.rows - new.rows

    @contextmanager
    def _writing(self) -> Iterator[tuple[Manifest, Path]]:
        with self._lock.held():
            found, _ = manifest.read(self._directory)
            self._sweep(found)
            spill = SpillDirectory(self._directory)
            try:
                yield found, spill.path
            finally:
                spill.remove()

    def _swap(self, found: Manifest, entries: Mapping[str, Entry]) -> None:
        kept = {entry.file for entry in entries.values()}
        now = time.time()
        retired = {file: since for file, since in found.retired.items() if (self._directory / file).exists()}
        retired |= {entry.file: now for entry in found.entries.values() if entry.file not in kept}
        sync_directory(self._directory)
        manifest.write(self._directory, Manifest(number=found.number + 1, entries=entries, retired=retired))

    def _sweep(self, found: Manifest) -> None:
        """Delete what dead writers left, and what ceased to be published longer ago than the grace period."""
        now = time.time()
        kept = {entry.file for entry in found.entries.values()}
        kept |= {file for file, since in found.retired.items() if now - since < self._grace}
        for path in self._directory.iterdir():
            if FILE.fullmatch(path.name) and path.name not in kept:
                path.unlink(missing_ok=True)
        remove_abandoned(self._directory)
