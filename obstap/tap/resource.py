"""What the resources of TAP have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from vo.errors import NotAllowedError

__all__ = ["resource", "software"]

View = Callable[..., HttpResponseBase]


def software() -> str:
    """Name and version of this software, as the ``Server`` header tells them (IVOA note on software identification)."""
    return f"Athanor/{settings.ATHANOR_VERSION}"


def resource(*methods: str) -> Callable[[View], View]:
    """Decorate a view that knows these HTTP methods and changes nothing, so that no CSRF token is needed.

    The view raises `vo.errors.NotAllowedError` for other methods.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **arguments: str) -> HttpResponseBase:
            if request.method not in methods:
                raise NotAllowedError(f"This resource knows {' and '.join(methods)} only.", allow=methods)
            response = view(request, **arguments)
            response["Server"] = software()
            return response

        return csrf_exempt(guarded)

    return decorate
