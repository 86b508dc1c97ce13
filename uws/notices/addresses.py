"""Who may be told of the end of a job: its owner by mail, and hosts that the operator lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from vo.errors import ParameterError
from vo.hosts import is_listed

__all__ = ["MAIL", "can_mail", "check_address", "check_target", "plain_hosts", "shown"]

NOTIFY = "NOTIFY"
"""The control word that asks for a notice."""

EMAIL = "email"
"""Value of NOTIFY that asks for mail."""

MAIL = "mailto:"
"""Begins the address of a notice that goes by mail."""

WITHOUT_TLS = "http://"
"""Begins an entry of ``ATHANOR_NOTICE_HOSTS`` for a host that may be told without TLS."""

LONGEST = 1000


def can_mail(user: Any) -> bool:
    """Whether the service sends mail, and the user has an address of their own."""
    return bool(settings.ATHANOR_MAIL and user is not None and user.is_authenticated and user.email)


def check_address(text: str, *, user: Any) -> str:
    """The address of a notice that a user asks for.

    Parameters
    ----------
    text
        ``email``, or a URL.
    user
        Whose job it is: a Django user, anonymous or not, or None.

    Raises
    ------
    vo.errors.ParameterError
        When the service, or this user, cannot have it.
    """
    text = text.strip()
    if text.lower() != EMAIL:
        check_target(text)
        return text
    if not settings.ATHANOR_MAIL:
        raise ParameterError(NOTIFY, "this service sends no mail.", hint=_alternatives())
    if user is None or not user.is_authenticated:
        raise ParameterError(NOTIFY, "mail goes to the owner of a job alone; sign in to have one.")
    if not user.email:
        raise ParameterError(NOTIFY, f"the account {user.get_username()} has no mail address.")
    return f"{MAIL}{user.email}"


def check_target(url: str) -> SplitResult:
    """The parts of a URL to which notices may go.

    Raises
    ------
    vo.errors.ParameterError
        When it is no such URL, or its host is not listed.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _no_target(url) from error
    printable = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
    if parts.scheme not in ("http", "https") or not host or not printable:
        raise _no_target(url)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ParameterError(NOTIFY, "a URL with a user, a password or a fragment is not taken.")
    listed = settings.ATHANOR_NOTICE_HOSTS
    secure = [entry for entry in listed if not entry.startswith(WITHOUT_TLS)]
    if not is_listed(host, port, parts.scheme, secure if parts.scheme == "https" else plain_hosts(listed)):
        raise ParameterError(NOTIFY, f"{parts.scheme}://{parts.netloc[:100]} is not told.", hint=_alternatives())
    return parts


def plain_hosts(listed: Collection[str]) -> list[str]:
    """The entries of hosts that may be told without TLS, as host and port."""
    return [entry.removeprefix(WITHOUT_TLS) for entry in listed if entry.startswith(WITHOUT_TLS)]


def shown(address: str) -> str:
    """An address without what may be secret in it: the path of a URL often is."""
    if address.startswith(MAIL):
        return address.removeprefix(MAIL)
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/…"


def _no_target(url: str) -> ParameterError:
    return ParameterError(NOTIFY, f"{url[:100]!r} is neither 'email' nor an https URL.", hint=_alternatives())


def _alternatives() -> str:
    hosts = [entry if entry.startswith(WITHOUT_TLS) else f"https://{entry}" for entry in settings.ATHANOR_NOTICE_HOSTS]
    if hosts:
        return f"URLs may be of {', '.join(sorted(hosts))}."
    return "No host is told by this service." if settings.ATHANOR_MAIL else "It tells nobody."
