"""Lines of text that an engine has written (`obstap.textform`), on their way into a format.

What has to be done to all lines is done to whole chunks at once; single values are looked at only in chunks in which
something rare occurs: an escape, an infinity, a control character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from obstap.metadata import Column
from obstap.textform import Chunk, TextForm
from obstap.writers.base import Rows

__all__ = ["LineRows", "with_infinities", "without_escapes"]

_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"r\\n": b"\r\n", b"t": b"\t", b"v": b"\v"}
_ESCAPE = re.compile(rb"\\(r\\n|.)", re.DOTALL)
_INFINITIES = {b"Infinity": b"+Inf", b"-Infinity": b"-Inf"}


class LineRows(Rows):
    """Chunks of whole lines, cut after `maxrec` rows.

    Parameters
    ----------
    chunks
        Lines in `form`.
    maxrec
        Largest number of rows, or None for all.
    """

    def __init__(self, chunks: Iterable[Chunk], form: TextForm, maxrec: int | None = None) -> None:
        super().__init__((), maxrec)
        self._chunks = chunks
        self._form = form

    def __iter__(self) -> Iterator[Chunk]:
        left = self._maxrec
        for chunk in self._chunks:
            if left is not None:
                if chunk.rows > left:
                    self.overflow = True
                    if left:
                        yield Chunk(_first(chunk.data, left, quoted=self._form.quoted), left)
                    return
                left -= chunk.rows
            yield chunk


def without_escapes(chunk: bytes, special: Callable[[bytes], bytes | None]) -> bytes:
    r"""A chunk in which what was escaped stands as itself, or as `special` has it, given what follows a backslash.

    The end of a line as two escapes, ``\r\n``, is one of them.
    """

    def meant(found: re.Match[bytes]) -> bytes:
        character = found[1]
        replacement = special(character)
        return _ESCAPES.get(character, character) if replacement is None else replacement

    return _ESCAPE.sub(meant, chunk)


def with_infinities(chunk: bytes, form: TextForm, columns: Sequence[Column]) -> bytes:
    """A chunk with the infinities in its columns of floating-point numbers spelled as VOTable 1.4 §5 has them."""
    if b"Infinity" not in chunk:
        return chunk
    floating = [column.datatype in ("float", "double") for column in columns]
    if not any(floating):
        return chunk
    delimiter = re.escape(form.delimiter)
    quoted = rb'"(?:[^"]|"")*"|' if form.quoted else b""
    value = re.compile(rb"(" + quoted + rb"[^" + delimiter + rb"\n]*)([" + delimiter + rb"\n])")
    number = 0

    def spelled(found: re.Match[bytes]) -> bytes:
        nonlocal number
        text, end = found.groups()
        if floating[number] and b"Infinity" in text:
            text = b" ".join(_INFINITIES.get(element, element) for element in text.split(b" "))
        number = 0 if end == b"\n" else number + 1
        return text + end

    return value.sub(spelled, chunk)


def _first(chunk: bytes, rows: int, *, quoted: bool) -> bytes:
    """The first rows of a chunk that has more."""
    end = 0
    while rows:
        end = chunk.index(b"\n", end) + 1
        if not (quoted and chunk.count(b'"', 0, end) % 2):
            rows -= 1
    return chunk[:end]
