"""Tables that one client brings, as every store promises them (`obstap.stores.Snapshot.with_uploads`)."""

from __future__ import annotations

import threading
from dataclasses import replace

import pyarrow as pa
import pytest

from obstap.arrow import arrow_schema
from obstap.metadata import Column, Position, Table
from obstap.stores import TableContent, TableStore
from tests.obstap.stores.samples import PLAIN, SAMPLE, content, plain, query
from tests.obstap.stores.test_contract import FULL
from vo.errors import AthanorError, UsageError

MINE = Table(name="TAP_UPLOAD.Mine", columns=(Column("n", "long"), Column('my "own" size', "double")))


def mine(*numbers: int) -> TableContent:
    return content(MINE, [{"n": number, 'my "own" size': number / 2} for number in numbers])


@pytest.fixture(autouse=True)
def _published(store: TableStore) -> None:
    store.replace([plain(10)])


def test_they_are_joined_with_published_tables(store: TableStore):
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(3, 5, 99)]) as more:
        assert set(more.tables) == {"test.plain", "tap_upload.mine"}
        assert more.tables["tap_upload.mine"] == MINE
        sql = 'SELECT p.n, m."my ""own"" size" FROM {test_plain} p JOIN {tap_upload_mine} m ON p.n = m.n ORDER BY 1'
        assert query(more, sql) == [(3, 1.5), (5, 2.5)]


def test_every_type_comes_back(store: TableStore):
    table = replace(SAMPLE, name="TAP_UPLOAD.t", key="")
    rows = [FULL, {"id": "b", "counts": [], "text": ""}, {}]
    with store.snapshot() as snapshot, snapshot.with_uploads([content(table, rows)]) as more:
        found = pa.Table.from_batches(list(more.execute(f"SELECT * FROM {more.physical('tap_upload.t')}")))
    assert found.schema == arrow_schema(SAMPLE)
    assert found.to_pylist() == [dict.fromkeys(found.schema.names) | row for row in rows]


def test_several_and_empty_ones(store: TableStore):
    empty = TableContent(replace(MINE, name="TAP_UPLOAD.empty"), ())
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(1), empty]) as more:
        sql = "SELECT (SELECT count(*) FROM {tap_upload_mine}) AS a, (SELECT count(*) FROM {tap_upload_empty}) AS b"
        assert query(more, sql) == [(1, 0)]


def test_rows_come_in_the_order_in_which_they_were_sent(store: TableStore):
    numbers = [(7 * number) % 1000 for number in range(1000)]
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(*numbers)]) as more:
        assert [n for (n,) in query(more, "SELECT n FROM {tap_upload_mine}")] == numbers


def test_nobody_else_sees_them(store: TableStore):
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(1)]) as more:
        name = more.physical("tap_upload.mine")
        with snapshot.with_uploads([mine(1, 2, 3)]) as others, store.snapshot() as later:
            assert query(more, "SELECT count(*) FROM {tap_upload_mine}") == [(1,)]
            assert query(others, "SELECT count(*) FROM {tap_upload_mine}") == [(3,)]
            for other in (snapshot, later):
                assert set(other.tables) == {"test.plain"}
                with pytest.raises(AthanorError):
                    list(other.execute(f"SELECT * FROM {name}"))


def test_they_are_gone_afterwards(store: TableStore):
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(1)]) as more:
        name = more.physical("tap_upload.mine")
    with store.snapshot() as snapshot, pytest.raises(AthanorError):
        list(snapshot.execute(f"SELECT * FROM {name}"))


def test_they_are_gone_after_a_query_that_failed(store: TableStore):
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(1)]) as more:
        name = more.physical("tap_upload.mine")
        with pytest.raises(AthanorError):
            list(more.execute(f"SELECT CAST('x' AS integer) FROM {name}"))
        assert query(more, "SELECT n FROM {tap_upload_mine}") == [(1,)]
    with store.snapshot() as snapshot, pytest.raises(AthanorError):
        list(snapshot.execute(f"SELECT * FROM {name}"))


def test_several_queries_at_a_time(store: TableStore):
    counts = []
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(*range(100))]) as more:

        def work() -> None:
            for _ in range(5):
                counts.extend(query(more, "SELECT count(*) FROM {tap_upload_mine} a JOIN {test_plain} b ON a.n = b.n"))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts == [(10,)] * 20


def test_positions_have_their_cells(store: TableStore):
    table = Table(
        name="TAP_UPLOAD.p",
        columns=(Column("ra", "double"), Column("dec", "double")),
        hidden={"_cell": "BIGINT"},
        positions=(Position("ra", "dec", "_cell"),),
    )
    rows = [{"ra": 10.0, "dec": 20.0, "_cell": 42}, {"ra": None, "dec": None, "_cell": None}]
    with store.snapshot() as snapshot, snapshot.with_uploads([content(table, rows)]) as more:
        assert query(more, 'SELECT "_cell" FROM {tap_upload_p} WHERE "_cell" BETWEEN 40 AND 50') == [(42,)]


def test_an_error_of_the_rows_surfaces(store: TableStore):
    def broken():
        yield from mine(1).batches
        raise UsageError("The rest is missing.")

    with store.snapshot() as snapshot:
        held = snapshot.with_uploads([TableContent(MINE, broken())])
        with pytest.raises(UsageError, match="The rest is missing"):
            held.__enter__()


def test_tables_may_be_replaced_meanwhile(store: TableStore):
    with store.snapshot() as snapshot, snapshot.with_uploads([mine(3)]) as more:
        store.replace([content(PLAIN, [{"n": 3, "version": 2}])])
        sql = "SELECT version FROM {test_plain} p JOIN {tap_upload_mine} m ON p.n = m.n"
        assert query(more, sql) == [(1,)]
