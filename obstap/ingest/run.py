"""One run of the ingest: find, recognise, publish, remember."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from obstap.archive import FITS, access_path, publisher_did
from obstap.ingest.dl3_index import Dl3Indices
from obstap.ingest.fitsfile import read_headers
from obstap.ingest.outcomes import NotAProduct, Refused
from obstap.ingest.product import Product
from obstap.ingest.recognise import recognise
from obstap.ingest.walk import walk
from obstap.models import ArchiveFile
from obstap.signals import files_ingested
from uws.times import now
from vo.errors import ParameterError

__all__ = ["Entry", "Report", "ingest"]

CHUNK = 500
"""Files that are compared with the database, or rows that are made into batches, at a time."""

KBYTE = 1000


@dataclass(frozen=True)
class Entry:
    """A file with the product in it, ready to be published."""

    path: Path
    size: int
    mtime_ns: int
    collection: str
    product: Product

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def did(self) -> str:
        """Its identifier."""
        return publisher_did(self.collection, self.name)

    @property
    def obs(self) -> dict[str, object]:
        """The row of ``ivoa.obscore``."""
        return self.product.obs | {
            "obs_collection": self.collection,
            "obs_publisher_did": self.did,
            "access_url": access_path(self.collection, self.name),
            "access_estsize": -(-self.size // KBYTE),
        }

    @property
    def hea(self) -> dict[str, object]:
        """The row of ``ivoa.obscore_hea``."""
        return self.product.hea | {"obs_publisher_did": self.did}

    def model(self) -> ArchiveFile:
        """What the archive remembers of the file."""
        return ArchiveFile(
            obs_publisher_did=self.did,
            collection=self.collection,
            name=self.name,
            path=str(self.path),
            media_type=FITS,
            size=self.size,
            mtime_ns=self.mtime_ns,
            obs_id=str(self.product.obs["obs_id"]),
            dataproduct_type=str(self.product.obs["dataproduct_type"]),
        )


@dataclass
class Report:
    """What a run did.

    Parameters
    ----------
    unchanged
        Number of files that were ingested before and have not changed.
    ignored, refused
        Files with the reason.
    absent
        Files that an index lists but that are not there.
    """

    ingested: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    ignored: list[tuple[Path, str]] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    absent: list[Path] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether something was refused and nothing could be ingested."""
        return bool(self.refused) and not self.ingested and not self.unchanged


def ingest(
    *,
    paths: Sequence[Path],
    collection: str | None = None,
    dry_run: bool = False,
    again: bool = False,
    progress: Callable[[Sequence[Path]], Iterable[Path]] = iter,
) -> Report:
    """Bring files into the archive.

    Rows are published in one step at the end; the database remembers the files, and whoever listens hears of them, only
    after that and in one transaction, so that a run which is interrupted anywhere is repaired by running it again.

    Parameters
    ----------
    paths
        Files and folders.
    collection
        The collection to put all of them in; by default each file's headers decide.
    dry_run
        Only look.
    again
        Read files anew that have not changed since they were ingested.
    progress
        Wraps the list of files, for instance to show a progress bar.
    """
    report, started = Report(), now()
    indices = Dl3Indices()
    files = list(_nameable(walk(paths), report))
    taken: dict[str, Path] = {}
    for chunk in _chunks(progress(files)):
        known = {} if again else _known(chunk)
        entries = []
        for path in chunk:
            entry = _look(path, indices, known, collection, report)
            if entry is not None:
                entries.append(entry)
        report.ingested += _acceptable(entries, taken, report)
    for folder in sorted({path.parent for path in files}):
        index = indices.of(folder)
        report.absent += index.absent() if index is not None else ()
    report.refused += indices.problems
    if report.ingested and not dry_run:
        _publish(report.ingested)
        _remember(report.ingested, started, {"collection": [collection] if collection else [], "again": [again]})
    return report


def _nameable(paths: Iterable[Path], report: Report) -> Iterator[Path]:
    """Those whose names are text; others have no place in a database or an address."""
    for path in paths:
        try:
            str(path).encode("utf-8")
        except UnicodeEncodeError:
            report.refused.append((path, "Its name is not valid UTF-8; rename it."))
        else:
            yield path


def _chunks(paths: Iterable[Path]) -> Iterator[list[Path]]:
    chunk: list[Path] = []
    for path in paths:
        chunk.append(path)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _known(paths: Sequence[Path]) -> dict[str, tuple[int, int, str]]:
    """Size, time of modification and collection of the files that the archive has, by path."""
    rows = ArchiveFile.objects.filter(path__in=[str(path) for path in paths])
    return {
        path: (size, mtime, name)
        for path, size, mtime, name in rows.values_list("path", "size", "mtime_ns", "collection")
    }


