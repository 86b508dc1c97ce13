"""Pictures among the results of a job: of which product each is, and how large."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from pathlib import Path

__all__ = ["PREVIEWS", "pictured", "png_size"]

PREVIEWS = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
"""Media types of results that pages show as pictures."""

_PREVIEW = re.compile(r"(?P<product>.+)-preview(?P<number>-.+)?")
_PNG = b"\x89PNG\r\n\x1a\n"


def pictured(picture: str, products: Iterable[str]) -> str:
    """The product of which a result is the picture: ``image`` for ``image-preview``; empty where it is of none.

    Of several, ``image-preview-2`` shows ``image-2``.
    """
    match = _PREVIEW.fullmatch(picture)
    if match is None:
        return ""
    name = f"{match['product']}{match['number'] or ''}"
    return name if name in products else ""


def png_size(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels that a PNG file tells of itself; None for any other file, or none."""
    try:
        with path.open("rb") as file:
            head = file.read(24)
    except OSError:
        return None
    if head[:8] != _PNG or head[12:16] != b"IHDR" or len(head) < 24:
        return None
    width, height = struct.unpack(">II", head[16:])
    return (width, height) if 0 < width <= 2**16 and 0 < height <= 2**16 else None
