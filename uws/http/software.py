"""Which software answers: the ``Server`` header of every response (IVOA note "Operational identification of software
components" 1.0, §3).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

__all__ = ["ServerHeader", "software"]


def software() -> str:
    """Name and version of this software, as the ``Server`` header tells them."""
    return f"Athanor/{settings.ATHANOR_VERSION}"


class ServerHeader:
    """Middleware that signs every answer, errors among them."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Pass the request on and sign the answer."""
        if iscoroutinefunction(self):
            return self._later(request)
        return _signed(self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _signed(await self.get_response(request))


def _signed(response: HttpResponseBase) -> HttpResponseBase:
    response["Server"] = software()
    return response
