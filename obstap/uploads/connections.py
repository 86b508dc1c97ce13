"""A session of requests that looks at the address to which it has connected before it says anything there.

The address of a name may be another one when the connection is made than it was when the name was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["checked_session"]

Check = Callable[[str, str], None]


def checked_session(check: Check) -> Session:
    """A session without proxies and stored credentials.

    Parameters
    ----------
    check
        Called with the address and the name of a host; what it raises ends the request before it is sent.
    """
    session = Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(check))
    return session


class _Adapter(HTTPAdapter):
    def __init__(self, check: Check) -> None:
        self._check = check
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self._check),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self._check),
        }


def _pool(pool: type, connection: type, check: Check) -> type:
    """A class of connection pools whose connections are checked."""

    class Checked(connection):
        def connect(self) -> None:
            super().connect()
            try:
                check(self.sock.getpeername()[0], self.host)
            except BaseException:
                self.close()
                raise

    return type("CheckedPool", (pool,), {"ConnectionCls": Checked})
