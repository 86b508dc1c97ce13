"""Waking by datagrams: engines that there is something to do, web servers that a phase has changed.

Who listens has a socket below ``ATHANOR_HOME/run``. A lost datagram costs a second at most, for all also look by
themselves. Standard library only: the runner uses it too.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from pathlib import Path

__all__ = ["ENGINE", "WATCHER", "Ear", "wake", "wake_watchers", "watcher_address"]

ENGINE = ".engine.sock"
"""Ending of the names of sockets at which engines listen."""

WATCHER = ".watcher.sock"
"""Ending of the names of sockets at which web servers listen for changes of phase."""


def wake(folder: Path, message: bytes = b"") -> None:
    """Tell every engine that listens in `folder` that there is something to do; never waits and never fails."""
    for address in folder.glob(f"*{ENGINE}"):
        with contextlib.suppress(OSError):
            _send(address, message)


def wake_watchers(folder: Path) -> None:
    """Tell the web servers of this machine that a phase has changed; sockets that nobody reads are removed."""
    for address in folder.glob(f"{socket.gethostname()}-*{WATCHER}"):
        try:
            _send(address)
        except ConnectionRefusedError:
            address.unlink(missing_ok=True)
        except OSError:
            continue


def watcher_address(folder: Path) -> Path:
    """A new address for a web server's socket."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{socket.gethostname()}-{secrets.token_hex(4)}{WATCHER}"


def _send(address: Path, message: bytes = b"") -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(message, str(address))


class Ear:
    """An engine's end: a socket that can be waited for.

    Parameters
    ----------
    path
        Where the socket is made, its name ending in `ENGINE` or `WATCHER`; it is removed by `close`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.bind(str(path))
            self.hears = True
        except OSError:
            # The path is longer than an address may be, or the file system knows no sockets: looking must do.
            self.hears = False

    def wait(self, seconds: float) -> list[bytes]:
        """Wait for messages, at most so long, and give all that have come."""
        if not self.hears:
            time.sleep(min(seconds, 1.0))
            return []
        self._socket.settimeout(max(seconds, 0.0))
        try:
            message = self._socket.recv(4096)
        except (TimeoutError, BlockingIOError):
            return []
        return [message, *self.drain()]

    def poke(self) -> None:
        """Make a `wait` in another thread return."""
        with contextlib.suppress(OSError):
            _send(self.path)

    def fileno(self) -> int:
        """Descriptor that becomes readable when a message has come."""
        return self._socket.fileno()

    def drain(self) -> list[bytes]:
        """All messages that have come."""
        messages = []
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self._socket.recv(4096))
        return messages

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self.path.unlink(missing_ok=True)
