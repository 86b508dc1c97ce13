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
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, wanted: str) -> str:
        """A safe path like the one that is wanted, which no other file or folder has."""
        *folders, name = safe_path(wanted).split("/")
        path = self._free(self._enter(folders), name, self._files, self._folders)
        self._files.add(path.casefold())
        return path

    def folder(self, wanted: str) -> str:
        """The same for a folder of its own, whose files are named after it."""
        *folders, name = safe_path(wanted).split("/")
        path = self._free(self._enter(folders), name, self._files, self._folders)
        self._folders.add(path.casefold())
        return path

    def _enter(self, folders: list[str]) -> str:
        """The folder in which a file is to lie, ending in a stroke; none of those above it is a file."""
        place = ""
        for part in folders:
            path = self._free(place, part, self._files)
            self._folders.add(path.casefold())
            place = f"{path}/"
        return place

    @staticmethod
    def _free(place: str, name: str, *taken: set[str]) -> str:
        """The name, with a number where it is taken."""
        stem, point, ending = name.partition(".")
        path, number = f"{place}{name}", 1
        while any(path.casefold() in names for names in taken):
            number += 1
            path = f"{place}{stem}-{number}{point}{ending}" if stem else f"{place}{number}-{name}"
        return path
