"""PostgreSQL's errors in the user's terms, by their SQLSTATE (PostgreSQL manual, appendix A)."""

from __future__ import annotations

import logging
import re

import adbc_driver_manager
import psycopg2
from psycopg2 import errorcodes

from obstap.stores import failures
from vo.errors import AthanorError, UnavailableError, UsageError

__all__ = ["CANCELLED", "FAILURES", "explained", "is_lost", "refused", "state_of", "unavailable", "unprepared"]

logger = logging.getLogger("athanor.stores")

FAILURES = (psycopg2.Error, adbc_driver_manager.Error)
"""What a failing statement raises."""

CANCELLED = errorcodes.QUERY_CANCELED

_CONVERSIONS = {
    errorcodes.INVALID_TEXT_REPRESENTATION,
    errorcodes.INVALID_DATETIME_FORMAT,
    errorcodes.INVALID_CHARACTER_VALUE_FOR_CAST,
    errorcodes.DATETIME_FIELD_OVERFLOW,
    errorcodes.INVALID_BINARY_REPRESENTATION,
}
_LARGE = {errorcodes.OUT_OF_MEMORY, errorcodes.DISK_FULL, errorcodes.CONFIGURATION_LIMIT_EXCEEDED}
_ENDING = {errorcodes.ADMIN_SHUTDOWN, errorcodes.CRASH_SHUTDOWN, errorcodes.CANNOT_CONNECT_NOW}
_BUSY = {errorcodes.TOO_MANY_CONNECTIONS}
_NUL = errorcodes.CHARACTER_NOT_IN_REPERTOIRE

_TOO_DEEP = "memory exhausted"
"""What PostgreSQL's parser says of too many brackets."""

_RETRY = 10
"""Seconds after which a client may ask again when the server is away."""

_PLACE = re.compile(r"^.*?(?:ERROR|FATAL): +| *SQLSTATE: \w{5}$", re.DOTALL)
"""What stands around PostgreSQL's own sentence in the messages of its drivers."""


def explained(error: Exception) -> AthanorError:
    """The error that tells the user why a query failed.

    Returns
    -------
    vo.errors.AthanorError
        A `UsageError` when the data or the size of the query are the reason, an `AuthorizationError` when it reached
        for what is not published, an `UnavailableError` when the server is away, else a plain `AthanorError`, which
        tells nothing of the engine but a reference to the log.
    """
    state, text = state_of(error), _sentence(error)
    if state == errorcodes.DIVISION_BY_ZERO:
        return failures.division()
    if state == errorcodes.NUMERIC_VALUE_OUT_OF_RANGE:
        return failures.bad_range(text)
    if state in _CONVERSIONS:
        return failures.bad_value(text)
    if state == errorcodes.READ_ONLY_SQL_TRANSACTION:
        return failures.several()
    if state == errorcodes.INSUFFICIENT_PRIVILEGE:
        return failures.forbidden()
    if state == errorcodes.STATEMENT_TOO_COMPLEX or (state == errorcodes.SYNTAX_ERROR and _TOO_DEEP in text):
        return failures.too_deep()
    if state in _LARGE:
        return failures.memory()
    if state.startswith("22"):
        return failures.bad_data(text)
    if is_lost(error) or state in _BUSY:
        return unavailable(error)
    return failures.unforeseen(error)


def refused(error: Exception, name: str) -> AthanorError:
    """The error that tells a publisher why the rows of the table `name` cannot be stored."""
    state = state_of(error)
    if state == _NUL:
        return UsageError(
            f"A text in the rows of {name} holds the character NUL, which PostgreSQL cannot store; remove it."
        )
    if is_lost(error) or state in _BUSY:
        return unavailable(error)
    if state[:2] in ("22", "42", "54"):
        return UsageError(f"PostgreSQL refuses the table {name}: {_sentence(error)}.")
    if state in _LARGE:
        return AthanorError(f"The database has no room for {name}: {_sentence(error)}.")
    return AthanorError(f"The table {name} could not be stored: {_sentence(error)}.")


def unprepared(error: Exception) -> AthanorError:
    """The error that tells the operator why a database cannot be used."""
    if is_lost(error) or state_of(error) in _BUSY:
        return unavailable(error)
    return AthanorError(f"The archive's database could not be made ready: {_sentence(error)}.")


def unavailable(error: Exception) -> UnavailableError:
    """What is told when the server cannot be reached or takes no more sessions; the reason is the operator's alone."""
    logger.warning("The archive's database cannot be reached: %s", error)
    return UnavailableError("The archive's database cannot be reached now.", retry_after=_RETRY)


def is_lost(error: Exception) -> bool:
    """Whether the session is of no use any more: the server ended, or the connection to it broke."""
    state = state_of(error)
    if state:
        return state in _ENDING or state.startswith("08")
    return isinstance(
        error, (psycopg2.OperationalError, psycopg2.InterfaceError, adbc_driver_manager.OperationalError)
    ) or (isinstance(error, adbc_driver_manager.Error) and "connection" in str(error))


def state_of(error: Exception) -> str:
    """The SQLSTATE of an error, empty where it has none."""
    if isinstance(error, psycopg2.Error):
        return error.pgcode or ""
    return (getattr(error, "sqlstate", None) or "").strip("\0")


def _sentence(error: Exception) -> str:
    text = error.diag.message_primary if isinstance(error, psycopg2.Error) else None
    if text is None:
        details = dict(getattr(error, "details", ()))
        told = details.get("PG_DIAG_MESSAGE_PRIMARY", details.get(b"PG_DIAG_MESSAGE_PRIMARY"))
        text = told.decode(errors="replace") if told else _PLACE.sub("", str(error)).partition("\n")[0]
    return text.rstrip(" .!")
