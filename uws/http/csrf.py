"""Cross-site request forgery: a check for those whom a browser signs in by itself.

Programs authenticate each request and need no token. A session cookie goes with every request of a browser, and so
do HTTP Basic credentials that it remembers; requests with these must show that they come from a page of ours.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from uws.http.authentication import is_basic
from vo.errors import AuthorizationError

__all__ = ["check_forgery"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def check_forgery(request: HttpRequest) -> None:
    """Refuse an unsafe request that another site may have made the user's browser send.

    Raises
    ------
    vo.errors.AuthorizationError
        When a session signs the user in and the CSRF token is missing or wrong, or when remembered Basic credentials
        came with a request that the browser says to be another site's.
    """
    if request.method in SAFE or not request.user.is_authenticated:
        return
    if is_basic(request):
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise AuthorizationError("Another site's page sent this request with your credentials.")
        return
    reason = _Check(_no_response).check(request)
    if reason is not None:
        raise AuthorizationError(
            f"CSRF check failed: {reason}",
            hint="Send the token of the cookie 'csrftoken' as X-CSRFToken, or use HTTP Basic without a session.",
        )


class _Check(CsrfViewMiddleware):
    def check(self, request: HttpRequest) -> str | None:
        self.process_request(request)
        return self.process_view(request, _protected, (), {})

    def _reject(self, request: HttpRequest, reason: str) -> str:  # noqa: ARG002 - Django's own signature
        return reason


def _protected(request: HttpRequest) -> HttpResponse:
    return _no_response(request)


def _no_response(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    return HttpResponse(status=204)
