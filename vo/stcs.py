"""Regions as text: the part of STC-S 1.33 that archives use in s_region, and DALI's shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vo.errors import UsageError
from vo.shapes import box, checked

__all__ = ["parse_stcs", "require_icrs", "to_text"]

_FRAMES = frozenset({"ICRS", "UNKNOWN", "UNKNOWNFRAME", "J2000", "FK5"})
"""Frames read as ICRS; FK5 at J2000 differs from it by less than 0.1 arcseconds."""

_OTHER_FRAMES = frozenset({"FK4", "B1950", "ECLIPTIC", "GALACTIC", "GALACTIC_II", "SUPER_GALACTIC", "GEO_C", "GEO_D"})
_IGNORED = frozenset(
    {
        "BARYCENTER",
        "GEOCENTER",
        "HELIOCENTER",
        "LSR",
        "TOPOCENTER",
        "RELOCATABLE",
        "UNKNOWNREFPOS",
        "SPHERICAL2",
        "UNKNOWNFLAVOR",
    }
)
"""Reference positions and flavours: they change nothing for directions of celestial sources."""

_COUNTS = {"POSITION": 2, "POINT": 2, "CIRCLE": 3, "BOX": 4, "POLYGON": 0}
"""The shapes and how many numbers they take; 0 for any number."""

_COMPOUND = frozenset({"UNION", "INTERSECTION", "NOT", "DIFFERENCE", "ALLSKY", "ELLIPSE", "CONVEX", "POSITIONINTERVAL"})


def parse_stcs(text: str) -> tuple[float, ...]:
    """The shape that a text describes: POSITION, CIRCLE, BOX or POLYGON, in ICRS degrees.

    Case does not matter. Frames ICRS, FK5, J2000, UnknownFrame and none are taken as ICRS; reference positions and the
    flavour SPHERICAL2 may be given and change nothing; a final ``unit deg`` is allowed.

    Raises
    ------
    UsageError
        When the text has another frame or shape, or coordinates that make no region.
    """
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    if not words:
        raise UsageError("The region is empty; it should be such as 'CIRCLE ICRS 10.5 -20.1 0.5'.")
    kind = words[0].upper()
    if kind in _COMPOUND:
        raise UsageError(f"Regions of type {words[0]} are not supported; use POSITION, CIRCLE, BOX or POLYGON.")
    if kind not in _COUNTS:
        raise UsageError(f"'{words[0]}' is no type of region; use POSITION, CIRCLE, BOX or POLYGON.")
    numbers = _numbers(text, words[1:])
    if _COUNTS[kind] and len(numbers) != _COUNTS[kind]:
        raise UsageError(f"{kind} takes {_COUNTS[kind]} numbers; '{text}' has {len(numbers)}.")
    if kind == "POLYGON" and (len(numbers) < 6 or len(numbers) % 2):
        raise UsageError(f"A polygon has at least 3 pairs of coordinates; '{text}' has {len(numbers)} numbers.")
    return box(*numbers) if kind == "BOX" else checked(numbers)


def require_icrs(text: str) -> None:
    """Check that the name of a coordinate system, such as ``ICRS GEOCENTER`` or an empty text, means ICRS.

    Raises
    ------
    UsageError
        When it has another frame; nothing is converted.
    """
    for word in text.split():
        if word.upper() in _OTHER_FRAMES:
            raise UsageError(f"The frame {word} is not supported; give coordinates in ICRS degrees.")
        if word.upper() not in _FRAMES and word.upper() not in _IGNORED:
            raise UsageError(f"'{word}' is no frame of reference; give coordinates in ICRS degrees.")


def to_text(shape: Sequence[float]) -> str:
    """The STC-S text of a shape, such as ``CIRCLE ICRS 10.5 -20.1 0.5``, with the shortest exact numbers."""
    kind = {2: "POSITION", 3: "CIRCLE"}.get(len(shape), "POLYGON")
    return " ".join([kind, "ICRS", *(_shortest(value) for value in shape)])


def _shortest(value: float) -> str:
    text = repr(float(value))
    return text.removesuffix(".0")


def _numbers(text: str, words: list[str]) -> list[float]:
    """The coordinates among the words after the type of the region."""
    position = 0
    while position < len(words) and not _is_number(words[position]):
        position += 1
    require_icrs(" ".join(words[:position]))
    numbers = words[position:]
    if len(numbers) >= 2 and [word.lower() for word in numbers[-2:]] == ["unit", "deg"]:
        numbers = numbers[:-2]
    for word in numbers:
        if not _is_number(word):
            raise UsageError(f"'{word}' in '{text}' is no number.")
    return [float(word) for word in numbers]


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False
