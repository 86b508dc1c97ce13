"""Sky regions as users write them: DALI and STC-S, DS9, SAS's selection language, or a position and a radius.

All of these give ``CIRCLE 150.1 2.2 0.01``:

- ``CIRCLE 150.1 2.2 0.01``, ``CIRCLE ICRS 150.1 2.2 0.01`` (DALI 1.1 §3.3, STC-S 1.33);
- ``fk5; circle(10:00:24, +02:12:00, 36")``, with ``icrs``, ``galactic``, …, comments and exclusions (DS9);
- ``(RA,DEC) in CIRCLE(150.1,2.2,0.01)`` (SAS; a BOX has half widths there);
- ``150.1 2.2 0.01``.

Several shapes stand on lines of their own or have ``;`` between them. A region is what lies in any shape that is not
excluded, and in none that is; ``-``, ``!`` or ``NOT`` excludes. FK5 at J2000 is taken as ICRS (less than 0.1 arcseconds
away). Shapes in sky pixels (X, Y of an event list) stay what they are: ``physical; circle(24120,23560,600)``, and
without a frame those whose numbers can be no position.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from vo.angles import parse_dec, parse_ra, parse_size
from vo.errors import UsageError
from vo.skyshapes import KINDS, SkyShape, make_shape, to_icrs
from vo.sphere import lonlat
from vo.stcs import require_icrs
from vo.wording import did_you_mean, plain

__all__ = ["MAX_SHAPES", "Region", "parse_region"]

MAX_SHAPES = 200

_FRAMES = {
    "icrs": "ICRS", "fk5": "ICRS", "j2000": "ICRS", "galactic": "GALACTIC", "ecliptic": "ECLIPTIC",
    "physical": "PHYSICAL",
}  # fmt: skip
_UNKNOWN_FRAMES = {
    "fk4": "it is half an arcsecond uncertain",
    "b1950": "it is half an arcsecond uncertain",
    "image": "it depends on one image",
    "detector": "it depends on one exposure",
    "amplifier": "it depends on one exposure",
    "linear": "it is no frame of the sky",
    "wcs": "it depends on one image",
}
_MOST_WRAPPED = 20
"""Pairs of parentheses about a shape; each costs a pass over the text."""
_ALIASES = {"ring": "annulus", "rotbox": "box"}
_WITHOUT_AREA = frozenset({"point", "position", "line", "vector", "text", "ruler", "compass", "segment", "projection"})
_SELECTION = re.compile(r"\(\s*(?P<x>[a-z]\w*)\s*,\s*(?P<y>[a-z]\w*)\s*\)\s*(?:in|\.in\.)\s+(?P<shape>.*)", re.I | re.S)
_NAME = re.compile(r"[A-Za-z_]\w*")
_PHYSICAL_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_EXAMPLE = 'Write CIRCLE ra dec radius in degrees, or a region of DS9 such as fk5; circle(10:00:29.1,+02:14:17,30").'


@dataclass(frozen=True, slots=True)
class Region:
    """A region: what lies in any of its shapes that are not excluded, and in none that is.

    Parameters
    ----------
    shapes
        At least one, at least one of them not excluded.
    """

    shapes: tuple[SkyShape, ...]

    @property
    def text(self) -> str:
        """The canonical text: ICRS degrees, shapes in their order with ``; `` between them."""
        return "; ".join(shape.text for shape in self.shapes)

    @property
    def ds9(self) -> str:
        """The lines of a region file of DS9."""
        lines = ["# Region file format: DS9 version 4.1"]
        for shape in self.shapes:
            frame = "physical" if shape.physical else "icrs"
            numbers = ",".join(map(plain, shape.numbers))
            lines.append(f"{frame};{'-' * shape.excluded}{shape.kind}({numbers})")
        return "\n".join([*lines, ""])

    @property
    def is_physical(self) -> bool:
        """Whether a shape is in sky pixels: the region then has a place only together with an event list."""
        return any(shape.physical for shape in self.shapes)

    def bounding_circle(self) -> tuple[float, float, float]:
        """A circle that holds the region: right ascension, declination and radius in ICRS degrees.

        Raises
        ------
        vo.errors.UsageError
            When a shape is in sky pixels.
        """
        if self.is_physical:
            raise UsageError("A region in sky pixels has no place on the sky without an event list.")
        included = [shape for shape in self.shapes if not shape.excluded]
        if len(included) == 1 and included[0].kind == "circle":
            lon, lat, radius = included[0].numbers
            return lon, lat, radius
        cones = [shape.cone() for shape in included]
        axis, radius = cones[0]
        for other, size in cones[1:]:
            axis, radius = _joined(axis, radius, other, size)
        lon, lat = lonlat(axis)
        return float(lon), float(lat), radius


def parse_region(text: str) -> Region:
    """The region that a text describes, in any of the forms above.

    Raises
    ------
    vo.errors.UsageError
        What is no shape, and what would be one.
    """
    frame = ""
    shapes: list[SkyShape] = []
    for statement in _statements(text):
        word = statement.lower()
        if word in _FRAMES or word in _UNKNOWN_FRAMES:
            frame = _frame(word)
            continue
        try:
            shapes.append(_shape(statement, frame))
        except (UsageError, ValueError) as error:
            raise UsageError(f"{_short(statement, 60)!r} is no region: {_short(str(error), 300)}") from error
        if len(shapes) > MAX_SHAPES:
            raise UsageError(f"The region has more than {MAX_SHAPES} shapes.")
    if not shapes:
        raise UsageError("The region is empty.", hint=_EXAMPLE)
    if all(shape.excluded for shape in shapes):
        raise UsageError("Every shape of the region is excluded; give one that is not, without - or NOT before it.")
    return Region(tuple(shapes))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _joined(a: np.ndarray, radius_a: float, b: np.ndarray, radius_b: float) -> tuple[np.ndarray, float]:
    """The smallest cone that holds two."""
    away = math.degrees(2 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b))))
    if away + radius_b <= radius_a:
        return a, radius_a
    if away + radius_a <= radius_b:
        return b, radius_b
    radius = (away + radius_a + radius_b) / 2
    if radius >= 90.0:
        return a, 180.0
    step = math.radians(radius - radius_a)
    side = b - (a @ b) * a
    return math.cos(step) * a + math.sin(step) * side / np.linalg.norm(side), radius


def _statements(text: str) -> list[str]:
    """Shapes and frames, without comments and what DS9 says of their look."""
    found = []
    for line in text.splitlines():
        bare = line.split("#", 1)[0]
        if bare.split()[:1] in (["global"], ["local"]):
            continue
        found += [part.strip() for part in bare.split(";") if part.strip()]
    return found


def _frame(word: str) -> str:
    """The name of a frame in `vo.frames`, or PHYSICAL.

    Raises
    ------
    vo.errors.UsageError
        For a frame in which no region can be given.
    """
    if word in _UNKNOWN_FRAMES:
        raise UsageError(
            f"The frame {word} is not supported: {_UNKNOWN_FRAMES[word]}.",
            hint="Use icrs, fk5, galactic, ecliptic, or physical for sky pixels.",
        )
    return _FRAMES[word]


def _shape(statement: str, frame: str) -> SkyShape:
    rest, excluded = _without_sign(statement)
    rest, selected = _without_columns(rest)
    frame = selected or frame
    while (match := _NAME.match(rest)) and match[0].lower() in {*_FRAMES, *_UNKNOWN_FRAMES}:
        frame, rest = _frame(match[0].lower()), rest[match.end() :].lstrip()
    kind, words = _kind(rest), _words(rest)
    while words and words[0].lower() in {*_FRAMES, *_UNKNOWN_FRAMES}:
        frame = _frame(words.pop(0).lower())
    while words and _NAME.fullmatch(words[0]):
        require_icrs(words.pop(0))
    if [word.lower() for word in words[-2:]] in (["unit", "deg"], ["x", "y"]):
        words = words[:-2]
    if not frame:
        frame = "PHYSICAL" if _is_physical(words) else "ICRS"
    numbers = _numbers(kind, words, frame)
    if selected and kind == "box":
        numbers[2:4] = [2 * number for number in numbers[2:4]]
    if frame in ("ICRS", "PHYSICAL"):
        return make_shape(kind, numbers, excluded=excluded, physical=frame == "PHYSICAL")
    make_shape(kind, numbers)  # a mistake is told in the coordinates in which it was made
    return make_shape(kind, to_icrs(frame, kind, numbers), excluded=excluded)


def _without_sign(text: str) -> tuple[str, bool]:
    match = re.match(r"([-+!])\s*(?=[A-Za-z(])|(not)\b\s*", text, re.I)
    return (text[match.end() :], match[0].strip() != "+") if match else (text, False)


def _without_columns(text: str) -> tuple[str, str]:
    """The shape of ``(X,Y) in CIRCLE(…)`` and its frame; any other text as it is, with no frame."""
    for _ in range(_MOST_WRAPPED):
        if text.startswith("(") and text.endswith(")") and _is_wrapped(text):
            text = text[1:-1].strip()
    match = _SELECTION.fullmatch(text)
    if match is None:
        return text, ""
    columns = (match["x"].upper(), match["y"].upper())
    if columns not in (("X", "Y"), ("RA", "DEC")):
        raise UsageError(f"It is in the columns {','.join(columns)}; regions are in X,Y or RA,DEC.")
    return match["shape"].strip(), "PHYSICAL" if columns == ("X", "Y") else "ICRS"


def _is_wrapped(text: str) -> bool:
    """Whether the first parenthesis is closed by the last."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _kind(text: str) -> str:
    match = _NAME.match(text)
    if match is None:
        return "circle"
    name = match[0].lower()
    kind = _ALIASES.get(name, name)
    if kind in KINDS:
        return kind
    if kind in _WITHOUT_AREA:
        raise UsageError(f"a {kind} has no area.", hint="Give a CIRCLE with a radius.")
    raise UsageError(
        f"{match[0]} is not known; shapes are {', '.join(KINDS)}.", hint=did_you_mean(name, (*KINDS, *_ALIASES))
    )


