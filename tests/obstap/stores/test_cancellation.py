"""Queries that nobody wants any more end at once, as every store promises (`obstap.stores.TableStore.snapshot`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from obstap.metadata import Column
from obstap.stores import Snapshot, TableStore
from obstap.stores.postgres import PostgreSQLStore
from obstap.textform import TextForm
from tests.obstap.stores.engines import computes, holders, rests, wait_until
from tests.obstap.stores.samples import PLAIN, plain, query, read
from tests.obstap.stores.test_contract import ENDLESS, ENDLESS_ROWS
from vo.cancellation import Cancellation
from vo.errors import AthanorError, CancellationError, UsageError

LONG = 3600
"""Seconds that a query may take: no test waits for them."""


@pytest.fixture
def archive(store: TableStore) -> TableStore:
    store.replace([plain(20_000)])
    return store


class Asking:
    """A thread that asks something until it is cancelled."""

    def __init__(self, store: TableStore, ask: Callable[[Snapshot], object]) -> None:
        self.cancellation = Cancellation()
        self.error: AthanorError | None = None
        self._store, self._ask = store, ask
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            with self._store.snapshot(cancellation=self.cancellation) as snapshot:
                self._ask(snapshot)
        except AthanorError as error:
            self.error = error

    def cancel(self) -> None:
        self.cancellation.cancel()
        self.thread.join(90)
        assert not self.thread.is_alive()
        assert isinstance(self.error, CancellationError), self.error


@pytest.fixture
def asking() -> Iterator[Callable[..., Asking]]:
    """Begins to ask; what a failing test leaves is cancelled."""
    made: list[Asking] = []

    def make(store: TableStore, ask: Callable[[Snapshot], object]) -> Asking:
        made.append(Asking(store, ask))
        return made[-1]

    yield make
    for one in made:
        one.cancellation.cancel()
        one.thread.join()


def endless(snapshot: Snapshot) -> None:
    query(snapshot, ENDLESS, time_limit=LONG)


def endless_rows(snapshot: Snapshot) -> None:
    for _ in snapshot.execute(ENDLESS_ROWS.format(test_plain=snapshot.physical("test.plain")), time_limit=LONG):
        pass


def endless_lines(snapshot: Snapshot) -> None:
    """The first line does not come where the engine writes text; elsewhere the query is run in the usual way."""
    sql = ENDLESS.format(test_plain=snapshot.physical("test.plain"))
    if snapshot.copy_text(sql, [Column("count", "long")], TextForm(b"\t"), time_limit=LONG) is None:
        endless(snapshot)


def with_uploads(snapshot: Snapshot) -> None:
    with snapshot.with_uploads([plain(300_000, table=replace(PLAIN, name="TAP_UPLOAD.mine"))]) as more:
        query(more, ENDLESS + " AND a.n < (SELECT count(*) FROM {tap_upload_mine})", time_limit=LONG)


@pytest.mark.parametrize("ask", [endless, endless_rows, endless_lines, with_uploads])
def test_a_query_is_cancelled(archive: TableStore, asking, ask: Callable[[Snapshot], object]):
    one = asking(archive, ask)
    wait_until(lambda: computes(archive))
    one.cancel()
    assert str(one.error) == "The work was cancelled."
    wait_until(lambda: rests(archive))
    assert one.cancellation._callbacks == []
    assert read(archive, "SELECT count(*) FROM {test_plain}") == [(20_000,)]


@pytest.mark.parametrize("ask", [endless, endless_lines, with_uploads])
def test_whenever_it_is_cancelled(archive: TableStore, asking, ask: Callable[[Snapshot], object]):
    for delay in (0, 0.003, 0.01, 0.03, 0.1, 0.3):
        one = asking(archive, ask)
        time.sleep(delay)
        one.cancel()
    wait_until(lambda: rests(archive))
    assert read(archive, "SELECT count(*) FROM {test_plain}") == [(20_000,)]


def test_what_was_cancelled_before_it_began(archive: TableStore):
    cancellation = Cancellation()
    with archive.snapshot(cancellation=cancellation) as snapshot:
        assert query(snapshot, "SELECT count(*) FROM {test_plain}") == [(20_000,)]
        cancellation.cancel()
        for ask in (endless, endless_lines, with_uploads):
            with pytest.raises(CancellationError):
                ask(snapshot)
    wait_until(lambda: holders(archive) == 0)


def test_a_stream_is_cancelled_between_its_rows(archive: TableStore):
    cancellation = Cancellation()
    with archive.snapshot(cancellation=cancellation) as snapshot:
        batches = snapshot.execute(ENDLESS_ROWS.format(test_plain=snapshot.physical("test.plain")))
        next(batches)
        cancellation.cancel()
        with pytest.raises(CancellationError):
            for _ in batches:
                pass
        assert list(batches) == []
    wait_until(lambda: rests(archive))


def test_others_go_on(archive: TableStore, asking):
    one, other = asking(archive, endless), asking(archive, endless)
    wait_until(lambda: holders(archive) >= 4)
    one.cancel()
    assert read(archive, "SELECT count(*) FROM {test_plain}") == [(20_000,)]
    assert other.thread.is_alive()
    other.cancel()


def test_a_failure_is_told_as_such_while_nobody_cancels(archive: TableStore):
    with archive.snapshot(cancellation=Cancellation()) as snapshot:
        with pytest.raises(UsageError, match="divides by zero"):
            query(snapshot, "SELECT 1 % (n - n) FROM {test_plain}")
        assert query(snapshot, "SELECT count(*) FROM {test_plain}") == [(20_000,)]


def test_the_queue_for_sessions_can_be_left(postgresql_url: str, asking):
    store = PostgreSQLStore(postgresql_url, sessions=1, patience=LONG)
    store.replace([plain(20_000)])
    with store.snapshot() as snapshot:
        one, other = asking(store, endless), asking(store, endless)
        time.sleep(0.2)
        one.cancel()
        assert query(snapshot, "SELECT count(*) FROM {test_plain}") == [(20_000,)]
    wait_until(lambda: computes(store))
    other.cancel()
    assert read(store, "SELECT count(*) FROM {test_plain}") == [(20_000,)]
    store.close()
