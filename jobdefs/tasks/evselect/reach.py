"""Whether any event can lie in the regions of a selection.

A region wholly outside the legal limits (TLMIN, TLMAX) of its columns is a mistake of the user, such as a position in
another field; SAS would write empty products without a word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..fitsio import Column
from ..reporting import TaskError
from ..selectlib import Constraint, RegionRow

__all__ = ["check_reach"]


def check_reach(constraints: Iterable[Constraint], columns: Mapping[str, Column]) -> None:
    """Refuse a selection by a region that no event can be in.

    Parameters
    ----------
    constraints
        The filters of the selection.
    columns
        Columns of the table by their capitalised names.

    Raises
    ------
    TaskError
        When all shapes of a region lie outside the legal limits of its columns.
    """
    for constraint in constraints:
        if constraint.kind != "region" or not constraint.region or len(constraint.columns) != 2:
            continue
        x, y = (columns.get(name.upper()) for name in constraint.columns)
        if x is None or y is None or None in (x.low, x.high, y.low, y.high):
            continue
        included = [row for row in constraint.region if not row.shape.startswith("!")]
        if included and not any(_meets(row, x, y) for row in included):
            name, centre = included[0].shape.removeprefix("ROT"), (included[0].x[0], included[0].y[0])
            raise TaskError(
                "DssException",
                f"the {name} at {x.name}={centre[0]:g}, {y.name}={centre[1]:g} lies outside the image: "
                f"{x.name} has legal values {x.low:g} to {x.high:g}, {y.name} {y.low:g} to {y.high:g}.",
            )


def _meets(row: RegionRow, x: Column, y: Column) -> bool:
    """Whether a box around the shape, rather too large than too small, meets the legal limits."""
    margin = math.hypot(*row.r)
    if row.rotang:
        margin += math.hypot(max(row.x) - min(row.x), max(row.y) - min(row.y)) / 2
    return (
        max(row.x) + margin >= x.low
        and min(row.x) - margin <= x.high
        and max(row.y) + margin >= y.low
        and min(row.y) - margin <= y.high
    )
