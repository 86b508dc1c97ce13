"""Each answer says what a browser may load from it."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from web.security import FILES, PAGES, ContentSecurityPolicy


@pytest.mark.parametrize(
    ("path", "status", "policy"),
    [
        ("/", 200, PAGES),
        ("/jobs/abc/", 200, PAGES),
        ("/files/xmm/evil.html", 200, FILES),
        ("/uws/evselect/abc/results/image", 206, FILES),
        ("/tap/async/abc/results/result", 200, FILES),
        ("/uws/evselect/abc", 404, PAGES),
    ],
)
def test_policy(path, status, policy):
    middleware = ContentSecurityPolicy(lambda request: HttpResponse(status=status))
    assert middleware(RequestFactory().get(path))["Content-Security-Policy"] == policy


def test_a_policy_of_the_view_stays():
    middleware = ContentSecurityPolicy(
        lambda request: HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})
    )
    assert middleware(RequestFactory().get("/"))["Content-Security-Policy"] == "default-src 'none'"


def test_pages_allow_no_inline_script_and_no_other_site():
    assert "unsafe" not in PAGES
    assert "http" not in PAGES
