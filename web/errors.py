"""The one place where errors become answers.

Each part of the URL space has its own form of error: DALI VOTable for the VO protocols (DALI 1.1 §4.4), text for UWS
and files, JSON for the API, a page for people. Errors of views arrive through `ErrorRenderer.process_exception`;
those of middleware and of URL resolution through the handlers that `config.urls` names.
"""

from __future__ import annotations

import errno
import logging
import secrets
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string

from uws.http.middleware import Middleware
from uws.http.negotiation import HTML, JSON, preferred_form
from vo.dali import VOTABLE
from vo.errors import (
    AthanorError,
    AuthenticationError,
    AuthorizationError,
    NotAllowedError,
    NotFoundError,
    ParameterError,
    ParameterErrors,
    QueryError,
    RangeError,
    TimeLimitError,
    TooLargeError,
    UnavailableError,
    UsageError,
)

__all__ = ["ErrorRenderer", "bad_request", "csrf_failure", "forbidden", "not_found", "render_error", "server_error"]

logger = logging.getLogger("athanor.errors")

TEXT = "text/plain"

FORMS: dict[str, tuple[str, ...]] = {
    "tap": (VOTABLE, TEXT, HTML, JSON),
    "scs": (VOTABLE, TEXT, HTML, JSON),
    "sia2": (VOTABLE, TEXT, HTML, JSON),
    "datalink": (VOTABLE, TEXT, HTML, JSON),
    "uws": (TEXT, JSON, HTML),
    "files": (TEXT, JSON, HTML),
    "provenance": (TEXT, JSON, HTML),
    "api": (JSON,),
}
"""First segment of the path → the forms that an error may take there; the first is the usual one."""

DALI_FORMS = {
    **dict.fromkeys(("html", HTML), HTML),
    **dict.fromkeys(("json", JSON), JSON),
    **dict.fromkeys(("text", "txt", "csv", "tsv"), TEXT),
    "text/xml": VOTABLE,
}
"""What a client of a VO protocol asked for → the form of an error; other text media types get text."""

PAGE_FORMS = (HTML, JSON, TEXT)

TITLES = {
    400: "The request is not right",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Time limit exceeded",
    410: "No longer here",
    413: "Too large",
    415: "Media type not understood",
    416: "Range outside the file",
    500: "Internal error",
    503: "Not available now",
}


