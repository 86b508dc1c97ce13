"""What a crate is made of: files that are written into it, and things that jobs used or made."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from provenance.crate.archive import Written, read_file, read_lines
from uws.models import Job

__all__ = ["Item", "Opened", "Part", "Step", "bytes_part", "file_part", "log_part", "media_type_of"]

Opened = tuple[int, Iterator[bytes]]
"""How many bytes there are at most, and the bytes."""


@dataclass(slots=True)
class Part:
    """A file of the crate.

    Parameters
    ----------
    path
        Within the crate; see `provenance.crate.names`.
    open
        Begins to read it; raises `provenance.crate.archive.Missing`.
    written, missing
        What became of it: one of both once it was its turn.
    """

    path: str
    media_type: str
    description: str
    open: Callable[[], Opened]
    is_program: bool = False
    written: Written | None = None
    missing: str = ""


@dataclass(slots=True)
class Item:
    """A file, or a directory, that a job used or made.

    Parameters
    ----------
    name
        Of a result, or of an input below ``inputs/``.
    reference
        What parameters call it; empty for results.
    parameter
        Of the task that takes it, or of a result the role that it has.
    sha256, size
        As they were recorded; empty and None where nobody knows.
    parts
        Its files in the crate; none where it stands for itself by its `url`.
    copied
        Whether the task gets a copy of its own.
    is_folder
        Whether the task reads a directory; the file may be an archive.
    folder
        In the crate, ending in a stroke, of a directory that is taken along.
    remark
        Why it is not in the crate.
    """

    name: str
    media_type: str
    identifier: str
    url: str
    sha256: str
    size: int | None
    parameter: str = ""
    reference: str = ""
    block: str = ""
    copied: bool = False
    is_folder: bool = False
    folder: str = ""
    parts: list[Part] = field(default_factory=list)
    remark: str = ""

    @property
    def path(self) -> str:
        """Where it lies in the crate; empty where it does not."""
        kept = [part.path for part in self.parts if not part.missing]
        return (self.folder or kept[0]) if kept else ""

    @property
    def told(self) -> str:
        """Why it is not in the crate, or is not what the job saw; empty when all is well."""
        if self.remark:
            return self.remark
        gone = [part for part in self.parts if part.missing]
        if gone:
            return gone[0].missing if len(self.parts) == 1 else f"{len(gone)} of its files are no longer there."
        part = self.parts[0] if len(self.parts) == 1 and not self.folder else None
        if part is not None and part.written is not None and self.sha256 not in ("", part.written.sha256):
            return f"The file has changed since: the job knew it with the SHA-256 {self.sha256}."
        return ""


@dataclass(slots=True)
class Step:
    """A job that another one has made, or the job itself.

    Parameters
    ----------
    folder
        Of its logs in the crate, ending in a stroke; empty for the job itself.
    command
        As people write it; empty where no program was run.
    variables
        Of its environment, as parameters make them.
    """

    job: Job
    folder: str
    command: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    inputs: list[Item] = field(default_factory=list)
    results: list[Item] = field(default_factory=list)
    definition: Part | None = None
    logs: list[Part] = field(default_factory=list)


def media_type_of(path: str) -> str:
    """The media type that the ending of a file's name tells."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def file_part(path: str, source: Path, media_type: str, description: str) -> Part:
    """A file that lies on disk, as it is then."""
    return Part(path, media_type, description, lambda: read_file(source))


def bytes_part(
    path: str, make: Callable[[], Iterable[bytes]], media_type: str, description: str, *, is_program: bool = False
) -> Part:
    """A file that is made when it is its turn."""
    return Part(path, media_type, description, lambda: (0, iter(make())), is_program=is_program)


def log_part(path: str, source: Path, change: Callable[[str], str], description: str) -> Part:
    """A log, each line of which is changed."""

    def opened() -> Opened:
        size, chunks = read_file(source)
        return size, read_lines(chunks, change)

    return Part(path, "text/plain", description, opened)
