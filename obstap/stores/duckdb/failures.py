"""DuckDB's errors in the user's terms."""

from __future__ import annotations

import logging
import re
import secrets

import duckdb
import pyarrow as pa

from vo.errors import AthanorError, AuthorizationError, UsageError

__all__ = ["FAILURES", "explained"]

logger = logging.getLogger("athanor.queries")

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
        return UsageError(
            "The query is nested deeper than this service can compute.",
            hint="Ask in several queries, or with fewer sub-queries and shorter expressions.",
        )
    if "Division by zero" in text:
        return UsageError("The query divides by zero.", hint="Exclude the rows in which the divisor is 0.")
    if kind == "Conversion":
        return UsageError(f"A value cannot be converted: {text}.")
    if kind == "Out of Range":
        return UsageError(f"A number lies outside the range of its type: {text}.")
    if kind == "Invalid Input":
        return UsageError(f"The query fails on its data: {text}.")
    if kind == "Out of Memory":
        return UsageError(
            "The query needs more memory than this service gives to queries.",
            hint="Let it sort, group or join fewer rows or columns.",
        )
    if kind == "Permission":
        return AuthorizationError("Queries may read the published tables and nothing else.")
    return _unforeseen(error)


def _unforeseen(error: Exception) -> AthanorError:
    """What is told of a failure that only the operator can understand."""
    reference = secrets.token_hex(4)
    logger.error("The table engine refuses a query, reference %s: %s", reference, error)
    return AthanorError(
        "The service could not run this query; that is a fault of the service.",
        hint=f"Ask in another way, or tell the operator of the service the reference {reference}.",
    )


def _parts(message: str) -> tuple[str, str]:
    """The kind of an error and its first sentence, without the engine's own SQL and advice."""
    kind, _, text = message.partition(" Error: ")
    first = text.partition("\n")[0].rstrip(" !.")
    return kind, _TYPE.sub(lambda match: _TYPES[match[1]], first)
