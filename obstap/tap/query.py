"""From the text of a query to a stream: the one path that TAP, its jobs and the pages take.

Errors before the first byte are raised, so that the answer can have its HTTP status; later ones are told in the
document (DALI 1.1 §4.4).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa
from django.conf import settings

from obstap.adql import Translation, reads_of, translate
from obstap.datalink.descriptor import links_descriptor
from obstap.live import Asker, Wanted, all_tables, live_tables, names_some, read_live
from obstap.metadata import Column, Table
from obstap.names import delimited
from obstap.origin import query_infos, table_infos
from obstap.stores import TableContent, get_store
from obstap.textform import Chunk, TextForm
from obstap.uploads.request import SCHEMA
from obstap.writers import Info, Rows, Writer, get_writer
from obstap.writers.votable import VOTableWriter
from vo.cancellation import Cancellation
from vo.errors import ParameterError

__all__ = ["TAP", "Answer", "Stream", "fetch", "row_limit", "run_query"]

TAP = "ivo://ivoa.net/std/TAP"
"""The protocol by which most queries come."""

LONGEST_QUERY = 2**20
"""Characters of a query: the engine parses in one go, and nothing else happens in the process meanwhile."""

_UPLOADED = f"{SCHEMA.lower()}."

PAGE_ROWS = 1000
"""Rows that `fetch` gives when it is not told how many."""

_LEAST = 0.01
"""Seconds that the engine has at least, also when reading live tables took all of the limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A small answer, held in memory."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    overflow: bool


class Stream(Iterator[bytes]):
    """An answer on its way, and what the query holds until it is closed.

    Any thread may call `close`, also while another waits for the next piece.

    Attributes
    ----------
    tables
        The published tables that the query reads, by their lower-case names.
    """

    def __init__(self, running: _Running, writer: Writer, chunks: Iterator[bytes]) -> None:
        self.content_type = writer.media_type
        self.filename = f"result.{writer.extension}"
        self.tables = running.tables
        self._running = running
        self._chunks = chunks
        self._step = threading.Lock()

    def __next__(self) -> bytes:
        with self._step:
            return next(self._chunks)

    def close(self) -> None:
        """Stop the query and release what it holds."""
        self._running.cancel()
        with self._step:
            self._chunks.close()
            self._running.close()


class _Running:
    """A query that has been started, with the snapshot that it reads."""

    def __init__(
        self,
        query: str,
        *,
        lang: str,
        base_url: str,
        time_limit: float | None,
        cancellation: Cancellation | None,
        execute: bool,
        uploads: Sequence[TableContent] = (),
        user: Any = None,
        form: TextForm | None = None,
        rows: int | None = None,
    ) -> None:
        if len(query) > LONGEST_QUERY:
            raise ParameterError("QUERY", f"it has {len(query):,} characters; {LONGEST_QUERY:,} are allowed.")
        with ExitStack() as stack:
            snapshot = stack.enter_context(get_store().snapshot(cancellation=cancellation))
            written = partial(translate, query, base_url=base_url, lang=lang, engine=snapshot.engine)
            if not names_some(query):
                if uploads:
                    snapshot = stack.enter_context(snapshot.with_uploads(uploads))
                translation = written(all_tables(snapshot), physical=snapshot.physical)
            else:
                # What is read of live tables is known only when the query is understood.
                began = time.monotonic()
                described = {**all_tables(snapshot), **{item.table.name.lower(): item.table for item in uploads}}
                translation = written(described, physical=delimited)
                if execute:
                    asker = Asker(user, base_url, cancellation or Cancellation(), time_limit)
                    added = [*uploads, *_live_contents(translation, asker)]
                    if added:
                        snapshot = stack.enter_context(snapshot.with_uploads(added))
                    translation = written(snapshot.tables, physical=snapshot.physical)
                if time_limit is not None:
                    time_limit = max(time_limit - (time.monotonic() - began), _LEAST)
            self.tables = frozenset(name for name in translation.tables if not name.startswith(_UPLOADED))
            self.origins = [snapshot.tables[name] for name in sorted(self.tables) if name in snapshot.tables]
            self.columns: Sequence[Column] = translation.columns
            self.batches: Iterable[pa.RecordBatch] = ()
            self.lines: Iterable[Chunk] | None = None
            self.cancel: Callable[[], None] = lambda: None
            if execute:
                limits = {"time_limit": time_limit, "count_waiting": False}
                if form is not None:
                    self.lines = snapshot.copy_text(translation.sql, self.columns, form, rows=rows, **limits)
                if self.lines is None:
                    self.batches = snapshot.execute(translation.sql, **limits)
                self.cancel = (self.batches if self.lines is None else self.lines).close
                stack.callback(self.cancel)
            self._held = stack.pop_all()

    def close(self) -> None:
        self._held.close()


def _live_contents(translation: Translation, asker: Asker) -> list[TableContent]:
    """The rows of the live tables that a query names, as far as it needs them."""
    live = live_tables()
    wanted = [
        Wanted(_pruned(live[name], needs.columns), needs.only, needs.joined)
        for name, needs in reads_of(translation.meaning, live.keys()).items()
    ]
    return read_live(wanted, asker)


