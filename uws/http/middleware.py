"""Middleware: something that is done to every request, or to every answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

__all__ = ["AnswerMiddleware", "Middleware"]


class Middleware:
    """Passes requests on.

    Parameters
    ----------
    get_response
        The rest of the chain.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)


class AnswerMiddleware(Middleware, ABC):
    """Does something to every answer, errors among them."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and finish the answer."""
        response = self.get_response(request)
        self.finish(request, response)
        return response

    @abstractmethod
    def finish(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Change the answer."""