class ErrorRenderer(Middleware):
    """Middleware that turns exceptions of views into answers."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to an exception of a view; None leaves a surprise to Django's debug page where that is on."""
        if settings.DEBUG and _known(exception) is None:
            return None
        return render_error(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return render_error(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return render_error(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return render_error(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: whatever middleware raised, errors of ours among it."""
    return render_error(request, sys.exc_info()[1] or AthanorError("Something went wrong here."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    logger.info("CSRF check failed: %s", reason)
    return render_error(
        request,
        AuthorizationError(
            "The form was not sent from a page of this service, or that page had expired.",
            hint="Load the page again and send the form from there; cookies must be allowed.",
        ),
    )


def render_error(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """The answer to an error, in the form that suits the place and the asker.

    Exceptions from outside the tree of `vo.errors` are logged and told by a reference only.
    """
    error = _known(exception)
    if error is None:
        error = _unexpected(exception)
    elif error.status >= 500 and not isinstance(error, UnavailableError):
        logger.error("%s %s: %s", request.method, request.path, error, exc_info=exception)
    response = RENDERERS[_form(request)](request, error)
    for name, value in _headers(error).items():
        response[name] = value
    return response


def _known(exception: BaseException) -> AthanorError | None:
    """The error of ours that an exception stands for, or None for a surprise."""
    match exception:
        case AthanorError():
            return exception
        case Http404():
            return NotFoundError("There is nothing at this address.")
        case PermissionDenied():
            return AuthorizationError(str(exception) or "You may not do this.")
        case RequestDataTooBig():
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return TooLargeError(f"The request is larger than the {limit:,} bytes that the service takes.")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            logger.error("A request was refused, for the disk is full: %s", exception)
            return UnavailableError("The disk of the service is full; nothing was kept.", retry_after=300)
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return UsageError(f"The request has more than {most:,} parameters.", hint="Send them in several requests.")
        case TooManyFilesSent():
            return UsageError(f"The request has more than {settings.DATA_UPLOAD_MAX_NUMBER_FILES:,} files.")
        case MultiPartParserError() | UnreadablePostError():
            return UsageError("The body of the request is incomplete or malformed.")
        case BadRequest() | SuspiciousOperation():
            return UsageError("The request is malformed.")
    return None


def _unexpected(exception: BaseException) -> AthanorError:
    """What is told of a surprise; a database that is away comes back."""
    reference = secrets.token_hex(4)
    logger.error("Unexpected error, reference %s", reference, exc_info=exception)
    if isinstance(exception, InterfaceError | OperationalError):
        return UnavailableError("The service's database does not answer now.", hint=f"The reference is {reference}.")
    return AthanorError(
        "Something went wrong here; it is not your fault.",
        hint=f"Tell the operator of the service the reference {reference}.",
    )


def _form(request: HttpRequest) -> str:
    forms = FORMS.get(_segment(request), PAGE_FORMS)
    if forms[0] == VOTABLE:
        return _dali_form(request)
    return request.get_preferred_type(forms) or forms[0]


def _segment(request: HttpRequest) -> str:
    return request.path_info.lstrip("/").partition("/")[0]


def _dali_form(request: HttpRequest) -> str:
    """The form of an error that suits the RESPONSEFORMAT (or FORMAT); a VOTable where none does (DALI 1.1 §4.2).

    Without one, JSON is for clients that prefer it to XML: those of the job list.
    """
    try:
        given = [*request.GET.lists(), *request.POST.lists()]
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        given = list(request.GET.lists())
    # SIA's FORMAT is that of the data sought (SIA 2.0 §2.1.20).
    names = ("RESPONSEFORMAT",) if _segment(request) == "sia2" else ("RESPONSEFORMAT", "FORMAT")
    for name, values in given:
        if name.upper() in names:
            wanted = values[-1].partition(";")[0].strip().lower()
            return DALI_FORMS.get(wanted, TEXT if wanted.startswith("text/") else VOTABLE)
    return JSON if preferred_form(request) == JSON else VOTABLE


def _headers(error: AthanorError) -> dict[str, str]:
    match error:
        case AuthenticationError():
            return {"WWW-Authenticate": 'Basic realm="Athanor", charset="UTF-8"'}
        case NotAllowedError(allow=allow) if allow:
            return {"Allow": ", ".join(allow)}
        case RangeError():
            return {"Content-Range": f"bytes */{error.size}"}
        case TimeLimitError():
            # RFC 9110 §15.5.9; the same request would end the same, so nothing invites to repeat it.
            return {"Connection": "close"}
        case UnavailableError():
            return {"Retry-After": str(error.retry_after)}
    return {}


def _votable(request: HttpRequest, error: AthanorError) -> HttpResponse:
    from obstap.writers import Info  # noqa: PLC0415 - Arrow comes with it; pages start without
    from obstap.writers.votable import document  # noqa: PLC0415

    infos = [Info("QUERY_STATUS", "ERROR", str(error))]
    if _segment(request) == "scs":
        infos.append(Info("Error", str(error)))  # where older clients look (Simple Cone Search 1.03 §2.3)
    return HttpResponse(document(infos), content_type=VOTABLE, status=error.status)


def _text(request: HttpRequest, error: AthanorError) -> HttpResponse:  # noqa: ARG001 - one signature for all
    text = f"{error}\n"
    if isinstance(error, QueryError) and error.excerpt:
        text += f"\n{error.excerpt}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=error.status)


def _json(request: HttpRequest, error: AthanorError) -> HttpResponse:  # noqa: ARG001 - one signature for all
    return JsonResponse({"error": _described(error)}, status=error.status)


def _described(error: AthanorError) -> dict[str, Any]:
    described: dict[str, Any] = {
        "status": error.status,
        "title": TITLES.get(error.status, "Error"),
        "message": error.message,
    }
    match error:
        case ParameterError():
            described["parameter"] = error.parameter
        case ParameterErrors():
            described["errors"] = [{"parameter": one.parameter, "message": one.message} for one in error.errors]
        case QueryError() if error.line:
            described |= {"line": error.line, "column": error.column}
    if error.hint:
        described["hint"] = error.hint
    return described


def _html(request: HttpRequest, error: AthanorError) -> HttpResponse:
    context = {"error": error, "title": TITLES.get(error.status, "Error")}
    # What broke may be the session or the database: then the page is made without asking them.
    page = render_to_string("error.html", context, request=None if error.status >= 500 else request)
    return HttpResponse(page, status=error.status)


RENDERERS: dict[str, Callable[[HttpRequest, AthanorError], HttpResponse]] = {
    VOTABLE: _votable,
    TEXT: _text,
    JSON: _json,
    HTML: _html,
}
