"""DuckDB's errors in the user's terms."""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa

from obstap.stores import failures
from vo.errors import AthanorError

__all__ = ["FAILURES", "explained"]

FAILURES = (duckdb.Error, pa.ArrowException, OSError)
"""What a failing query raises: DuckDB's errors at its start, Arrow's and OSError with the same text from its stream."""

_TYPES = {
    "INT16": "SMALLINT",
    "INT32": "INTEGER",
    "INT64": "BIGINT",
    "INT128": "an integer",
    "FLOAT": "REAL",
    "DOUBLE": "DOUBLE PRECISION",
}
"""ADQL's names of DuckDB's types."""

_TOO_DEEP = ("expression depth", "Stack overflow", "too deep")
"""What DuckDB says of its own limits."""

_TYPE = re.compile(r"\b(" + "|".join(_TYPES) + r")\b")


def explained(error: Exception) -> AthanorError:
    """The error that tells the user why a query failed.

    Returns
    -------
    vo.errors.AthanorError
        A `UsageError` when the data or the size of the query are the reason, an `AuthorizationError` when it reached
        for what is not published, else a plain `AthanorError`, which tells nothing of the engine but a reference to
        the log.
    """
    kind, text = _parts(str(error))
    if any(sign in text for sign in _TOO_DEEP):
        return failures.too_deep()
    if "Division by zero" in text:
        return failures.division()
    if kind == "Conversion":
        return failures.bad_value(text)
    if kind == "Out of Range":
        return failures.bad_range(text)
    if kind == "Invalid Input":
        return failures.bad_data(text)
    if kind == "Out of Memory":
        return failures.memory()
    if kind == "Permission":
        return failures.forbidden()
    return failures.unforeseen(error)


def _parts(message: str) -> tuple[str, str]:
    """The kind of an error and its first sentence, without the engine's own SQL and advice."""
    kind, _, text = message.partition(" Error: ")
    first = text.partition("\n")[0].rstrip(" !.")
    return kind, _TYPE.sub(lambda match: _TYPES[match[1]], first)
