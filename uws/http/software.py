"""Which software answers: the ``Server`` header of every response (IVOA note "Operational identification of software
components" 1.0, §3).
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from uws.http.middleware import AnswerMiddleware

__all__ = ["ServerHeader", "software"]


def software() -> str:
    """Name and version of this software, as the ``Server`` header tells them."""
    return f"Athanor/{settings.ATHANOR_VERSION}"


class ServerHeader(AnswerMiddleware):
    """Middleware that signs every answer, errors among them."""

    def finish(self, request: HttpRequest, response: HttpResponseBase) -> None:  # noqa: ARG002 - all are signed alike
        """Sign the answer."""
        response["Server"] = software()