def _look(
    path: Path,
    indices: Dl3Indices,
    known: dict[str, tuple[int, int, str]],
    collection: str | None,
    report: Report,
) -> Entry | None:
    """The product in a file, or None after the report was told why there is none."""
    try:
        state = path.stat()
    except OSError as error:
        report.refused.append((path, f"It cannot be read: {error.strerror}."))
        return None
    if not stat.S_ISREG(state.st_mode):
        report.ignored.append((path, "It is no regular file."))
        return None
    before = known.get(str(path))
    if before is not None and before[:2] == (state.st_size, state.st_mtime_ns) and collection in (None, before[2]):
        report.unchanged += 1
        return None
    try:
        product = recognise(read_headers(path), indices)
    except NotAProduct as error:
        report.ignored.append((path, str(error)))
    except Refused as error:
        report.refused.append((path, str(error)))
    else:
        return Entry(path, state.st_size, state.st_mtime_ns, collection or product.collection, product)
    return None


def _acceptable(entries: Sequence[Entry], taken: dict[str, Path], report: Report) -> list[Entry]:
    """Those whose rows fit the tables and whose names are not taken by another file that is still there."""
    places = ArchiveFile.objects.filter(obs_publisher_did__in=[entry.did for entry in entries])
    owners = {did: Path(path) for did, path in places.values_list("obs_publisher_did", "path")}
    accepted = []
    for entry in _fitting(entries, report):
        owner = taken.get(entry.did) or owners.get(entry.did)
        if owner is not None and owner != entry.path and owner.exists():
            reason = f"The collection {entry.collection!r} already has a file of this name: {owner}."
            report.refused.append((entry.path, reason))
            continue
        taken[entry.did] = entry.path
        accepted.append(entry)
    return accepted


def _fitting(entries: Sequence[Entry], report: Report) -> list[Entry]:
    """Those whose rows fit the tables; rows are tried together and, only when that fails, one by one."""
    from obstap.obscore import batch, hea_batch  # noqa: PLC0415 - loads pyarrow

    try:
        batch([entry.obs for entry in entries])
        hea_batch([entry.hea for entry in entries])
    except ParameterError as error:
        if len(entries) > 1:
            return [good for entry in entries for good in _fitting([entry], report)]
        report.refused.append((entries[0].path, f"Its headers give no valid row: {error}"))
        return []
    return list(entries)


def _publish(entries: Sequence[Entry]) -> None:
    """Put all rows into the archive's tables in one step, and take out those of files that changed collection."""
    from obstap import catalogue  # noqa: PLC0415 - loads the table store
    from obstap.obscore import OBSCORE, OBSCORE_HEA, batch, hea_batch  # noqa: PLC0415
    from obstap.stores import TableContent, get_store  # noqa: PLC0415

    catalogue.upsert(
        [
            TableContent(OBSCORE, [batch([entry.obs for entry in part]) for part in _parts(entries)]),
            TableContent(OBSCORE_HEA, [hea_batch([entry.hea for entry in part]) for part in _parts(entries)]),
        ]
    )
    former = _former(entries)
    if former:
        store = get_store()
        for table in (OBSCORE, OBSCORE_HEA):
            store.delete(table.name, list(former))


def _former(entries: Sequence[Entry]) -> dict[str, str]:
    """Identifiers under which the same files stood in another collection, with those under which they stand now."""
    dids = {str(entry.path): entry.did for entry in entries}
    former = {}
    for part in _parts(entries):
        rows = ArchiveFile.objects.filter(path__in=[str(entry.path) for entry in part])
        former |= {did: dids[path] for path, did in rows.values_list("path", "obs_publisher_did") if dids[path] != did}
    return former


def _changed(entries: Sequence[Entry]) -> set[str]:
    """Identifiers of files that the archive knows in another state."""
    states = {entry.did: (entry.size, entry.mtime_ns) for entry in entries}
    changed = set()
    for part in _parts(entries):
        rows = ArchiveFile.objects.filter(obs_publisher_did__in=[entry.did for entry in part])
        known = rows.values_list("obs_publisher_did", "size", "mtime_ns")
        changed |= {did for did, size, mtime in known if states[did] != (size, mtime)}
    return changed


def _remember(entries: Sequence[Entry], started: datetime, parameters: dict[str, list[object]]) -> None:
    former, changed = _former(entries), _changed(entries)
    with transaction.atomic():
        for part in _parts(list(former)):
            ArchiveFile.objects.filter(obs_publisher_did__in=part).delete()
        ArchiveFile.objects.bulk_create(
            [entry.model() for entry in entries],
            batch_size=CHUNK,
            update_conflicts=True,
            unique_fields=["obs_publisher_did"],
            update_fields=[
                "path", "media_type", "size", "mtime_ns", "obs_id", "dataproduct_type", "ingested_at",
            ],
        )  # fmt: skip
        files_ingested.send(
            ArchiveFile,
            dids=[entry.did for entry in entries],
            changed=changed,
            moved=former,
            started=started,
            parameters=parameters,
        )


def _parts(items: Sequence) -> Iterator[Sequence]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
