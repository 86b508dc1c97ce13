"""What an asynchronous query has read, kept with its job for whoever records where answers come from.

Tables that came with the request, or are this service's own files, become inputs of the job. The names of published
tables, and what was fetched from other hosts, stand in a file in the job's directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uws.entities import upload_id
from uws.inputs import remember_inputs
from uws.models import JobInput

if TYPE_CHECKING:
    from obstap.uploads.reading import Taken

__all__ = ["Fetched", "Readings", "keep_tables", "keep_uploads", "readings_of"]

FILE = "read.json"
"""Name of the file in the directory of a job."""

PARAMETER = "UPLOAD"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A table from another host: its name in the query, its URL, size in bytes and sha256."""

    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Readings:
    """What a query has read besides the inputs of its job.

    Parameters
    ----------
    tables
        Names of published tables, in lower case.
    """

    tables: tuple[str, ...] = ()
    fetched: tuple[Fetched, ...] = ()


def keep_uploads(job_id: str, workdir: Path, taken: list[Taken]) -> None:
    """Note the tables that a client brought."""
    here = [item for item in taken if item.path is not None]
    inputs = [
        JobInput(
            parameter=PARAMETER,
            reference=item.upload.uri,
            entity_id=item.entity_id or upload_id(job_id, item.part),
            name=item.upload.name,
            path=str(item.path),
            media_type=item.media_type,
            size=item.size,
            sha256=item.sha256,
        )
        for item in here
    ]
    remember_inputs(job_id=job_id, parameter=PARAMETER, inputs=inputs)
    _write(workdir, Readings(fetched=tuple(_fetched(item) for item in taken if item.path is None)))


def keep_tables(workdir: Path, tables: Iterable[str]) -> None:
    """Note the published tables that the query reads."""
    _write(workdir, Readings(tuple(sorted(tables)), readings_of(workdir).fetched))


def readings_of(workdir: Path) -> Readings:
    """What was noted for the job of a directory; nothing where it read nothing, or its files are gone."""
    try:
        document = json.loads((workdir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Readings()
    return Readings(tuple(document["tables"]), tuple(Fetched(**item) for item in document["fetched"]))


def _fetched(item: Taken) -> Fetched:
    return Fetched(item.upload.name, item.upload.uri, item.size, item.sha256)


def _write(workdir: Path, readings: Readings) -> None:
    part = workdir / f"{FILE}.part"
    part.write_text(json.dumps(asdict(readings)), encoding="utf-8")
    part.replace(workdir / FILE)
