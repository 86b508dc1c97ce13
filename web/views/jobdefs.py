"""Tasks and the forms that start them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jobdefs.definition import Definition
from uws.http.locations import base_url, see_other
from uws.notices import can_mail
from uws.services import create_job
from vo.errors import NotFoundError, UsageError
from web.catalogue import catalogue, find_task, missing_for
from web.forms.task import ARRAY, NOTIFY, RUN_ID, UPLOAD, TaskForm
from web.snippets import job_curl
from web.suggestions import suggestions

__all__ = ["index", "show"]

MOST_LETTERS = 600
"""Of what tasks are searched for, and of the name of a data set."""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The tasks by what they are for; ``q`` finds those with all its words, ``type`` those that take such data.

    ``data`` names the data set or the result with which their forms are to be filled.
    """
    words, kind, data = (_text(request, name) for name in ("q", "type", "data"))
    headings, found, total = catalogue(words, kind)
    context = {"section": "jobdefs", "headings": headings, "found": found, "total": total}
    return render(request, "web/jobdefs.html", context | {"q": words, "type": kind, "data": data})


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "")[:MOST_LETTERS].replace("\0", "").strip()


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, name: str) -> HttpResponse:
    """A task and its form, filled with what the address says; POST makes a job and starts it."""
    task = find_task(name)
    offered = suggestions(definition=task, user=request.user)
    mail = request.user.email if can_mail(request.user) else ""
    if request.method == "POST":
        form = TaskForm(task, request.POST, request.FILES, suggestions=offered, mail=mail)
        if form.is_valid() and (job_id := _start(request, form)):
            return see_other(reverse("job", args=[job_id]))
    else:
        form = TaskForm(task, given=dict(request.GET.lists()), suggestions=offered, mail=mail)
    context = {
        "section": "jobdefs",
        "task": task,
        "form": form,
        "run_id": form[RUN_ID],
        "array": form[ARRAY],
        "array_upload": form[ARRAY + UPLOAD],
        "notify": form[NOTIFY] if mail else None,
        "groups": form.groups(),
        "missing": missing_for(task),
        "curl": job_curl(base_url(request), task.name, _example(task, form)),
    }
    return render(request, "web/jobdef.html", context, status=400 if form.errors else 200)


def _start(request: HttpRequest, form: TaskForm) -> str:
    """The id of the job that the form has started, or an empty string when the service refused it."""
    try:
        job = create_job(
            definition=form.definition.name,
            parameters=form.parameters(),
            user=request.user,
            base_url=base_url(request),
            run_id=form.cleaned_data[RUN_ID],
            run=True,
            files=form.uploads(),
            array=form.array(),
            notify=form.notify(),
        )
    except (UsageError, NotFoundError) as error:
        form.place(error)
        return ""
    messages.success(request, f"The job {job.run_id or job.id} was submitted; this page follows it.")
    return job.id


def _example(task: Definition, form: TaskForm) -> dict[str, list[str]]:
    """Parameters for the command line: what the form holds, and what is required."""
    if form.is_bound and form.is_valid():
        return form.parameters()
    example = {}
    for parameter in task.parameters:
        value = form.get_initial_for_field(form.fields[parameter.name], parameter.name)
        if parameter.type == "bool":
            value = "yes" if value else "no"
        is_default = value in (None, "", parameter.default)
        if not is_default or (parameter.required and not parameter.default):
            example[parameter.name] = value if isinstance(value, list) else [value or f"<{parameter.name}>"]
    return example
