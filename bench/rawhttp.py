"""HTTP by bare sockets: the client shares the machine with the server and must cost next to nothing."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Mapping

__all__ = ["Connection", "Waiters"]

PIECE = 2**18


class Connection:
    """A client of the service.

    Parameters
    ----------
    port
        Of the service on this machine.
    keeps
        Whether it keeps its connection; else each request makes its own.
    """

    def __init__(self, port: int, *, keeps: bool = True) -> None:
        self._address = ("127.0.0.1", port)
        self._host = f"127.0.0.1:{port}"
        self._keeps = keeps
        self._socket: socket.socket | None = None

    def get(self, target: str, *, json: bool = False) -> bytes:
        """The body of the answer to a GET, which must be 200."""
        accept = "Accept: application/json\r\n" if json else ""
        head, body = self._ask("GET", target, accept)
        if b" 200 " not in head[:16]:
            raise SystemExit(f"{target}: {head.decode()}\n{body[:1000].decode()}")
        return body

    def post(self, target: str, body: str) -> str:
        """The place to which the answer to a POST leads, which must be 303."""
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        head, answer = self._ask("POST", target, form, body)
        if b" 303 " not in head[:16]:
            raise SystemExit(f"{target}: {head.decode()}\n{answer[:1000].decode()}")
        _, _, rest = head.lower().partition(b"location: ")
        return rest.split(b"\r\n")[0].decode()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, method: str, target: str, fields: str, body: str = "") -> tuple[bytes, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=120)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = target.removeprefix(f"http://{self._host}")
        end = "" if self._keeps else "Connection: close\r\n"
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{fields}{end}\r\n{body}".encode())
        received = self._receive()
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, rest = received.partition(b"\r\n\r\n")
        answer = self._rest_of_answer(head, rest)
        if not self._keeps:
            self.close()
        return head, answer

    def _rest_of_answer(self, head: bytes, begin: bytes) -> bytes:
        """The whole body, of which this is the beginning; chunks are left as they are."""
        _, told, length = head.lower().partition(b"content-length: ")
        pieces = [begin]
        if told:
            missing = int(length.split(b"\r\n")[0]) - len(begin)
            while missing > 0:
                pieces.append(self._receive())
                missing -= len(pieces[-1])
        else:
            while not b"".join(pieces[-2:]).endswith(b"0\r\n\r\n"):
                pieces.append(self._receive())
        return b"".join(pieces)

    def _receive(self) -> bytes:
        piece = self._socket.recv(PIECE)
        if not piece:
            raise SystemExit("The service closed the connection within an answer.")
        return piece


class Waiters:
    """Many requests at once, each on a connection of its own, and when the answer to each begins.

    Parameters
    ----------
    targets
        What is asked for, by the name under which the answer is noted.
    """

    def __init__(self, port: int, targets: Mapping[str, str]) -> None:
        self._selector = selectors.DefaultSelector()
        self._heard: dict[str, float] = {}
        for name, target in targets.items():
            waiter = socket.create_connection(("127.0.0.1", port), timeout=120)
            waiter.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            self._selector.register(waiter, selectors.EVENT_READ, name)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def join(self, seconds: float) -> dict[str, float]:
        """When each answer began, on the clock of `time.monotonic`; all must have come within so many seconds."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise SystemExit(f"{len(self._selector.get_map())} answers did not come.")
        return self._heard

    def _listen(self) -> None:
        while self._selector.get_map():
            for key, _ in self._selector.select(1.0):
                self._heard[key.data] = time.monotonic()
                self._selector.unregister(key.fileobj)
                key.fileobj.close()
