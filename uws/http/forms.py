"""What a request asks for: parameters of the query and of the body together, and the words that control a job."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from uws.http.temporary import temporary_file
from uws.phases import Phase
from uws.times import parse_time
from vo.errors import MediaTypeError, ParameterError

__all__ = [
    "CONTROLS",
    "Control",
    "Form",
    "parse_count",
    "parse_instant",
    "parse_phase",
    "parse_seconds",
    "parse_wait",
    "read_form",
    "read_query",
    "read_value",
]

FORM_TYPES = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})
VALUE_TYPES = FORM_TYPES - {"multipart/form-data"} | {"text/plain"}
"""Media types of the body of a PUT that is a value; programs that send texts without naming their type name a form."""

CSRF_FIELD = "csrfmiddlewaretoken"
MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Control:
    """A word that is UWS's, DALI's or ours, in any case, and no parameter of a task.

    Parameters
    ----------
    keyword
        The argument of `uws.services.create_job` and `uws.changes.change_job` that carries its value.
    read
        Makes the value of the word and its text; raises `vo.errors.ParameterError` where the text is wrong.
    places
        The resources to which it may be sent: ``jobs``, ``job`` or a child of a job by its name.
    several
        Whether it may be given several times; its value is then a list.
    """

    keyword: str
    read: Callable[[str, str], Any]
    places: tuple[str, ...]
    several: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A request's parameters.

    Parameters
    ----------
    controls
        Keyword of a control word (see `Control`) → its value.
    parameters
        Other names as written → all values given.
    files
        Name of a part of the body → the file that came as it.
    """

    controls: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, UploadedFile] = field(default_factory=dict)


def read_form(request: HttpRequest, place: str | None = None) -> Form:
    """The parameters of a request that changes something.

    Parameters
    ----------
    place
        The resource that it addresses, as in `Control.places`; None where no word controls anything.

    Raises
    ------
    vo.errors.MediaTypeError
        When the body is no form.
    vo.errors.ParameterError
        When a control word has a wrong value or several, or is sent to the wrong resource, or when two files have one
        name.
    """
    has_body = int(request.META.get("CONTENT_LENGTH") or 0) or "HTTP_TRANSFER_ENCODING" in request.META
    if request.content_type not in FORM_TYPES and has_body:
        raise MediaTypeError(
            f"A body of type {request.content_type!r} is not understood here.",
            hint="Send application/x-www-form-urlencoded or multipart/form-data.",
        )
    known = CONTROLS if place is not None else {}
    form = Form(files=_files(request, known))
    words: dict[str, list[str]] = {}
    for source in (request.GET, request.POST):
        for name, values in source.lists():
            if name.upper() in known:
                words.setdefault(name.upper(), []).extend(values)
            elif name != CSRF_FIELD:
                form.parameters.setdefault(name, []).extend(values)
    for word, values in words.items():
        form.controls[known[word].keyword] = _value(word, values, place)
    return form


def read_value(request: HttpRequest, name: str) -> str | UploadedFile:
    """The value of one parameter that is the body of a PUT: a text, or a file where its media type says so.

    Raises
    ------
    vo.errors.MediaTypeError
        When the body is a form of several parts.
    vo.errors.ParameterError
        When a text is not UTF-8.
    """
    media_type = request.content_type or ""
    if media_type in VALUE_TYPES:
        try:
            return request.body.decode("utf-8")
        except UnicodeDecodeError as error:
            hint = "Send a file with its own Content-Type, or as application/octet-stream."
            raise ParameterError(name, "the text is not UTF-8.", hint=hint) from error
    if media_type.startswith("multipart/"):
        raise MediaTypeError("A PUT brings one value.", hint="POST forms to the job or to its parameters.")
    file = temporary_file(media_type)
    shutil.copyfileobj(request, file.file)
    file.size = file.file.tell()
    file.seek(0)
    return file


def read_query(request: HttpRequest) -> dict[str, list[str]]:
    """The parameters of a GET: name in upper case → values."""
    query: dict[str, list[str]] = {}
    for name, values in request.GET.lists():
        query.setdefault(name.upper(), []).extend(values)
    return query


def parse_count(name: str, text: str) -> int:
    """A whole number of 1 or more; one that no list is long for counts as `MAX_NUMBER`.

    Raises
    ------
    vo.errors.ParameterError
        When it is none.
    """
    number = _whole(text)
    if not number:
        raise ParameterError(name, f"{text[:40]!r} is no whole number of 1 or more.")
    return min(number, MAX_NUMBER)


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


def parse_wait(text: str) -> float:
    """Seconds that a client wants to wait; -1 stands for any time (UWS 1.1 §2.2.1.1).

    Raises
    ------
    vo.errors.ParameterError
        When it is another number, or none.
    """
    number = _whole(text)
    if number is None and text.strip() != "-1":
        raise ParameterError("WAIT", f"{text[:40]!r} is no whole number of seconds, 0 or more, nor -1.")
    return math.inf if number is None else number


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


def _one_of(*words: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        word = text.strip().upper()
        if word not in words:
            raise ParameterError(name, f"{text[:40]!r} cannot be asked; {' and '.join(words)} can.")
        return word

    return read


def _as_it_is(name: str, text: str) -> str:  # noqa: ARG001 - the signature of all readers
    return text


CONTROLS: dict[str, Control] = {
    "PHASE": Control("phase", _one_of("RUN", "ABORT"), ("jobs", "job", "phase")),
    "RUNID": Control("run_id", _as_it_is, ("jobs", "job", "parameters")),
    "EXECUTIONDURATION": Control("execution_duration", parse_seconds, ("jobs", "job", "executionduration")),
    "DESTRUCTION": Control("destruction", parse_instant, ("jobs", "job", "destruction")),
    "NOTIFY": Control("notify", _as_it_is, ("jobs", "job"), several=True),
    "ACTION": Control("action", _one_of("DELETE", "RETRY"), ("job",)),
    "ARRAY": Control("array", _as_it_is, ("jobs",)),
}
"""The words that control a job (UWS 1.1 §2.2.3, DALI 1.1 §3.4.5)."""


def _value(word: str, values: Iterable[str], place: str | None) -> Any:
    control = CONTROLS[word]
    if place not in control.places:
        raise ParameterError(word, f"it is not taken here; POST it to {_or(control.places)}.")
    given = list(dict.fromkeys(values))
    if control.several:
        return [control.read(word, text) for text in given]
    if len(given) > 1:
        raise ParameterError(word, f"it is given {len(given)} times with different values; give it once.")
    return control.read(word, given[0])


def _or(places: Iterable[str]) -> str:
    names = {"jobs": "the job list", "job": "the job"}
    return " or ".join(names.get(place, f"the job's {place!r}") for place in places)


def _files(request: HttpRequest, controls: Iterable[str]) -> dict[str, UploadedFile]:
    files: dict[str, UploadedFile] = {}
    for name, several in request.FILES.lists():
        if name.upper() in controls:
            raise ParameterError(name.upper(), "it is no file; send its value as text.")
        if len(several) > 1:
            raise ParameterError(name, f"{len(several)} files have this name; give each a name of its own.")
        files[name] = several[0]
    return files


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 100 else None
