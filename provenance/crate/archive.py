"""A zip file as a stream of bytes: nothing is held but what is being written, and nothing lies on disk meanwhile.

The same content gives the same bytes (with the same zlib): all entries have one time. Entries have their sizes behind
them, and ZIP64 where they need it (APPNOTE 6.3.10 §4.3.9). What is compressed already is deflated in stored blocks: a
reader that goes through a stream finds the end of these, as it does not of stored entries.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Missing", "Written", "ZipStream", "read_file", "read_lines"]

CHUNK = 256 * 1024
"""Bytes that are read at a time."""

FLUSH = 64 * 1024
"""Bytes that are handed on at a time, if there are so many."""

LEVEL = 1
"""Of compression: FITS files become little smaller with higher ones, which take many times as long."""

PLAIN_FILE = (stat.S_IFREG | 0o644) << 16
PROGRAM = (stat.S_IFREG | 0o755) << 16

_PACKED = (".bz2", ".fz", ".gif", ".gz", ".jpg", ".jpeg", ".parquet", ".pdf", ".png", ".xz", ".zip", ".zst")
"""Endings of files that do not become smaller."""

_OLDEST = (1980, 1, 1, 0, 0, 0)
"""The beginning of time in zip files."""


class Missing(Exception):
    """A file is not there; the text says what is known of it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an entry."""

    size: int
    sha256: str


class ZipStream:
    """Makes the bytes of a zip file, entry by entry.

    Parameters
    ----------
    moment
        The time of all entries.
    """

    def __init__(self, moment: datetime) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload] - it writes only
        self._time = max(_OLDEST, moment.astimezone(UTC).timetuple()[:6])

    def add(
        self,
        path: str,
        chunks: Iterator[bytes],
        told: Callable[[Written], None],
        *,
        size: int = 0,
        is_program: bool = False,
    ) -> Iterator[bytes]:
        """Write one entry and give the bytes that are ready; `told` hears what was written when it has ended.

        Parameters
        ----------
        size
            Bytes that are expected at most; from 2 GiB on the entry is a ZIP64 one.
        """
        entry = zipfile.ZipInfo(path, self._time)
        entry.create_system = 3  # Unix, on every system: its attributes are what they are here
        entry.external_attr = PROGRAM if is_program else PLAIN_FILE
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry._compresslevel = 0 if path.lower().endswith(_PACKED) else LEVEL  # type: ignore[attr-defined]
        entry.file_size = size
        digest = hashlib.sha256()
        written = 0
        with self._zip.open(entry, "w") as target:
            for chunk in chunks:
                digest.update(chunk)
                written += len(chunk)
                target.write(chunk)
                if self._sink.size >= FLUSH:
                    yield self._sink.take()
        told(Written(written, digest.hexdigest()))

    def end(self) -> Iterator[bytes]:
        """The rest: the directory of all entries."""
        self._zip.close()
        yield self._sink.take()

    def abandon(self) -> None:
        """Let go of what was begun; no more bytes are asked for."""
        with suppress(ValueError):  # an entry is open
            self._zip.close()
        self._sink.take()


class _Sink:
    """What a `zipfile.ZipFile` takes for a file that cannot be sought."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return data


def read_file(path: Path, *, limit: int | None = None) -> tuple[int, Iterator[bytes]]:
    """Open a plain file: its size now, and so many bytes of it, in pieces.

    Raises
    ------
    Missing
        When there is none.
    """
    try:
        # A pipe that somebody has put there is not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise Missing("It is no longer there.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Missing("It is no longer there.")
    size = status.st_size if limit is None else min(limit, status.st_size)
    return size, _pieces(descriptor, size)


def _pieces(descriptor: int, size: int) -> Iterator[bytes]:
    try:
        left = size
        while left > 0 and (chunk := os.read(descriptor, min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
    finally:
        os.close(descriptor)


def read_lines(chunks: Iterable[bytes], change: Callable[[str], str]) -> Iterator[bytes]:
    """Pieces of a text with each line changed; a line of more than a million bytes is taken for several."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield change("\n".join([*_texts(lines), ""])).encode()
        if len(rest) > 1_000_000:
            yield change(*_texts([rest])).encode()
            rest = b""
    if rest:
        yield change(*_texts([rest])).encode()


def _texts(lines: Iterable[bytes]) -> list[str]:
    return [line.decode("utf-8", errors="replace") for line in lines]
