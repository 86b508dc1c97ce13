"""Every error has one form in each part of the URL space."""

from __future__ import annotations

import errno
import json
import logging

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from vo.errors import (
    AthanorError,
    AuthenticationError,
    AuthorizationError,
    IllegalStateError,
    MediaTypeError,
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
from web.errors import ErrorRenderer, csrf_failure, render_error

QUERY = QueryError(
    "There is no column 'obsid' in ivoa.obscore.",
    text="SELECT target_name,\n       obsid\nFROM ivoa.obscore",
    line=2,
    column=8,
    length=5,
    hint="Did you mean obs_id?",
)
PARAMETERS = ParameterErrors(
    [
        ParameterError("withimageset", "'maybe' is neither yes nor no."),
        ParameterError("ximagebinsize", "must be at least 1."),
    ]
)


def answer(path, error, *, accept="*/*", **parameters):
    return render_error(RequestFactory().get(path, parameters, headers={"Accept": accept}), error)


def test_text_error_shows_the_place():
    response = answer("/uws/evselect/abc", QUERY)
    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == (
        "line 2, column 8: There is no column 'obsid' in ivoa.obscore. Did you mean obs_id?\n"
        "\n"
        "       obsid\n"
        "       ^^^^^\n"
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            QUERY,
            {
                "status": 400,
                "title": "The request is not right",
                "message": "There is no column 'obsid' in ivoa.obscore.",
                "line": 2,
                "column": 8,
                "hint": "Did you mean obs_id?",
            },
        ),
        (
            ParameterError("table", "There is no such file.", hint="Give an obs_publisher_did."),
            {
                "status": 400,
                "title": "The request is not right",
                "message": "There is no such file.",
                "parameter": "table",
                "hint": "Give an obs_publisher_did.",
            },
        ),
        (
            PARAMETERS,
            {
                "status": 400,
                "title": "The request is not right",
                "message": "withimageset: 'maybe' is neither yes nor no.\nximagebinsize: must be at least 1.",
                "errors": [
                    {"parameter": "withimageset", "message": "'maybe' is neither yes nor no."},
                    {"parameter": "ximagebinsize", "message": "must be at least 1."},
                ],
            },
        ),
        (
            IllegalStateError("The job has ended."),
            {"status": 403, "title": "Not allowed", "message": "The job has ended."},
        ),
    ],
)
def test_json_error(error, expected):
    response = answer("/api/v1/jobs/", error)
    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content) == {"error": expected}
    assert response.status_code == expected["status"]


def test_votable_error():
    from obstap.writers.votable import error_document

    response = answer("/tap/sync", QUERY)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/x-votable+xml"
    assert response.content == error_document(
        "line 2, column 8: There is no column 'obsid' in ivoa.obscore. Did you mean obs_id?"
    )


@pytest.mark.parametrize(
    ("path", "accept", "parameters", "media_type"),
    [
        ("/tap/sync", "*/*", {}, "application/x-votable+xml"),
        ("/tap/sync", "text/html,*/*;q=0.8", {}, "application/x-votable+xml"),
        ("/tap/sync", "*/*", {"RESPONSEFORMAT": "votable"}, "application/x-votable+xml"),
        ("/tap/sync", "*/*", {"RESPONSEFORMAT": "text/xml"}, "application/x-votable+xml"),
        ("/tap/sync", "*/*", {"responseformat": "text/csv;header=present"}, "text/plain; charset=utf-8"),
        ("/tap/sync", "*/*", {"FORMAT": "tsv"}, "text/plain; charset=utf-8"),
        ("/tap/sync", "*/*", {"RESPONSEFORMAT": "text/plain"}, "text/plain; charset=utf-8"),
        ("/tap/sync", "*/*", {"RESPONSEFORMAT": "html"}, "text/html; charset=utf-8"),
        ("/tap/sync", "*/*", {"RESPONSEFORMAT": "application/json"}, "application/json"),
        ("/tap/async/x/phase", "application/json", {}, "application/json"),
        ("/tap/async/x/phase", "application/json", {"RESPONSEFORMAT": "csv"}, "text/plain; charset=utf-8"),
        ("/tap/async/x/phase", "application/json, text/xml", {}, "application/x-votable+xml"),
        ("/tap/sync", "*/*", {"RESPONSEFORMAT": "parquet"}, "application/x-votable+xml"),
        ("/scs", "*/*", {"RESPONSEFORMAT": "csv"}, "text/plain; charset=utf-8"),
        ("/sia2/query", "*/*", {"FORMAT": "text/csv"}, "application/x-votable+xml"),
        ("/scs", "*/*", {}, "application/x-votable+xml"),
        ("/sia2/query", "*/*", {}, "application/x-votable+xml"),
        ("/uws/evselect", "*/*", {}, "text/plain; charset=utf-8"),
        ("/uws/evselect", "application/json", {}, "application/json"),
        ("/uws/evselect", "application/json;q=0.5, text/html", {}, "text/html; charset=utf-8"),
        ("/uws/evselect", "text/html,application/xhtml+xml,*/*;q=0.8", {}, "text/html; charset=utf-8"),
        ("/uws/evselect", "image/png", {}, "text/plain; charset=utf-8"),
        ("/files/a/b.fits", "*/*", {}, "text/plain; charset=utf-8"),
        ("/api/v1/", "text/html", {}, "application/json"),
        ("/search/", "*/*", {}, "text/html; charset=utf-8"),
        ("/jobs/1/", "application/json", {}, "application/json"),
        ("/tapestry/", "*/*", {}, "text/html; charset=utf-8"),
    ],
)
def test_form_by_place_and_wish(path, accept, parameters, media_type):
    assert answer(path, UsageError("No."), accept=accept, **parameters)["Content-Type"] == media_type


