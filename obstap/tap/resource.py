"""What the resources of the VO protocols have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from obstap.metadata import Table
from obstap.names import qualified
from uws.http.forms import read_form
from vo.dali import Parameters
from vo.errors import NotAllowedError

__all__ = ["find_table", "parameters", "resource"]

View = Callable[..., HttpResponseBase]


def resource(*methods: str) -> Callable[[View], View]:
    """Decorate a view that knows these HTTP methods and changes nothing, so that no CSRF token is needed.

    The view raises `vo.errors.NotAllowedError` for other methods.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **arguments: str) -> HttpResponseBase:
            if request.method not in methods:
                raise NotAllowedError(f"This resource knows {', '.join(methods)} only.", allow=methods)
            return view(request, **arguments)

        return csrf_exempt(guarded)

    return decorate


def parameters(request: HttpRequest) -> Parameters:
    """What a request asks for, in its query and its body together (DALI 1.1 §2.2).

    Raises
    ------
    vo.errors.MediaTypeError
        When the body is no form.
    """
    return Parameters.from_lists(read_form(request).parameters)


def find_table(tables: Mapping[str, Table], name: str) -> Table | None:
    """The table that a URL names, in any case and with or without the quotes that a query needs, or None.

    Parameters
    ----------
    tables
        By their lower-case names.
    """
    name = name.lower()
    return tables.get(name) or next((table for table in tables.values() if name == qualified(table.name).lower()), None)
