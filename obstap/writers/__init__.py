"""Formats of answers: record batches and column metadata in, a stream of bytes out.

Writers know nothing of SQL or HTTP.
"""

from __future__ import annotations

from obstap.writers.base import Info, Rows, Writer
from obstap.writers.binary2 import Binary2
from obstap.writers.separated import Csv, Tsv
from obstap.writers.tabledata import TableData
from vo.errors import ParameterError

__all__ = ["WRITERS", "Info", "Rows", "Writer", "get_writer"]

WRITERS: tuple[type[Writer], ...] = (TableData, Binary2, Csv, Tsv)
"""Every format, the usual one first."""


def get_writer(responseformat: str) -> Writer:
    """The writer for a RESPONSEFORMAT (DALI 1.1 §3.4.3): a media type, which the answer echoes, or a short name.

    An empty value asks for the usual format.

    Raises
    ------
    vo.errors.ParameterError
        When the format is not offered; the message lists those that are.
    """
    if not responseformat:
        return WRITERS[0]()
    wanted = _normal(responseformat)
    for writer in WRITERS:
        if wanted in writer.aliases:
            return writer()
        for media_type in writer.media_types:
            if wanted == _normal(media_type):
                return writer(media_type)
    offered = ", ".join(name for writer in WRITERS for name in (*writer.aliases[:1], *writer.media_types))
    raise ParameterError("RESPONSEFORMAT", f"{responseformat[:80]!r} is not offered; use one of {offered}.")


def _normal(media_type: str) -> str:
    """A media type without blanks, case and the character set, which is always UTF-8."""
    parts = [part.strip().lower().replace('"', "") for part in media_type.split(";")]
    return ";".join(part for part in parts if part and part != "charset=utf-8")
