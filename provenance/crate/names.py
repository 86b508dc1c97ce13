"""Names of files within a crate: they lead nowhere else, differ from one another, and every system can unpack them."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

__all__ = ["Names", "identifier", "safe_part", "safe_path"]

LONGEST = 120
"""Characters of one part of a path at most."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\/\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]')
"""Control characters, what Windows forbids, and what turns the direction of writing."""

_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", flags=re.IGNORECASE)
"""Names that Windows takes for devices, whatever follows their first point."""


def safe_part(text: str) -> str:
    """One part of a path, made of any text."""
    part = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text)).rstrip(" .").lstrip(" ")
    stem, point, ending = part.rpartition(".")
    if len(part) > LONGEST and point and stem and len(ending) <= 20:
        part = f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
    part = part[:LONGEST].rstrip(" .")
    return f"_{part}" if not part or _DEVICE.fullmatch(part) else part


def safe_path(text: str) -> str:
    """A relative path, made of any text whose parts are separated by strokes."""
    parts = [safe_part(part) for part in text.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "_"


def identifier(path: str) -> str:
    """The ``@id`` of a file of the crate: its path as a relative URI (RO-Crate 1.1 §4.2)."""
    return quote(path, safe="/~!$&'()*+,;=@")


class Names:
    """The names that a crate has already; systems that know no case unpack them all."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """A safe path like the one that is wanted, which no other file has."""
        path = safe_path(wanted)
        folder, stroke, name = path.rpartition("/")
        stem, point, ending = name.partition(".")
        number = 1
        while not self._is_free(path):
            number += 1
            path = f"{folder}{stroke}{stem}-{number}{point}{ending}" if stem else f"{folder}{stroke}{number}-{name}"
        self._taken.add(path.casefold())
        # What lies in a folder takes the folder's name as well.
        parent = path.rpartition("/")[0]
        while parent and f"{parent.casefold()}/" not in self._taken:
            self._taken.add(f"{parent.casefold()}/")
            parent = parent.rpartition("/")[0]
        return path

    def _is_free(self, path: str) -> bool:
        folded = path.casefold()
        if folded in self._taken or f"{folded}/" in self._taken:
            return False
        parent = folded.rpartition("/")[0]
        while parent:
            if parent in self._taken:
                return False
            parent = parent.rpartition("/")[0]
        return True
