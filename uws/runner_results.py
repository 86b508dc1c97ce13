"""Finding, checking and hashing the files of a run. Standard library only."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Listing", "collect", "digest", "digest_of_folder", "state"]


MOST = 10_000
"""Results of one run: each is read as a whole, made safe on the disk and kept in the database."""

Listing = list[list[Any]]
"""Name, size in bytes and sha256 of the files of a directory, as they go through JSON."""

LISTED = 10_000
"""Files of a directory that a listing tells; the checksum is of all."""


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
    """Size in bytes and sha256 of a file; `durable` makes sure that its content is on the disk.

    Those of a directory are the sum of the sizes of the files in it, and the sha256 of the listing that has a line
    ``name<TAB>size<TAB>sha256`` for each, sorted by the names relative to the directory.
    """
    if path.is_dir():
        return digest_of_folder(path)[:2]
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if durable:
            os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_size, sha256


def digest_of_folder(path: Path) -> tuple[int, str, Listing]:
    """Size and sha256 of a directory as `digest` gives them, and the listing, of which no more than `LISTED` files."""
    total, lines, listing = 0, hashlib.sha256(), []
    for name, file in _files(path):
        size, sha256 = digest(file)
        total += size
        lines.update(os.fsencode(f"{name}\t{size}\t{sha256}\n"))
        if len(listing) < LISTED:
            listing.append([os.fsencode(name).decode(errors="replace"), size, sha256])
    return total, lines.hexdigest(), listing


def state(path: Path) -> tuple[int, int]:
    """Size and a number that changes when a file does, its time of change; of a directory, when any file in it does."""
    if not path.is_dir():
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    total, listing = 0, hashlib.sha256()
    for name, file in _files(path):
        status = file.stat()
        total += status.st_size
        listing.update(os.fsencode(f"{name}\t{status.st_size}\t{status.st_mtime_ns}\n"))
    return total, int.from_bytes(listing.digest()[:7], "big")  # databases have 63 bits for it


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files in a directory and those below it, which no link leads to, by their names."""
    found = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    return sorted((str(path.relative_to(folder)), path) for path in found if path.is_file())


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
