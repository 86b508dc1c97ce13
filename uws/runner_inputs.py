"""Placing the inputs of a run: links for what is only read, copies for what a task changes, archives unpacked.

Standard library only; what unpacks archives is loaded where there is one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["place_inputs"]

FICLONE = 0x40049409
"""Request that makes a file share the blocks of another until one of them changes (ioctl_ficlone(2), Linux)."""


def place_inputs(work: Path, items: Sequence[Mapping[str, Any]]) -> None:
    """Make ``inputs/<name>`` of each item, and ``<name>`` of those that the command gets as copies of its own.

    Parameters
    ----------
    work
        The directory in which the command will start.
    items
        For each: ``name``, ``path``, whether to ``copy`` it, and whether to ``unpack`` it, for the command reads a
        directory and is given an archive.

    Raises
    ------
    OSError
        When the directories cannot be made.
    ValueError
        When an archive is refused, or something cannot be linked, read or written; the text says why.
    """
    inputs = work / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for item in items:
        try:
            _place(item, inputs)
        except OSError as error:
            raise ValueError(f"its input {item['name']} cannot be placed: {error.strerror or error}") from error


def _place(item: Mapping[str, Any], inputs: Path) -> None:
    source = Path(item["path"])
    if item.get("unpack"):
        source = _unpacked(source, inputs / f".{item['name']}")
    (inputs / item["name"]).symlink_to(source)
    if item.get("copy"):
        _copy(source, inputs.parent / item["name"])


def _unpacked(archive: Path, folder: Path) -> Path:
    from jobdefs.sas.unpack import unpack  # noqa: PLC0415 - few runs have archives
    from vo.errors import AthanorError  # noqa: PLC0415

    try:
        return unpack(archive, folder)
    except AthanorError as error:
        raise ValueError(str(error).rstrip(".")) from error


def _copy(source: Path, target: Path) -> None:
    """A copy that can be changed; of a directory, of the files in it, not of what its links lead to elsewhere."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_copy_file, symlinks=True)
    else:
        _copy_file(source, target)


def _copy_file(source: str | Path, target: str | Path) -> str | Path:
    with open(source, "rb") as read, open(target, "xb") as written:  # noqa: PTH123 - texts where a tree is copied
        try:
            fcntl.ioctl(written.fileno(), FICLONE, read.fileno())
        except OSError:
            shutil.copyfileobj(read, written, 2**20)
    os.chmod(target, 0o640)  # noqa: PTH101
    return target