def _words(text: str) -> list[str]:
    """What follows the name of the shape."""
    match = _NAME.match(text)
    rest = text[match.end() :].strip() if match else text
    if rest.startswith("(") != rest.endswith(")"):
        raise UsageError("a parenthesis is missing.")
    if rest.startswith("("):
        rest = rest[1:-1]
    if "(" in rest or ")" in rest:
        raise UsageError("it holds more than one shape.", hint="Put each on a line of its own, or ; between them.")
    return rest.replace(",", " ").split()


def _is_physical(words: list[str]) -> bool:
    """Whether numbers without a frame can only be sky pixels: no position on the sky, and a size of a pixel or more."""
    if len(words) < 3 or not all(map(_PHYSICAL_NUMBER.fullmatch, words)):
        return False
    x, y, size = (float(word) for word in words[:3])
    return x > 360 and y > 90 and size >= 1


def _numbers(kind: str, words: list[str], frame: str) -> list[float]:
    if frame == "PHYSICAL":
        for word in words:
            if not _PHYSICAL_NUMBER.fullmatch(word):
                raise UsageError(f"{word!r} is no number of sky pixels.")
        return [float(word) for word in words]
    lon = parse_ra if frame == "ICRS" else _longitude
    numbers = []
    for place, word in enumerate(words):
        if kind == "polygon" or place < 2:
            numbers.append(parse_dec(word) if place % 2 else lon(word))
        else:
            numbers.append(_angle(word) if place == 4 else parse_size(word))
    return numbers


def _longitude(text: str) -> float:
    if not _PHYSICAL_NUMBER.fullmatch(text):
        raise UsageError(f"{text!r} is no longitude in degrees.")
    return float(text)


def _angle(text: str) -> float:
    bare = text.rstrip("°d")
    if not _PHYSICAL_NUMBER.fullmatch(bare):
        raise UsageError(f"{text!r} is no angle in degrees.")
    return float(bare)
