"""A table as a web page of its own: well-formed HTML, no script, nothing loaded from elsewhere.

The policy under which answers are sent (`web.security`) allows styles of the page itself and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column
from obstap.writers.base import Info, Rows, Writer
from obstap.writers.cells import cell_text, join_rows
from obstap.writers.tabledata import escape
from vo.xmltext import attribute, content

__all__ = ["WebPage"]

BETWEEN_CELLS, BETWEEN_ROWS = pa.scalar("</td><td>"), pa.scalar("</td></tr>\n<tr><td>")

LINK, LINKED = r'^(https?://[^\s"\']+)$', r'<a href="\1" rel="nofollow noreferrer">\1</a>'
"""A text that leads somewhere, after its ``&``, ``<`` and ``>`` are escaped, and what becomes of it."""

OPENING = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Result</title>
<style>
body {{ font-family: sans-serif; margin: 1rem; }}
pre {{ white-space: pre-wrap; }}
table {{ border-collapse: collapse; }}
caption {{ text-align: left; }}
th, td {{ border: 1px solid #767676; padding: .2rem .5rem; text-align: left; vertical-align: top; }}
th small {{ display: block; font-weight: normal; }}
{flush_right}</style>
</head>
<body>
<h1>Result</h1>
"""

STATUS = {
    "OK": "<p>{rows}.</p>\n",
    "OVERFLOW": '<p role="status">OVERFLOW: {rows}; there are more than are shown.</p>\n',
    "ERROR": '<p role="alert">ERROR: {message} The rows above are not all.</p>\n',
}
"""What stands below the table."""


class WebPage(Writer):
    """HTML."""

    media_types = ("text/html",)
    usual_type = "text/html;charset=utf-8"
    aliases = ("html",)
    extension = "html"

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write the page; the number of rows, a cut or a late error is told below the table."""
        yield _head(columns, infos).encode()
        rows = Rows(batches, maxrec)
        number = 0
        pieces = rows.written(lambda batch: (batch.num_rows, _rows(batch, columns)), tell_errors=tell_errors)
        for count, lines in pieces:
            number += count
            yield lines
        status, message = rows.status
        told = STATUS[status].format(rows="1 row" if number == 1 else f"{number} rows", message=content(message))
        yield f"</tbody>\n</table>\n{told}</body>\n</html>\n".encode()


def _head(columns: Sequence[Column], infos: Sequence[Info]) -> str:
    numbers = [n for n, column in enumerate(columns, 1) if not column.is_text and not column.arraysize]
    cells = ", ".join(f"td:nth-child({n})" for n in numbers)
    flush_right = f"{cells} {{ text-align: right; }}\n" if cells else ""
    facts = "".join(f"<dt>{content(i.name)}</dt><dd><pre>{content(i.value)}</pre></dd>\n" for i in infos)
    about = f"<details><summary>About this answer</summary>\n<dl>\n{facts}</dl>\n</details>\n" if facts else ""
    heads = "".join(map(_column_head, columns))
    return (
        f"{OPENING.format(flush_right=flush_right)}{about}<table>\n<caption>Rows of the answer</caption>\n"
        f"<thead>\n<tr>{heads}</tr>\n</thead>\n<tbody>\n"
    )


def _column_head(column: Column) -> str:
    title = f' title="{attribute(column.description)}"' if column.description else ""
    unit = f"<small>{content(column.unit)}</small>" if column.unit else ""
    return f'<th scope="col"{title}>{content(column.name)}{unit}</th>'


def _rows(batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
    cells = [_cell(array, column) for column, array in zip(columns, batch, strict=True)]
    return join_rows(
        cells, start=b"<tr><td>", between_cells=BETWEEN_CELLS, between_rows=BETWEEN_ROWS, end=b"</td></tr>\n"
    )


def _cell(array: pa.Array, column: Column) -> pa.Array:
    text = cell_text(array, column)
    if not column.is_text:
        return text
    text = escape(text)
    return pc.replace_substring_regex(text, LINK, LINKED) if _leads_somewhere(column) else text


def _leads_somewhere(column: Column) -> bool:
    return column.ucd.startswith("meta.ref.url") or column.name.lower() == "access_url"
