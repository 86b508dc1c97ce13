"""How large a query may be.

Every limit is far beyond what people and their programs ask and below what the engine refuses in words of its own, so
that a query which is too large is told so at its place, and soon.
"""

from __future__ import annotations

__all__ = [
    "ARCS",
    "BINS",
    "CELLS",
    "CHAIN",
    "COLUMNS",
    "DEPTH",
    "DIGITS",
    "PAIRED",
    "RANGES",
    "SELECTS",
    "TABLES",
    "TERMS",
    "TOKENS",
    "WIDEST",
]

TOKENS = 50_000
"""Words, numbers, texts and signs of a query; a list of 20,000 values has 40,000."""

DEPTH = 50
"""How deep parentheses, functions and queries may be nested."""

SELECTS = 100
"""SELECTs of a query, those of WITH, UNION and sub-queries among them."""

TABLES = 100
"""Tables that the FROM clauses of a query name."""

COLUMNS = 1600
"""Columns that the SELECTs of a query give, those of WITH, UNION and sub-queries among them.

PostgreSQL can give 1,664.
"""

TERMS = 100
"""Terms of GROUP BY, and of ORDER BY."""

RANGES = (6, 480)
"""Ranges of cells of one cone, and of all cones of a query; with more, the engine compares longer than it saves."""

WIDEST = 60.0
"""Degrees beyond which a cone covers so much of the sky that an index saves nothing."""

PAIRED = 32
"""Operands of a sum, product or joined text beyond which they are computed in pairs."""

CHAIN = 64
"""Operators in a row that must be computed one after the other."""

DIGITS = 300
"""Digits before or behind the point to which a number may be rounded: about those of the largest double."""

CELLS = 50_000
"""Cells of a MOC, each as large as can be."""

ARCS = 20_000
"""Arcs along the borders of a MOC that regions are compared with."""

BINS = 10_000
"""Bins of a histogram."""
