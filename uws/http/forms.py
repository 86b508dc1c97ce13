"""What a request asks for: parameters of the query and of the body together, and the words that control a job."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from uws.phases import Phase
from uws.times import parse_time
from vo.errors import MediaTypeError, ParameterError

__all__ = ["Form", "parse_count", "parse_instant", "parse_phase", "parse_seconds", "read_form", "read_query"]

CONTROLS = frozenset({"PHASE", "RUNID", "EXECUTIONDURATION", "DESTRUCTION", "ACTION"})
"""Words that are UWS's or DALI's own, in any case (UWS 1.1 §2.2.3, DALI 1.1 §3.1); other names are parameters."""

FORM_TYPES = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})
CSRF_FIELD = "csrfmiddlewaretoken"
MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Form:
    """A request's parameters.

    Parameters
    ----------
    controls
        Control word in upper case → the last value given.
    parameters
        Other names as written → all values given.
    """

    controls: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, UploadedFile] = field(default_factory=dict)


def read_form(request: HttpRequest, controls: Collection[str] = CONTROLS) -> Form:
    """The parameters of a POST.

    Raises
    ------
    vo.errors.MediaTypeError
        When the body is no form.
    """
    has_body = int(request.META.get("CONTENT_LENGTH") or 0) or "HTTP_TRANSFER_ENCODING" in request.META
    if request.content_type not in FORM_TYPES and has_body:
        raise MediaTypeError(
            f"A body of type {request.content_type!r} is not understood here.",
            hint="Send application/x-www-form-urlencoded or multipart/form-data.",
        )
    form = Form(files={name: file for name, file in request.FILES.items() if file is not None})
    for source in (request.GET, request.POST):
        for name, values in source.lists():
            if name == CSRF_FIELD:
                continue
            if name.upper() in controls:
                form.controls[name.upper()] = values[-1]
            else:
                form.parameters.setdefault(name, []).extend(values)
    return form


def read_query(request: HttpRequest) -> dict[str, list[str]]:
    """The parameters of a GET: name in upper case → values."""
    query: dict[str, list[str]] = {}
    for name, values in request.GET.lists():
        query.setdefault(name.upper(), []).extend(values)
    return query


def parse_count(name: str, text: str) -> int:
    """A whole number of 1 or more.

    Raises
    ------
    vo.errors.ParameterError
        When it is none.
    """
    number = _whole(text)
    if number is None or not 0 < number <= MAX_NUMBER:
        raise ParameterError(name, f"{text[:40]!r} is no whole number of 1 or more.")
    return number


def parse_seconds(name: str, text: str) -> int:
    """A whole number of seconds, 0 or more.

    Raises
    ------
    vo.errors.ParameterError
        When it is none.
    """
    number = _whole(text)
    if number is None or number > MAX_NUMBER:
        raise ParameterError(name, f"{text[:40]!r} is no whole number of seconds from 0 to {MAX_NUMBER}.")
    return number


def parse_instant(name: str, text: str) -> datetime:
    """A time.

    Raises
    ------
    vo.errors.ParameterError
        When it is none.
    """
    try:
        return parse_time(text)
    except ValueError as error:
        raise ParameterError(name, str(error)) from error


def parse_phase(text: str) -> Phase:
    """A phase by its name.

    Raises
    ------
    vo.errors.ParameterError
        When there is no such phase.
    """
    try:
        return Phase(text.strip().upper())
    except ValueError as error:
        raise ParameterError("PHASE", f"{text[:40]!r} is no phase; there are {', '.join(Phase)}.") from error


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 20 else None