def _pruned(table: Table, names: Container[str]) -> Table:
    """The table with these columns alone, or one where there are none: rows may count that have nothing to say."""
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns or table.columns[:1])


def run_query(
    *,
    query: str,
    lang: str = "ADQL",
    maxrec: int | None = None,
    responseformat: str = "",
    base_url: str,
    time_limit: float | None = None,
    cancellation: Cancellation | None = None,
    tell_errors: bool = True,
    run_id: str = "",
    protocol: str = TAP,
    request: str = "",
    ucds: Mapping[str, str] | None = None,
    uploads: Sequence[TableContent] = (),
    user: Any = None,
) -> Stream:
    """Start a query.

    Parameters
    ----------
    lang
        A query language that `obstap.adql` knows.
    maxrec
        The rows that the client asks for at most; see `row_limit`. With 0 the query is checked and not run.
    responseformat
        A media type or short name; see `obstap.writers.get_writer`.
    base_url
        URL of the service without a final slash, for links in the answer.
    time_limit
        Seconds that the engine may work on it.
    cancellation
        What ends it at any moment, also before its first rows.
    tell_errors
        Whether errors after the first byte are told in the document, where its format can, instead of raised.
    run_id
        What the client calls its request, to be echoed in the answer.
    protocol
        Identifier of the standard by which the query came.
    request
        The address by which the query came, where one can hold it.
    ucds
        UCDs that columns of the answer, by name, show in place of their own.
    uploads
        Tables that this query alone sees.
    user
        Who asks: of live tables, only rows that this user may see are there. None for nobody in particular.

    Raises
    ------
    vo.errors.QueryError
        When the query is not right.
    vo.errors.ParameterError
        When the format or the language is not offered, or the query has more than `LONGEST_QUERY` characters.
    vo.errors.TimeLimitError, vo.errors.UsageError
        When the query fails before its first rows.
    vo.errors.CancellationError
        When it is cancelled before its first rows; later the stream raises it, if errors are not told in the document.
    """
    writer = get_writer(responseformat)
    limit = row_limit(maxrec)
    running = _Running(
        query,
        lang=lang,
        base_url=base_url,
        time_limit=time_limit,
        cancellation=cancellation,
        execute=limit > 0,
        uploads=uploads,
        user=user,
        form=writer.text_form,
        rows=limit + 1,
    )
    columns = running.columns
    if ucds:
        columns = [replace(column, ucd=ucds.get(column.name, column.ucd)) for column in columns]
    if isinstance(writer, VOTableWriter):
        writer.appendix = links_descriptor(columns, base_url=base_url)
    about = query_infos(protocol=protocol, request=request) + table_infos(running.origins, base_url=base_url)
    told = {"infos": _facts(query, run_id, about), "maxrec": limit, "tell_errors": tell_errors}
    if running.lines is None:
        return Stream(running, writer, writer.stream(running.batches, columns, **told))
    return Stream(running, writer, writer.stream_text(running.lines, columns, **told))


def fetch(
    adql: str,
    *,
    base_url: str,
    maxrec: int = PAGE_ROWS,
    time_limit: float | None = None,
    cancellation: Cancellation | None = None,
    user: Any = None,
) -> Answer:
    """The answer to a query as Python values: times as `datetime` in UTC without a zone, arrays as lists.

    Parameters
    ----------
    maxrec
        Rows at most.
    time_limit
        Seconds that the engine may work on it; the limit of synchronous queries when None.
    cancellation
        What ends it at any moment.
    user
        Who asks, as in `run_query`.

    Raises
    ------
    vo.errors.QueryError
        When the query is not right.
    vo.errors.CancellationError, vo.errors.TimeLimitError, vo.errors.UsageError
        When it fails.
    """
    limit = row_limit(maxrec)
    running = _Running(
        adql,
        lang="ADQL",
        base_url=base_url,
        time_limit=time_limit or settings.ATHANOR_SYNC_TIME_LIMIT,
        cancellation=cancellation,
        execute=limit > 0,
        user=user,
    )
    with closing(running):
        cut = Rows(running.batches, limit)
        rows = [row for batch in cut for row in zip(*(column.to_pylist() for column in batch), strict=True)]
        return Answer(columns=tuple(running.columns), rows=rows, overflow=cut.overflow)


def row_limit(maxrec: int | None) -> int:
    """The number of rows after which an answer is cut off: what was asked for, or the service's own limits."""
    wanted = settings.ATHANOR_MAXREC if maxrec is None else maxrec
    return min(wanted, settings.ATHANOR_MAXREC_HARD)


def _facts(query: str, run_id: str, origin: Sequence[Info]) -> tuple[Info, ...]:
    """What every answer tells of itself (TAP 1.1 §2.7)."""
    return (Info("QUERY", query), *([Info("RUNID", run_id)] if run_id else []), *origin)
