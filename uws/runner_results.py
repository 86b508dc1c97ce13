"""Finding, checking and hashing the files of a run. Standard library only."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["collect", "digest"]


MOST = 10_000
"""Results of one run: each is read as a whole, made safe on the disk and kept in the database."""


def collect(workdir: Path, outputs: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str], int]:
    """The files that a run was to write.

    Parameters
    ----------
    outputs
        For each: ``name``, ``file`` or ``pattern`` (below ``work/``), ``media_type``, ``role``, ``product_type``,
        ``required``.

    Returns
    -------
    tuple
        What was found (name, path relative to the work directory, size in bytes, sha256 and what the output says of
        itself), the names or patterns of required outputs that are missing, and how many files were left out, for no
        more than `MOST` are results.
    """
    results, missing, left_out = [], [], 0
    for output in outputs:
        paths = list(_paths(workdir / "work", output))
        room = MOST - len(results)
        found = list(_readable(paths[:room]))
        left_out += max(len(paths) - room, 0)
        if not found and output.get("required") and len(paths) <= room:
            missing.append(str(output.get("file") or output.get("pattern")))
        for number, (path, size, sha256) in enumerate(found, start=1):
            results.append(
                {
                    "name": output["name"] if len(found) == 1 else f"{output['name']}-{number}",
                    "path": str(path.relative_to(workdir)),
                    "size": size,
                    "sha256": sha256,
                    **{key: output.get(key, "") for key in ("media_type", "role", "product_type")},
                }
            )
    return results, missing, left_out


def digest(path: Path, *, durable: bool = False) -> tuple[int, str]:
    """Size in bytes and sha256 of a file; `durable` makes sure that its content is on the disk."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if durable:
            os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_size, sha256


def _readable(paths: Iterable[Path]) -> Iterator[tuple[Path, int, str]]:
    """Each file with its size and checksum; one that cannot be read is as good as missing."""
    for path in paths:
        try:
            yield path, *digest(path, durable=True)
        except OSError:
            continue


def _paths(root: Path, output: Mapping[str, Any]) -> Iterator[Path]:
    """Regular files of the run itself: no links of either kind, nothing outside, none of the inputs, no names that
    databases cannot hold.
    """
    named = output.get("file")
    found = [root / named] if named else sorted(root.glob(output["pattern"]))
    inputs = root / "inputs"
    home = os.path.realpath(root)
    for path in found:
        if inputs in path.parents or not str(path).isprintable():
            continue
        try:
            inside = Path(os.path.realpath(path.parent)).is_relative_to(home)
            status = path.lstat()
        except (OSError, ValueError):
            continue
        if inside and stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            yield path
