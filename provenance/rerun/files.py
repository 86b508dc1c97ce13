"""Two files that are to be the same."""

from __future__ import annotations

from pathlib import Path

from provenance.rerun.outcomes import FileComparison, Outcome

__all__ = ["compare_files"]

_PIECE = 1 << 20


def compare_files(original: Path, repetition: Path) -> FileComparison:
    """Compare two files whose checksums differ; what cannot be read or understood is different.

    FITS files are compared by their parts, all others by their bytes.
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
        return FileComparison(Outcome.DIFFERENT, _first_difference(original, repetition))
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        return FileComparison(Outcome.DIFFERENT, f"They could not be compared: {error}"[:300])


def _first_difference(original: Path, repetition: Path) -> str:
    sizes = f"{original.stat().st_size:,} and {repetition.stat().st_size:,} bytes"
    place = 0
    with original.open("rb") as first, repetition.open("rb") as second:
        while True:
            one, two = first.read(_PIECE), second.read(_PIECE)
            if one != two:
                length = min(len(one), len(two))
                offset = next((at for at in range(length) if one[at] != two[at]), length)
                return f"They differ from byte {place + offset:,} on ({sizes})."
            if not one:
                return f"The bytes are the same now ({sizes}): a file has changed since its checksum was taken."
            place += len(one)
