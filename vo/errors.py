"""The one tree of errors.

Every error that a user can cause, or should hear of, descends from `AthanorError`:

    AthanorError                500  something here is broken
    ├── UsageError              400  the request is wrong
    │   ├── ParameterError      400  one parameter is wrong; `parameter` names it
    │   ├── ParameterErrors     400  several are; `errors` holds one `ParameterError` each
    │   └── QueryError          400  a query or expression is wrong; `line` and `column` say where
    ├── AuthenticationError     401  credentials are missing or false
    ├── AuthorizationError      403  known, but not allowed
    ├── IllegalStateError       403  the job's phase forbids it (UWS 1.1 §2.1.2.2)
    ├── NotFoundError           404
    │   └── GoneError           410  it was here, and will not be again
    ├── NotAllowedError         405  the resource does not know this method
    ├── TimeLimitError          408  the work exceeded its time limit
    ├── TooLargeError           413
    ├── MediaTypeError          415  the body has a form that is not understood
    ├── RangeError              416  the byte range lies outside the file
    ├── CancellationError       499  whoever asked for the work wants it no more
    └── UnavailableError        503  try again later; `retry_after` in seconds

Raise them anywhere; they are rendered (as VOTable, text, JSON or HTML) in one place, `web.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "AthanorError",
    "AuthenticationError",
    "AuthorizationError",
    "CancellationError",
    "GoneError",
    "IllegalStateError",
    "MediaTypeError",
    "NotAllowedError",
    "NotFoundError",
    "ParameterError",
    "ParameterErrors",
    "QueryError",
    "RangeError",
    "TimeLimitError",
    "TooLargeError",
    "UnavailableError",
    "UsageError",
]


class AthanorError(Exception):
    """Root of the tree.

    Parameters
    ----------
    message
        One or two sentences for the user: what was wrong and what would be right.
    hint
        What the user may do about it, when the message alone does not say.
    """

    status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(AthanorError):
    """The request is wrong."""

    status = 400


class ParameterError(UsageError):
    """One parameter is wrong.

    Parameters
    ----------
    parameter
        The name of the parameter, as the user should write it.
    message
        What was wrong with it and what would be right.
    """

    def __init__(self, parameter: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter

    def __str__(self) -> str:
        return f"{self.parameter}: {super().__str__()}"


class ParameterErrors(UsageError):
    """Several parameters are wrong; all are told at once."""

    def __init__(self, errors: Sequence[ParameterError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class QueryError(UsageError):
    """A query or an expression is wrong.

    Parameters
    ----------
    message
        What is wrong, in the language's own terms.
    text
        The whole query or expression.
    line, column
        1-based place of the offending token; 0 when the error has no place.
    length
        Number of characters to mark.
    hint
        The nearest thing that would be right.
    """

    def __init__(
        self, message: str, *, text: str = "", line: int = 0, column: int = 0, length: int = 1, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.line = line
        self.column = column
        self.length = length

    @property
    def excerpt(self) -> str:
        """The offending line with carets under the offending token, or an empty string."""
        lines = self.text.splitlines()
        if not 1 <= self.line <= len(lines):
            return ""
        return f"{lines[self.line - 1]}\n{' ' * (self.column - 1)}{'^' * max(self.length, 1)}"

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{place}{super().__str__()}"


class AuthenticationError(AthanorError):
    """Credentials are missing or false."""

    status = 401


class AuthorizationError(AthanorError):
    """The user is known but not allowed to do this."""

    status = 403


class IllegalStateError(AthanorError):
    """The state of the resource forbids the request."""

    status = 403


class NotFoundError(AthanorError):
    """There is no such resource, or it is not visible to the asker."""

    status = 404


class GoneError(NotFoundError):
    """There was such a resource, and it will not come back."""

    status = 410


class NotAllowedError(AthanorError):
    """The resource does not know this method; `allow` lists those that it knows."""

    status = 405

    def __init__(self, message: str, *, allow: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.allow = tuple(allow)


class TimeLimitError(AthanorError):
    """The work exceeded its time limit."""

    status = 408


class TooLargeError(AthanorError):
    """The request is larger than the service takes."""

    status = 413


class MediaTypeError(AthanorError):
    """The body has a form that is not understood."""

    status = 415


class RangeError(AthanorError):
    """The byte range lies outside the file; `size` is the file's size in bytes."""

    status = 416

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class CancellationError(AthanorError):
    """Whoever asked for the work wants it no more.

    No client sees the status: it went away itself. The number is the one that proxies write into their logs then.
    """

    status = 499

    def __init__(self, message: str = "The work was cancelled.", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class UnavailableError(AthanorError):
    """The service cannot answer now; `retry_after` says in how many seconds it may."""

    status = 503

    def __init__(self, message: str, *, retry_after: int = 30, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
