"""The functions and figures of the language, with the arguments that they take.

Functions of numbers are those of C's mathematical library; angles are in radians there, as in selectlib, while the
rotations of figures are in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ALL_NAMES", "FILTER_FORMS", "FUNCTIONS", "SHAPES", "UNSUPPORTED", "ShapeForm", "shape_form"]

FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(
        (
            "abs", "fabs", "sqrt", "exp", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
            "tanh", "floor", "ceil", "round", "int", "sign",
        ),
        (1, 1),
    ),
    **dict.fromkeys(("atan2", "pow", "fmod", "mod", "hypot"), (2, 2)),
    **dict.fromkeys(("min", "max"), (2, 50)),
    "near": (3, 3),
    "ifthenelse": (3, 3),
}  # fmt: skip
"""Name → fewest and most arguments. `near` and `ifthenelse` give conditions, the others numbers."""

FILTER_FORMS = {
    "gti": "gti(file,TIME)",
    "region": "region(file,X,Y)",
    "mask": "mask(image,xoffset,yoffset,X,Y)",
    "image": "(X,Y) in IMAGE(image)",
}

UNSUPPORTED = {
    "selected": "Give the condition itself; no selection is kept in the table.",
    "skyvector": "Use (RA,DEC) in CIRCLE(ra,dec,radius), in degrees.",
    "vector": "Only figures in a plane are known.",
    "cone": "Use (RA,DEC) in CIRCLE(ra,dec,radius), in degrees.",
    "sphere": "Only figures in a plane are known.",
    "random": "A selection must give the same rows each time.",
    "upper": "Texts can only be compared.",
    "lower": "Texts can only be compared.",
    "strlen": "Texts can only be compared.",
    "ascii": "Texts can only be compared.",
}
"""Names that the language of SAS knows and this one does not, with what to write instead."""


@dataclass(frozen=True, slots=True)
class ShapeForm:
    """A figure: the names of its constants; `radii` must not be negative."""

    name: str
    numbers: tuple[str, ...]
    radii: tuple[str, ...] = ()
    optional: int = 0
    """How many of the last constants may be left out; they are 0 then."""

    @property
    def text(self) -> str:
        """How the figure is written, for messages."""
        return f"{self.name}({','.join(self.numbers)})"


_HALVES = ("xhalfwidth", "yhalfwidth")
SHAPES: dict[str, ShapeForm] = {
    form.name: form
    for form in (
        ShapeForm("point", ("x", "y")),
        ShapeForm("line", ("x0", "y0", "x1", "y1")),
        ShapeForm("circle", ("xcenter", "ycenter", "radius"), ("radius",)),
        ShapeForm("sector", ("xcenter", "ycenter", "fromangle", "toangle")),
        ShapeForm("annulus", ("xcenter", "ycenter", "radius1", "radius2"), ("radius1", "radius2")),
        ShapeForm("ellipse", ("xcenter", "ycenter", *_HALVES, "rotation"), _HALVES, 1),
        ShapeForm(
            "elliptannulus",
            ("xcenter", "ycenter", "xinner", "yinner", "xouter", "youter", "rotinner", "rotouter"),
            ("xinner", "yinner", "xouter", "youter"),
            2,
        ),
        ShapeForm("box", ("xcenter", "ycenter", *_HALVES, "rotation"), _HALVES, 1),
        ShapeForm("rectangle", ("xlowleft", "ylowleft", "xupright", "yupright", "rotation"), (), 1),
        ShapeForm("rhombus", ("xcenter", "ycenter", *_HALVES, "rotation"), _HALVES, 1),
        ShapeForm("polygon", ("x1", "y1", "x2", "y2", "x3", "y3", "...")),
        ShapeForm("polygon2", ("x1", "y1", "x2", "y2", "x3", "y3", "...")),
    )
}
"""Figures by their first name; sizes of boxes, ellipses and rhombi are half widths, angles degrees."""

_SYNONYMS = {"pie": "sector", "ring": "annulus", "elliptring": "elliptannulus", "diamond": "rhombus"}

ALL_NAMES = (*FUNCTIONS, *FILTER_FORMS, *SHAPES, *_SYNONYMS)


def shape_form(name: str) -> ShapeForm | None:
    """The figure of that name (any case, synonyms too), or None."""
    lower = name.lower()
    return SHAPES.get(_SYNONYMS.get(lower, lower))
