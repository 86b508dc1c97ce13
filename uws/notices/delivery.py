"""One attempt to deliver a notice: a POST to a listed host, or a mail."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult

from django.conf import settings

from uws.models import Notice
from uws.notices.addresses import MAIL, WITHOUT_TLS, check_target
from uws.notices.message import body, delivery_id, mail, signature
from vo.errors import ParameterError
from vo.hosts import USUAL_PORTS, is_allowed_address

__all__ = ["DeliveryError", "deliver"]

SECONDS = 10.0
"""For a whole POST, from the look at the host's name to the status of the answer."""


class DeliveryError(Exception):
    """A notice was not delivered; the text says why."""


def deliver(notice: Notice) -> None:
    """Deliver a notice; the receiver may get it again when what follows is cut short, with the same identifier.

    Raises
    ------
    DeliveryError
        When it was not taken.
    """
    if notice.address.startswith(MAIL):
        _mail(notice)
    else:
        _post(notice)


def _mail(notice: Notice) -> None:
    if not settings.ATHANOR_MAIL:
        raise DeliveryError("This service sends no mail any more.")
    try:
        mail(notice).send()
    except (OSError, ValueError) as error:  # what smtplib raises is an OSError, what it is given wrong a ValueError
        raise DeliveryError(f"The mail server did not take it: {_told(error)}") from error


def _post(notice: Notice) -> None:
    try:
        target = check_target(notice.address)
    except ParameterError as error:
        raise DeliveryError(f"Not told any more: {error.message}") from error
    content = body(notice)
    headers = {
        "Host": target.netloc,
        "Content-Type": "application/json",
        "User-Agent": f"Athanor/{settings.ATHANOR_VERSION}",
        "X-Athanor-Delivery": delivery_id(notice),
        "X-Athanor-Signature": signature(content),
    }
    path = f"{target.path or '/'}?{target.query}" if target.query else target.path or "/"
    try:
        with _connection(target) as connection:
            connection.request("POST", path, content, headers)
            status, reason = (response := connection.getresponse()).status, response.reason
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError(f"{target.netloc} did not answer: {_told(error)}") from error
    if 300 <= status < 400:
        raise DeliveryError(f"{target.netloc} answered {status} {reason}; redirects are not followed.")
    if not 200 <= status < 300:
        raise DeliveryError(f"{target.netloc} answered {status} {reason}.")


@contextmanager
def _connection(target: SplitResult) -> Iterator[http.client.HTTPConnection]:
    """A connection to a checked address, broken off when the time is over."""
    until = time.monotonic() + SECONDS
    sock = _connect(target, until)
    with contextlib.ExitStack() as opened:
        opened.callback(sock.close)
        # Also a host that sends a byte now and then must not hold us: the connection ends under whoever waits for it.
        twin, over = opened.enter_context(sock.dup()), threading.Event()
        timer = threading.Timer(max(until - time.monotonic(), 0.0), _break_off, [twin, over])
        opened.callback(timer.join)
        opened.callback(timer.cancel)
        timer.start()
        try:
            if target.scheme == "https":
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=target.hostname)
                opened.callback(sock.close)
            connection = http.client.HTTPConnection(target.hostname or "", target.port)
            connection.sock = sock
            yield connection
        finally:
            if over.is_set():
                raise TimeoutError


def _connect(target: SplitResult, until: float) -> socket.socket:
    """A connection to the first address of the host that answers; all must be public or listed themselves."""
    host, port = target.hostname or "", target.port or USUAL_PORTS[target.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    listed = [entry.removeprefix(WITHOUT_TLS) for entry in settings.ATHANOR_NOTICE_HOSTS]
    if not all(is_allowed_address(str(entry[4][0]), listed) for entry in found):
        raise DeliveryError(f"Not told: {host} has an address that is not public.")
    failure: OSError = OSError("it has no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(max(until - time.monotonic(), 0.1))
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _break_off(sock: socket.socket, over: threading.Event) -> None:
    over.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long."
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{text[:300].rstrip('.')}."
