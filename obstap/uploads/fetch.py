"""Fetching an uploaded table from another host, where the operator allows it.

A service that fetches what it is told to can be made to reach into its own network. So nothing is fetched but from
hosts that the operator lists, and also there never from an address that is not public, unless that address is listed
itself.
"""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urljoin, urlsplit

from vo.errors import ParameterError
from vo.hosts import is_allowed_address, is_listed

if TYPE_CHECKING:
    from requests import Response

__all__ = ["fetch"]

_TIMEOUT = (10.0, 20.0)
"""Seconds to connect, and between two pieces."""

_WHOLE = 60.0
"""Seconds for the whole table."""

_REDIRECTS = 5
_PIECE = 2**16
_IN_MEMORY = 2**22


def fetch(url: str, *, hosts: Collection[str], limit: int) -> BinaryIO:
    """The content behind a URL, in a file that vanishes when it is closed.

    Parameters
    ----------
    hosts
        Names and addresses of hosts from which tables may come, each with its port where that is not the usual one.
    limit
        Bytes that are taken.

    Raises
    ------
    vo.errors.ParameterError
        When the host is not allowed, does not answer in time or with the table, or sends more than `limit`.
    """
    # Most uploads come with the request; requests loads with the first that does not.
    import requests  # noqa: PLC0415

    from obstap.uploads.connections import checked_session  # noqa: PLC0415

    until = time.monotonic() + _WHOLE
    with checked_session(lambda address, host: _check_address(address, host, hosts)) as session:
        try:
            for _ in range(_REDIRECTS + 1):
                _check(url, hosts)
                response = session.get(
                    url,
                    stream=True,
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    headers={"Accept-Encoding": "identity", "Accept": "application/x-votable+xml, */*;q=0.5"},
                )
                with response:
                    if response.is_redirect:
                        url = urljoin(url, response.headers["Location"])
                        continue
                    return _taken(response, url, limit, until)
        except requests.RequestException as error:
            raise ParameterError("UPLOAD", f"{url[:200]} cannot be fetched ({type(error).__name__}).") from error
    raise ParameterError("UPLOAD", f"{url[:200]} leads on and on; give the address of the table itself.")


def _taken(response: Response, url: str, limit: int, until: float) -> BinaryIO:
    if response.status_code != 200:
        raise ParameterError("UPLOAD", f"{url[:200]} answers {response.status_code} {response.reason}.")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ParameterError("UPLOAD", f"{url[:200]} sends a compressed table; only plain ones are read.")
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        for piece in response.iter_content(_PIECE):
            file.write(piece)
            if file.tell() > limit:
                raise ParameterError("UPLOAD", f"{url[:200]} has more than the {limit:,} bytes that are allowed.")
            if time.monotonic() > until:
                raise ParameterError("UPLOAD", f"{url[:200]} takes longer than {_WHOLE:g} s to fetch.")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _check(url: str, hosts: Collection[str]) -> None:
    """Refuse a URL whose host is not listed, or leads to an address that is not public."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ParameterError("UPLOAD", f"{url[:200]!r} is no URL.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise ParameterError("UPLOAD", f"{url[:200]!r} is no URL from which a table can be fetched.")
    if not is_listed(host, port, parts.scheme, hosts):
        raise ParameterError(
            "UPLOAD",
            f"tables are not fetched from {parts.netloc[:100]}.",
            hint=f"{_allowed(hosts)} Or send the table with the request, as param:<part>.",
        )
    try:
        found = socket.getaddrinfo(host, port or parts.scheme, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ParameterError("UPLOAD", f"there is no host {host}.") from error
    for address in {entry[4][0] for entry in found}:
        _check_address(address, host, hosts)


def _check_address(address: str, host: str, hosts: Collection[str]) -> None:
    if not is_allowed_address(address, hosts):
        raise ParameterError("UPLOAD", f"{host} has an address that is not public; tables are not fetched from there.")


def _allowed(hosts: Collection[str]) -> str:
    if not hosts:
        return "Of tables behind URLs, this service takes its own results and files alone."
    return f"They may come from {', '.join(sorted(hosts))}, and from this service itself."
