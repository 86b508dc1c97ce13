"""Lines handed from the thread that writes them to the one that reads them, as fast as the slower of the two."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from obstap.textform import CHUNK_BYTES, Chunk

__all__ = ["Lines"]

_FIRST = 16 * 1024
"""Bytes of the first chunk, which is not to keep anybody waiting."""

_AHEAD = 4
"""Chunks that wait to be read while the writer goes on."""

_PATIENCE = 0.1
"""Seconds between looks whether the writer has ended."""


class Lines:
    """Lines that come from a thread of its own.

    Parameters
    ----------
    write
        Calls what it is given with one line after the other, or fails; its error is raised by `read`.
    """

    def __init__(self, write: Callable[[Lines], None]) -> None:
        self._source = write
        self._chunks: queue.Queue[Chunk | None] = queue.Queue(_AHEAD)
        self._lines: list[bytes] = []
        self._size = 0
        self._enough = _FIRST
        self._error: BaseException | None = None
        self._unwanted = False
        self._thread = threading.Thread(target=self._run, name="query-lines", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Take a line; waits while there is too much to be read."""
        self._lines.append(line)
        self._size += len(line)
        if self._size >= self._enough:
            self._enough = CHUNK_BYTES
            self._hand_over()

    def read(self) -> Chunk | None:
        """Wait for a chunk; None at the end.

        Raises
        ------
        BaseException
            What made the writer fail.
        """
        chunk = self._chunks.get()
        if chunk is None:
            self._thread.join()
            self._chunks.put(None)
            if self._error is not None:
                raise self._error
        return chunk

    def close(self, interrupt: Callable[[], None]) -> None:
        """Read no more, and wait until the writer has noticed.

        Parameters
        ----------
        interrupt
            Makes the writer fail soon; called again where it was too early.
        """
        self._unwanted = True
        while self._thread.is_alive():
            try:
                self._chunks.get(timeout=_PATIENCE)
            except queue.Empty:
                if self._thread.is_alive():
                    interrupt()
        self._thread.join()

    def _hand_over(self) -> None:
        if self._unwanted:
            raise BrokenPipeError
        self._chunks.put(Chunk(b"".join(self._lines), len(self._lines)))
        self._lines.clear()
        self._size = 0

    def _run(self) -> None:
        try:
            self._source(self)
            if self._lines:
                self._hand_over()
        except BaseException as error:  # noqa: BLE001 - raised where the lines are read
            self._error = error
        self._chunks.put(None)
