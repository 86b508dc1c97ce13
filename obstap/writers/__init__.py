"""Formats of answers: record batches and column metadata in, a stream of bytes out.

Writers know nothing of SQL or HTTP.
"""

from __future__ import annotations

from obstap.writers.arrowstream import ArrowStream
from obstap.writers.base import Info, Rows, Writer
from obstap.writers.binary import Binary, Binary2
from obstap.writers.fits import Fits
from obstap.writers.jsontable import Json
from obstap.writers.parquet import Parquet
from obstap.writers.plaintext import PlainText
from obstap.writers.separated import Csv, Tsv
from obstap.writers.tabledata import TableData
from obstap.writers.webpage import WebPage
from vo.errors import ParameterError

__all__ = ["WRITERS", "Info", "Rows", "Writer", "get_writer"]

WRITERS: tuple[type[Writer], ...] = (
    TableData,
    Binary2,
    Binary,
    Csv,
    Tsv,
    Fits,
    Parquet,
    ArrowStream,
    Json,
    WebPage,
    PlainText,
)
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
    wanted, charset = _normal(responseformat)
    for writer in WRITERS:
        if wanted in writer.aliases:
            return writer()
        for media_type in writer.media_types:
            if wanted == _normal(media_type)[0]:
                return writer(media_type + charset)
    offered = ", ".join(name for writer in WRITERS for name in (*writer.aliases[:1], *writer.media_types))
    raise ParameterError("RESPONSEFORMAT", f"{responseformat[:80]!r} is not offered; use one of {offered}.")


def _normal(media_type: str) -> tuple[str, str]:
    """A media type in lower case, without blanks and its parameters in order; the character set apart.

    Only UTF-8 is taken for one, as all text is written in it.
    """
    kind, *given = (part.strip().lower().replace('"', "") for part in media_type.split(";"))
    parameters = {"=".join(word.strip() for word in part.split("=", 1)) for part in given if part}
    charset = "charset=utf-8"
    return ";".join([kind, *sorted(parameters - {charset})]), f";{charset}" if charset in parameters else ""
