"""What a browser may load on our pages (Content Security Policy level 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

__all__ = ["ContentSecurityPolicy"]

PAGES = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
"""Everything from this service; `data:` for the icons inside Bootstrap's style sheet."""

FILES = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox"
"""Files of jobs and of the archive come from others: no script in them may run."""


class ContentSecurityPolicy:
    """Middleware that adds the policy to answers that bring none."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Pass the request on and mark the answer."""
        if iscoroutinefunction(self):
            return self._later(request)
        return _with_policy(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _with_policy(request, await self.get_response(request))


def _with_policy(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    answers = ("/files/", "/uws/", "/tap/", "/scs", "/sia2/")
    is_file = request.path_info.startswith(answers) and response.status_code < 400
    response.headers.setdefault("Content-Security-Policy", FILES if is_file else PAGES)
    return response
