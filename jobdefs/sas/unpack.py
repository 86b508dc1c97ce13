"""Unpacking the archive of an observation: tar (plain or compressed) or zip, into a directory of its own.

What comes out lies below that directory, is of plain files and directories, and is bounded: names with ``..``, full
paths, links, devices, a name that comes twice and more bytes or files than allowed are refused, and nothing is left.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from vo.errors import TooLargeError, UsageError

__all__ = ["MAX_BYTES", "MAX_FILES", "unpack"]

MAX_BYTES = 64 * 2**30
"""Bytes that come out of one archive; the largest ODFs have some GB."""

MAX_FILES = 100_000

MAX_RATIO = 100
"""What comes out may be so many times as large as the archive; ODFs shrink to a fifth or so."""

ALWAYS = 2**30
"""Bytes that may come out however small the archive is."""

_CHUNK = 2**20
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
    ValueError,
)  # fmt: skip


class _Member(NamedTuple):
    name: str
    kind: str  # file, directory, or what is refused
    content: IO[bytes] | None


def unpack(archive: Path, folder: Path, *, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> Path:
    """Unpack an archive.

    The archives that ESA gives of an ODF hold one more, ``0070_0123700101.TAR``: what is in it comes out too.

    Parameters
    ----------
    folder
        Is made; it must not exist.

    Returns
    -------
    pathlib.Path
        The directory that holds the files: `folder`, or the one within it where the archive holds a single directory.

    Raises
    ------
    vo.errors.UsageError
        When it is no archive, is damaged, or holds what is refused; `folder` is then not there.
    """
    making = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        allowed = max(ALWAYS, MAX_RATIO * archive.stat().st_size)
        budget = _Budget(archive.name, min(max_bytes, allowed), max_files)
        making.mkdir(parents=True)
        _extract(archive, making, budget)
        for inner in sorted(path for path in making.iterdir() if path.is_file() and path.suffix.lower() == ".tar"):
            _extract(inner, making, budget)
            inner.unlink()
        making.rename(folder)
    except _BROKEN as error:
        raise UsageError(f"{archive.name} is no tar or zip archive that can be read: {error}") from error
    except zipfile.LargeZipFile as error:
        raise TooLargeError(f"{archive.name} is too large: {error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return _only_directory(folder)


class _Budget:
    """What may still come out of an archive."""

    def __init__(self, name: str, max_bytes: int, max_files: int) -> None:
        self.name = name
        self.bytes = self.max_bytes = max_bytes
        self.files = self.max_files = max_files

    def take_file(self) -> None:
        self.files -= 1
        if self.files < 0:
            raise TooLargeError(f"{self.name} holds more than {self.max_files:,} files.")

    def take(self, count: int) -> None:
        self.bytes -= count
        if self.bytes < 0:
            raise TooLargeError(f"{self.name} holds more than {self.max_bytes:,} bytes.")


def _extract(archive: Path, folder: Path, budget: _Budget) -> None:
    with contextlib.closing(_members(archive)) as members:
        for member in members:
            budget.take_file()
            if member.kind == "other" or member.name != member.name.strip():
                raise UsageError(f"{archive.name} holds {member.name!r}, which is no plain file or directory.")
            path = folder / _checked(member.name, archive)
            try:
                if member.kind == "directory":
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as file:
                    while chunk := member.content.read(_CHUNK):  # type: ignore[union-attr]
                        budget.take(len(chunk))
                        file.write(chunk)
            except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
                raise UsageError(f"{archive.name} holds {member.name!r} twice.") from error


def _members(archive: Path) -> Iterator[_Member]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for item in opened.infolist():
                mode = stat.S_IFMT(item.external_attr >> 16)
                if item.is_dir():
                    yield _Member(item.filename, "directory", None)
                elif mode not in (0, stat.S_IFREG):
                    yield _Member(item.filename, "other", None)
                else:
                    with opened.open(item) as content:
                        yield _Member(item.filename, "file", content)
        return
    # As a stream, for looking back in a compressed archive unpacks it again.
    with tarfile.open(archive, mode="r|*") as opened:
        for item in opened:
            kind = "directory" if item.isdir() else "file" if item.isreg() else "other"
            yield _Member(item.name, kind, opened.extractfile(item) if kind == "file" else None)


def _checked(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable():
        raise UsageError(f"{archive.name} holds {name!r}, which leads out of its directory.")
    return path


def _only_directory(folder: Path) -> Path:
    while len(found := list(folder.iterdir())) == 1 and found[0].is_dir():
        folder = found[0]
    return folder
