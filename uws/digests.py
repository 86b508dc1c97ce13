"""Checksums of files that jobs read, kept for as long as the files do not change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from uws.models import FileDigest
from uws.runner_results import Listing, digest, state

__all__ = ["digest_of", "known_digest", "known_listing", "remember_digest"]


def known_digest(path: Path) -> str:
    """The sha256 of a file or a directory in the state in which it is now; an empty string when it is not known.

    Raises
    ------
    OSError
        When there is no such file.
    """
    size, mtime_ns = state(path)
    found = FileDigest.objects.filter(path=str(path), size=size, mtime_ns=mtime_ns)
    return found.values_list("sha256", flat=True).first() or ""


def digest_of(path: Path) -> str:
    """The sha256 of a file or a directory, which is read and remembered where it is not known.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    sha256 = known_digest(path)
    if not sha256:
        _, sha256 = digest(path)
        remember_digest(path, sha256)
    return sha256


def known_listing(path: str, sha256: str) -> Listing:
    """Name, size in bytes and sha256 of each file of a directory when it had that checksum; nothing if not known."""
    found = FileDigest.objects.filter(path=path, sha256=sha256)
    return found.values_list("listing", flat=True).first() or []


def remember_digest(path: Path, sha256: str, *, listing: Sequence[Sequence[object]] = ()) -> None:
    """Keep a checksum that was computed of the file's present state; of a directory, with what lies in it."""
    size, mtime_ns = state(path)
    fields = {"size": size, "mtime_ns": mtime_ns, "sha256": sha256, "listing": list(listing)}
    FileDigest.objects.update_or_create(path=str(path), defaults=fields)
