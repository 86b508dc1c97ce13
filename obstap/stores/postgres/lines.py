"""A pipe through which one thread writes lines and another reads them in chunks, as fast as the slower of the two."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from obstap.textform import CHUNK_BYTES

__all__ = ["Pipe"]

_WRITTEN = 64 * 1024
"""Bytes that the writer gathers before it writes them."""

_PIPE = 1024 * 1024
"""What the pipe may hold: all that unprivileged programs get."""


class Pipe:
    """Lines that come from a thread of its own.

    Parameters
    ----------
    write
        Writes lines into a file until there are no more, or fails; its error is raised by `read`. An error of the file
        means that nobody reads any more.
    quoted
        Whether line feeds in double quotes do not end lines.
    """

    def __init__(self, write: Callable[[BinaryIO], None], *, quoted: bool) -> None:
        self._write = write
        self._quoted = quoted
        self._reading, writing = os.pipe2(os.O_CLOEXEC)
        with suppress(OSError):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
        self._rest = b""
        self._begun = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(writing,), name="query-lines", daemon=True)
        self._thread.start()

    def read(self) -> bytes | None:
        """Wait for whole lines: the first as soon as they come, others when they fill a chunk; None at the end.

        Raises
        ------
        BaseException
            What made the writer fail; the lines before it may not have been read.
        """
        pieces, size = [self._rest], len(self._rest)
        self._rest = b""
        while True:
            piece = os.read(self._reading, CHUNK_BYTES)
            if not piece:
                return self._end(b"".join(pieces))
            pieces.append(piece)
            size += len(piece)
            if size >= CHUNK_BYTES or not self._begun:
                data = b"".join(pieces)
                end = self._whole(data)
                if end:
                    self._begun = True
                    self._rest = data[end:]
                    return data[:end]
                pieces = [data]

    def close(self) -> None:
        """Read no more, and wait until the writer has noticed."""
        if self._reading >= 0:
            os.close(self._reading)
            self._reading = -1
            self._thread.join()

    def _end(self, data: bytes) -> bytes | None:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return data or None

    def _whole(self, data: bytes) -> int:
        """How much of the data are whole lines; the data begin with a line."""
        end = data.rfind(b"\n") + 1
        if self._quoted:
            while end and data.count(b'"', 0, end) % 2:
                end = data.rfind(b"\n", 0, end - 1) + 1
        return end

    def _run(self, writing: int) -> None:
        try:
            with open(writing, "wb", buffering=_WRITTEN) as file:
                self._write(file)
        except BaseException as error:  # noqa: BLE001 - raised where the lines are read
            self._error = error
