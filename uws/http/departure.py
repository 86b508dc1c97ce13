"""What a view that takes long knows of its client: whether it has gone away."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from django.http import HttpRequest

from vo.cancellation import Cancellation

__all__ = ["departure", "expect_departure"]

_KEY = "athanor.departure"


def expect_departure(scope: MutableMapping[str, Any]) -> Cancellation:
    """For the server's side: what is to be cancelled when the client of an ASGI request goes away."""
    return scope.setdefault(_KEY, Cancellation())


def departure(request: HttpRequest) -> Cancellation:
    """What is cancelled when the client of a request goes away; never where the server does not tell (WSGI)."""
    return expect_departure(getattr(request, "scope", {}))
