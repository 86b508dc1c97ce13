"""What a browser may load on our pages (Content Security Policy level 3)."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from uws.http.middleware import AnswerMiddleware

__all__ = ["ContentSecurityPolicy"]

PAGES = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
"""Everything from this service; `data:` for the icons inside Bootstrap's style sheet."""

FILES = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox"
"""Files of jobs and of the archive come from others: no script in them may run."""


class ContentSecurityPolicy(AnswerMiddleware):
    """Middleware that adds the policy to answers that bring none."""

    def finish(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Add the policy."""
        answers = ("/files/", "/uws/", "/tap/", "/scs", "/sia2/")
        is_file = request.path_info.startswith(answers) and response.status_code < 400
        response.headers.setdefault("Content-Security-Policy", FILES if is_file else PAGES)
