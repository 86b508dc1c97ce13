"""A resource: which methods it knows, and the check that a request was not forged."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from uws.http.csrf import check_forgery
from vo.errors import NotAllowedError

__all__ = ["Handler", "resource"]

Handler = Callable[..., HttpResponseBase]


def resource(**handlers: Handler) -> Handler:
    """A view that passes each request to the handler of its method; HEAD goes to GET.

    The view raises `vo.errors.NotAllowedError` for other methods. Programs need no CSRF token; see `uws.http.csrf`.
    """
    known = {**handlers, "HEAD": handlers["GET"]}

    def view(request: HttpRequest, **arguments: object) -> HttpResponseBase:
        handler = known.get(request.method or "")
        if handler is None:
            allow = sorted(known)
            raise NotAllowedError(f"This resource knows {', '.join(allow)} only.", allow=allow)
        check_forgery(request)
        return handler(request, **arguments)

    return csrf_exempt(view)
