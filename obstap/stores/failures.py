"""Why queries fail, in the user's terms, for whichever engine."""

from __future__ import annotations

import logging
import secrets

from vo.errors import AthanorError, AuthorizationError, UsageError

__all__ = ["bad_data", "bad_range", "bad_value", "division", "forbidden", "memory", "several", "too_deep", "unforeseen"]

logger = logging.getLogger("athanor.queries")

_LOGGED = 4000
"""Characters of an engine's words that are logged; some repeat the whole query."""


def division() -> UsageError:
    """A division by zero."""
    return UsageError("The query divides by zero.", hint="Exclude the rows in which the divisor is 0.")


def bad_value(reason: str) -> UsageError:
    """A cast that cannot be; `reason` is the engine's, without a full stop."""
    return UsageError(f"A value cannot be converted: {reason}.")


def bad_range(reason: str) -> UsageError:
    """A number too large or too small for its type."""
    return UsageError(f"A number lies outside the range of its type: {reason}.")


def bad_data(reason: str) -> UsageError:
    """Anything else that only these data do."""
    return UsageError(f"The query fails on its data: {reason}.")


def memory() -> UsageError:
    """A query that is too large for the engine's memory or its place on disk."""
    return UsageError(
        "The query needs more memory than this service gives to queries.",
        hint="Let it sort, group or join fewer rows or columns.",
    )


def too_deep() -> UsageError:
    """An expression that the engine cannot go down into."""
    return UsageError(
        "The query is nested deeper than this service can compute.",
        hint="Ask in several queries, or with fewer sub-queries and shorter expressions.",
    )


def several() -> UsageError:
    """A statement that is no query, or several."""
    return UsageError("Only one SELECT at a time can be run on published tables.")


def forbidden() -> AuthorizationError:
    """A query that reaches for what is not published."""
    return AuthorizationError("Queries may read the published tables and nothing else.")


def unforeseen(error: Exception) -> AthanorError:
    """What is told of a failure that only the operator can understand: a reference to the log."""
    reference = secrets.token_hex(4)
    logger.error("The table engine refuses a query, reference %s: %s", reference, str(error)[:_LOGGED])
    return AthanorError(
        "The service could not run this query; that is a fault of the service.",
        hint=f"Ask in another way, or tell the operator of the service the reference {reference}.",
    )
