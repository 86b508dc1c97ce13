"""A task as other systems read it: JDL of OPUS and CommandLineTool of CWL."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from jobdefs.definition import Definition
from jobdefs.exchange import write_cwl, write_jdl
from vo.dali import VOTABLE
from vo.errors import NotFoundError, UsageError
from web.catalogue import find_task

__all__ = ["cwl", "jdl"]

CWL = "application/cwl+json"
"""Media type of CWL documents in JSON (CWL v1.2, IANA Considerations)."""


@require_safe
def jdl(request: HttpRequest, name: str) -> HttpResponse:
    """The task as JDL; ``names=opus`` asks for the utypes that OPUS itself writes."""
    task = find_task(name)
    try:
        document = write_jdl(task, names=request.GET.get("names", "provdm")).document
    except UsageError as error:
        raise _none(task, error) from error
    return _file(document, VOTABLE, f"{name}_vot.xml")


@require_safe
def cwl(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """The task as a tool of CWL."""
    task = find_task(name)
    try:
        document = write_cwl(task)
    except UsageError as error:
        raise _none(task, error) from error
    return _file(document, CWL, f"{name}.cwl")


def _none(task: Definition, error: UsageError) -> Exception:
    """A task without a command has no such document; other mistakes are the asker's."""
    return error if task.command else NotFoundError(error.message, hint=error.hint)


def _file(document: str, media_type: str, filename: str) -> HttpResponse:
    response = HttpResponse(document, content_type=media_type)
    response["Content-Disposition"] = f'inline; filename="{filename}"'
    return response
