"""Checksums of files that jobs read, kept for as long as the files do not change."""

from __future__ import annotations

from pathlib import Path

from uws.models import FileDigest
from uws.runner_results import state

__all__ = ["known_digest", "remember_digest"]


def known_digest(path: Path) -> str:
    """The sha256 of a file or a directory in the state in which it is now; an empty string when it is not known.

    Raises
    ------
    OSError
        When there is no such file.
    """
    size, mtime_ns = state(path)
    found = FileDigest.objects.filter(path=str(path), size=size, mtime_ns=mtime_ns).first()
    return found.sha256 if found else ""


def remember_digest(path: Path, sha256: str) -> None:
    """Keep a checksum that was computed of the file's present state."""
    size, mtime_ns = state(path)
    FileDigest.objects.update_or_create(path=str(path), defaults={"size": size, "mtime_ns": mtime_ns, "sha256": sha256})
