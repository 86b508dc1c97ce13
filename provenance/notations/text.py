"""Values as the text that all notations share."""

from __future__ import annotations

import math
from datetime import datetime

from provenance.notations.statements import Value

__all__ = ["lexical"]


def lexical(value: Value) -> str:
    """The lexical form of a value (XML Schema Datatypes 1.1)."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is datetime:
        return value.isoformat()  # type: ignore[union-attr]
    if kind is bool:
        return "true" if value else "false"
    if kind is float and not math.isfinite(value):  # type: ignore[arg-type]
        return "NaN" if value != value else "INF" if value > 0 else "-INF"  # type: ignore[operator]  # noqa: PLR0124
    return str(value)
