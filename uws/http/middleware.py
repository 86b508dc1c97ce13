"""Middleware that is called in a chain of functions, and awaited in one of coroutines: Django builds one of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

__all__ = ["Answer", "AnswerMiddleware", "Middleware"]

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
"""What the rest of a chain gives, at once or when it is awaited."""


class Middleware:
    """Passes requests on.

    Parameters
    ----------
    get_response
        The rest of the chain.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Pass the request on."""
        return self.get_response(request)


class AnswerMiddleware(Middleware, ABC):
    """Does something to every answer, errors among them."""

    def __call__(self, request: HttpRequest) -> Answer:
        """Pass the request on and finish the answer."""
        if iscoroutinefunction(self):
            return self._later(request)
        response = self.get_response(request)
        self.finish(request, response)
        return response

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        response = await self.get_response(request)
        self.finish(request, response)
        return response

    @abstractmethod
    def finish(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Change the answer."""
