"""HTTP Basic for programs (RFC 7617); people have sessions.

Verified credentials are remembered for a minute, keyed by a keyed hash, so that a program that asks often does not
pay the password hash each time; a changed password or a disabled account counts at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_resolver

from uws.http.middleware import Middleware
from vo.errors import AuthenticationError

__all__ = ["BasicAuthentication", "is_basic"]

REMEMBER_SECONDS = 60.0
REMEMBER_AT_MOST = 1000

_MARK = "athanor_basic"


def is_basic(request: HttpRequest) -> bool:
    """Whether the request's user came by HTTP Basic."""
    return getattr(request, _MARK, False)


class BasicAuthentication(Middleware):
    """Middleware: ``Authorization: Basic`` makes the user, empty credentials mean nobody, wrong ones are refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.memory = _Memory()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Sign the user in, then pass the request on."""
        refusal = self._sign_in(request) if _is_offered(request) else None
        return refusal or self.get_response(request)

    def _sign_in(self, request: HttpRequest) -> HttpResponseBase | None:
        """Set the request's user; give the refusal where there is one, in the form that the service's URLs have."""
        try:
            _set_user(request, self.identify(request))
        except AuthenticationError as error:
            return get_resolver().resolve_error_handler(403)(request, exception=error)
        return None

    def identify(self, request: HttpRequest) -> Any:
        """The user whose credentials the request carries.

        Raises
        ------
        vo.errors.AuthenticationError
            When they are wrong or the account is disabled.
        """
        name, password = _credentials(request)
        if not name and not password:
            return AnonymousUser()
        user = self.memory.recall(name, password)
        if user is None:
            user = authenticate(request, username=name, password=password)
            if user is None:
                raise AuthenticationError("The user name or the password is wrong.")
            self.memory.keep(name, password, user)
        return user


class _Memory:
    """Verified credentials: a keyed hash of them → who it was, with which stored password, and until when."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[Any, str, float]] = OrderedDict()

    def recall(self, name: str, password: str) -> Any | None:
        known = self._known.get(self._digest(name, password))
        if known is None or known[2] < time.monotonic():
            return None
        user = get_user_model().objects.filter(pk=known[0]).first()
        return user if user is not None and user.is_active and user.password == known[1] else None

    def keep(self, name: str, password: str, user: Any) -> None:
        self._known[self._digest(name, password)] = (user.pk, user.password, time.monotonic() + REMEMBER_SECONDS)
        while len(self._known) > REMEMBER_AT_MOST:
            self._known.popitem(last=False)

    def _digest(self, name: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{len(name)}:{name}{password}".encode(), hashlib.sha256)


def _is_offered(request: HttpRequest) -> bool:
    return request.headers.get("Authorization", "")[:6].lower() == "basic "


def _credentials(request: HttpRequest) -> tuple[str, str]:
    try:
        text = base64.b64decode(request.headers["Authorization"][6:].strip(), validate=True).decode("utf-8")
    except ValueError as error:
        raise AuthenticationError("The Authorization header holds no Basic credentials.") from error
    if "\0" in text:
        raise AuthenticationError("The user name or the password is wrong.")
    name, _, password = text.partition(":")
    return name, password


def _set_user(request: HttpRequest, user: Any) -> None:
    request.user = user
    setattr(request, _MARK, user.is_authenticated)