def test_format_in_the_body_counts():
    request = RequestFactory().post("/tap/sync", {"RESPONSEFORMAT": "csv"})
    assert render_error(request, UsageError("No."))["Content-Type"] == "text/plain; charset=utf-8"


def test_body_that_cannot_be_read_is_no_second_error():
    request = RequestFactory().post("/tap/sync", b"garbage", content_type="multipart/form-data; boundary=x")
    assert render_error(request, UsageError("No.")).status_code == 400


@pytest.mark.parametrize(
    ("error", "status", "header", "value"),
    [
        (AuthenticationError("Who?"), 401, "WWW-Authenticate", 'Basic realm="Athanor", charset="UTF-8"'),
        (AuthorizationError("No."), 403, None, None),
        (NotFoundError("No."), 404, None, None),
        (NotAllowedError("No.", allow=["GET", "POST"]), 405, "Allow", "GET, POST"),
        (TimeLimitError("No."), 408, None, None),
        (TooLargeError("No."), 413, None, None),
        (MediaTypeError("No."), 415, None, None),
        (RangeError("No.", size=1000), 416, "Content-Range", "bytes */1000"),
        (UnavailableError("No.", retry_after=7), 503, "Retry-After", "7"),
        (Http404("secret"), 404, None, None),
        (PermissionDenied(), 403, None, None),
        (SuspiciousOperation("secret"), 400, None, None),
        (RequestDataTooBig(), 413, None, None),
        (OSError(errno.ENOSPC, "secret"), 503, "Retry-After", "300"),
    ],
)
def test_status_and_headers(error, status, header, value):
    response = answer("/uws/x", error)
    assert response.status_code == status
    assert "secret" not in response.content.decode()
    if header:
        assert response[header] == value


@pytest.mark.parametrize("path", ["/tap/sync", "/uws/x", "/api/v1/", "/search/"])
def test_a_surprise_is_logged_and_told_by_reference_only(path, caplog):
    with caplog.at_level(logging.ERROR, logger="athanor.errors"):
        response = answer(path, ZeroDivisionError("secret state"))
    body = response.content.decode()
    assert response.status_code == 500
    assert "secret state" not in body
    reference = caplog.records[0].args[0]
    assert reference in body
    assert caplog.records[0].exc_info[1].args == ("secret state",)


@pytest.mark.parametrize("error", [OperationalError("secret host"), InterfaceError("secret host")])
def test_a_database_that_is_away_is_logged_and_comes_back(error, caplog):
    with caplog.at_level(logging.ERROR, logger="athanor.errors"):
        response = answer("/jobs/", error)
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert caplog.records[0].args[0] in response.content.decode()
    assert "secret" not in response.content.decode()


def test_our_own_500_is_told_and_logged(caplog):
    with caplog.at_level(logging.ERROR, logger="athanor.errors"):
        response = answer("/uws/x", AthanorError("The archive's disk is full."))
    assert response.content == b"The archive's disk is full.\n"
    assert "The archive's disk is full." in caplog.text


def test_page_of_an_error_marks_the_place_and_escapes():
    error = QueryError("No such <table>.", text="SELECT 1 FROM <b>", line=1, column=15, length=3)
    page = answer("/search/", error).content.decode()
    assert "<h1>The request is not right</h1>" in page
    assert "Line 1, column 15: No such &lt;table&gt;." in page
    assert "SELECT 1 FROM &lt;b&gt;\n              ^^^" in page
    assert "<b>" not in page


def test_page_of_several_errors_lists_them():
    page = answer("/search/", PARAMETERS).content.decode()
    assert "<li>withimageset: &#x27;maybe&#x27; is neither yes nor no.</li>" in page
    assert "<li>ximagebinsize: must be at least 1.</li>" in page


def test_csrf_failure():
    response = csrf_failure(RequestFactory().post("/jobs/x/abort", headers={"Accept": "text/html"}), "no cookie")
    assert response.status_code == 403
    assert "Load the page again" in response.content.decode()


def test_middleware_leaves_surprises_to_the_debug_page(settings):
    settings.DEBUG = True
    renderer = ErrorRenderer(lambda request: HttpResponse())
    assert renderer.process_exception(RequestFactory().get("/"), ZeroDivisionError()) is None
    assert renderer.process_exception(RequestFactory().get("/uws/x"), NotFoundError("No.")).status_code == 404


async def _ok(request):
    return HttpResponse("fine")


def test_middleware_passes_requests_on():
    assert ErrorRenderer(lambda request: HttpResponse("fine"))(RequestFactory().get("/")).content == b"fine"


@pytest.mark.parametrize("charset", ["utf-16", "base64"])
def test_a_form_in_a_charset_that_forms_do_not_have(client, charset):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    response = client.generic("POST", "/tap/sync", b"QUERY=x", content_type=kind)
    assert response.status_code == 400
    assert 'value="ERROR"' in response.content.decode()


@pytest.mark.parametrize("job_list", ["/uws/evselect", "/tap/async"])
def test_too_many_parameters_are_refused_in_words(client, db, job_list):
    answer = client.post(job_list, {f"p{number}": "x" for number in range(1001)})
    assert answer.status_code == 400
    assert "The request has more than 1,000 parameters." in answer.content.decode()
    answer = client.post(job_list, {f"p{number}": SimpleUploadedFile("x", b"x") for number in range(101)})
    assert answer.status_code == 400
    assert "The request has more than 100 files." in answer.content.decode()
