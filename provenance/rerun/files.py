"""Two files that are to be the same."""

from __future__ import annotations

import re
from pathlib import Path

from provenance.rerun.outcomes import FileComparison, Outcome

__all__ = ["compare_files"]

_PIECE = 1 << 20
_MARK = 1 << 10
"""Bytes within which a VOTable says that it is one."""

_DATED = "request_date"
"""Name of the INFO that tells when a VOTable was asked for (DataOrigin in the VO 1.1 §3.1)."""

_DATE = re.compile(rb'(<INFO name="%s" value=")[^"<>]{0,40}(?=")' % _DATED.encode())


def compare_files(original: Path, repetition: Path) -> FileComparison:
    """Compare two files whose checksums differ; what cannot be read or understood is different.

    FITS files are compared by their parts, VOTables by their bytes but for the date of the request, all others by their
    bytes.
    """
    from provenance.rerun.fitsdiff import compare_fits, is_fits  # noqa: PLC0415 - brings astropy

    for name, path in (("original", original), ("repetition", repetition)):
        if not path.is_file():
            return FileComparison(
                Outcome.DIFFERENT, f"The file of the {name} is no longer here: the checksums alone could be compared."
            )
    try:
        if is_fits(original) and is_fits(repetition):
            return compare_fits(original, repetition)
        return _compare_bytes(original, repetition)
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        return FileComparison(Outcome.DIFFERENT, f"They could not be compared: {error}"[:300])


def _compare_bytes(original: Path, repetition: Path) -> FileComparison:
    sizes = f"{original.stat().st_size:,} and {repetition.stat().st_size:,} bytes"
    place, dated = 0, False
    with original.open("rb") as first, repetition.open("rb") as second:
        while True:
            one, two = first.read(_PIECE), second.read(_PIECE)
            if place == 0 and one != two:
                dateless = _without_date(one), _without_date(two)
                dated = dateless[0] == dateless[1]
                one, two = dateless
            if one != two:
                length = min(len(one), len(two))
                offset = next((at for at in range(length) if one[at] != two[at]), length)
                return FileComparison(Outcome.DIFFERENT, f"They differ from byte {place + offset:,} on ({sizes}).")
            if not one:
                break
            place += len(one)
    if dated:
        return FileComparison(Outcome.DATES, f"They differ in {_DATED} only.")
    return FileComparison(
        Outcome.DIFFERENT, f"The bytes are the same now ({sizes}): a file has changed since its checksum was taken."
    )


def _without_date(head: bytes) -> bytes:
    """The beginning of a VOTable, the date of the request in it made blank; of any other file as it is."""
    if b"<VOTABLE" not in head[:_MARK]:
        return head
    return _DATE.sub(lambda found: found[1] + b" " * (len(found[0]) - len(found[1])), head)
