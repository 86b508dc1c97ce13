"""Values as the text that all notations share."""

from __future__ import annotations

import math
from datetime import datetime

from provenance.notations.statements import Value

__all__ = ["lexical"]


def lexical(value: Value) -> str:
    """The lexical form of a value (XML Schema Datatypes 1.1)."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "INF" if value > 0 else "-INF"
        case datetime():
            return value.isoformat()
    return str(value)
