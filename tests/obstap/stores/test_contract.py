"""What every table store promises (`obstap.stores.base`)."""

from __future__ import annotations

import math
import re
import threading
import time
from datetime import datetime

import pyarrow as pa
import pytest

from obstap.arrow import arrow_schema
from obstap.metadata import Column, Table
from obstap.stores import TableContent, TableStore
from tests.obstap.stores.samples import PLAIN, SAMPLE, content, plain, query, read
from vo.errors import AthanorError, AuthorizationError, NotFoundError, TimeLimitError, UsageError

ENDLESS = "SELECT count(*) FROM {test_plain} a, {test_plain} b, {test_plain} c WHERE a.n + b.n <> c.n * 7"
ENDLESS_ROWS = "SELECT a.n FROM {test_plain} a, {test_plain} b, {test_plain} c"

FULL = {
    "id": "a",
    "Flag": True,
    "a_short": -(2**15),
    "an_int": 2**31 - 1,
    "a_long": -(2**63),
    "a_float": 1.5,
    "a_double": 0.1,
    "text": "Vega α Lyræ 🌟 'quoted' \"too\" <&>\n\t\\",
    "time": datetime(2020, 2, 29, 12, 34, 56, 789012),  # noqa: DTZ001 - stored times have no zone
    "point": [10.5, -20.25],
    "counts": [1, -2, 3],
    "_cell": 12 * 4**29 - 1,
    "_shape": [1.0, 2.0, 0.5],
    "_note": "hidden",
    "_x": -0.5,
}


class TestRows:
    def test_an_empty_store_has_no_tables(self, store: TableStore):
        with store.snapshot() as snapshot:
            assert dict(snapshot.tables) == {}

    def test_every_type_comes_back(self, store: TableStore):
        rows = [
            FULL,
            {"id": "b", "counts": [], "point": [math.inf, -math.inf], "text": ""},
            {"id": "c", "a_float": math.inf, "a_double": -0.0, "_cell": 0},
        ]
        store.replace([content(SAMPLE, rows)])
        with store.snapshot() as snapshot:
            assert snapshot.tables["test.sample"] == SAMPLE
            sql = f"SELECT * FROM {snapshot.physical('test.sample')} ORDER BY id"
            table = pa.Table.from_batches(list(snapshot.execute(sql)))
        assert table.schema == arrow_schema(SAMPLE)
        expected = [dict.fromkeys(table.schema.names) | row for row in rows]
        assert table.to_pylist() == expected

    def test_nan_stays_apart_from_null(self, store: TableStore):
        store.replace([content(SAMPLE, [{"id": "nan", "a_double": math.nan}, {"id": "null"}])])
        assert read(store, "SELECT id FROM {test_sample} WHERE a_double IS NULL") == [("null",)]
        ((value,),) = read(store, "SELECT a_double FROM {test_sample} WHERE id = 'nan'")
        assert math.isnan(value)

    def test_an_empty_table(self, store: TableStore):
        store.replace([TableContent(SAMPLE, ())])
        assert read(store, "SELECT * FROM {test_sample}") == []

    def test_many_batches(self, store: TableStore):
        batches = [plain(1000, version).batches[0] for version in range(50)]
        store.replace([TableContent(PLAIN, iter(batches))])
        assert read(store, "SELECT count(*), sum(version), max(n) FROM {test_plain}") == [(50_000, 1_225_000, 999)]

    def test_parameters(self, store: TableStore):
        store.replace([plain(10)])
        assert read(store, "SELECT n FROM {test_plain} WHERE n > $1 AND n < $2 ORDER BY n", 3, 6) == [(4,), (5,)]

    def test_batches_have_the_size_asked_for(self, store: TableStore):
        store.replace([plain(10_000)])
        with store.snapshot() as snapshot:
            sql = f"SELECT * FROM {snapshot.physical('test.plain')}"
            sizes = [batch.num_rows for batch in snapshot.execute(sql, batch_rows=4096)]
        assert sum(sizes) == 10_000
        assert max(sizes) <= 4096

    def test_a_large_limit_does_not_wait_for_all_rows(self, store: TableStore):
        wide = Table(name="test.wide", columns=tuple(Column(f"c{index}", "long") for index in range(20)))
        numbers = pa.array(range(250_000), pa.int64())
        store.replace([TableContent(wide, [pa.RecordBatch.from_arrays([numbers] * 20, schema=arrow_schema(wide))] * 4)])
        shares = []
        for _ in range(3):
            began = time.monotonic()
            with store.snapshot() as snapshot:
                batches = snapshot.execute(f"SELECT * FROM {snapshot.physical('test.wide')} LIMIT 900000")
            rows = next(batches).num_rows
            first = time.monotonic() - began
            rows += sum(batch.num_rows for batch in batches)
            assert rows == 900_000
            shares.append(first / (time.monotonic() - began))
        assert min(shares) < 0.5


class TestWriting:
    def test_replace_takes_the_place_of_a_table_in_any_case(self, store: TableStore):
        store.replace([plain(10)])
        renamed = Table(name="TEST.Plain", columns=PLAIN.columns, description="renamed")
        store.replace([plain(3, table=renamed)])
        with store.snapshot() as snapshot:
            assert dict(snapshot.tables) == {"test.plain": renamed}
            assert query(snapshot, "SELECT count(*) FROM {test_plain}") == [(3,)]

    def test_replace_and_drop_in_one_step(self, store: TableStore):
        store.replace([plain(10), content(SAMPLE, [FULL])])
        store.replace([plain(20)], drop=["test.SAMPLE"])
        with store.snapshot() as snapshot:
            assert list(snapshot.tables) == ["test.plain"]
            with pytest.raises(NotFoundError):
                snapshot.physical("test.sample")

    def test_dropping_what_is_not_there_changes_nothing(self, store: TableStore):
        store.replace([plain(10)])
        with pytest.raises(NotFoundError, match=r"There is no table test\.other\. Published are test\.plain\."):
            store.replace([plain(5)], drop=["test.other"])
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(10,)]

    def test_upsert(self, store: TableStore):
        store.upsert([content(SAMPLE, [{"id": "a", "an_int": 1}, {"id": "b", "an_int": 1}])])
        store.upsert([content(SAMPLE, [{"id": "b", "an_int": 2}, {"id": "c", "an_int": 2}])])
        assert read(store, "SELECT id, an_int FROM {test_sample} ORDER BY id") == [("a", 1), ("b", 2), ("c", 2)]

    def test_upsert_keeps_the_last_of_several_rows(self, store: TableStore):
        rows = [{"id": "a", "an_int": number} for number in range(100)]
        store.upsert([content(SAMPLE, rows, batch_rows=7)])
        assert read(store, "SELECT id, an_int FROM {test_sample}") == [("a", 99)]
        store.upsert([content(SAMPLE, rows[:50], batch_rows=7)])
        assert read(store, "SELECT id, an_int FROM {test_sample}") == [("a", 49)]

    def test_upsert_brings_new_metadata(self, store: TableStore):
        store.upsert([content(SAMPLE, [FULL])])
        columns = (*(column for column in SAMPLE.columns if column.name != "Flag"), Column("fresh", "double"))
        columns = tuple(Column("a_short", "long") if column.name == "a_short" else column for column in columns)
        changed = Table(name="test.sample", columns=columns, key="id", hidden={"_note": "VARCHAR"})
        store.upsert([content(changed, [{"id": "b", "fresh": 1.5, "a_short": 2**40}])])
        with store.snapshot() as snapshot:
            assert snapshot.tables["test.sample"] == changed
            sql = f"SELECT * FROM {snapshot.physical('test.sample')} ORDER BY id"
            table = pa.Table.from_batches(list(snapshot.execute(sql)))
        assert table.schema == arrow_schema(changed)
        assert table.column("fresh").to_pylist() == [None, 1.5]
        assert table.column("a_short").to_pylist() == [FULL["a_short"], 2**40]
        assert table.column("text").to_pylist() == [FULL["text"], None]

    def test_upsert_and_replace_in_one_step(self, store: TableStore):
        store.replace([plain(10)])
        store.upsert([content(SAMPLE, [FULL])], replace=[plain(20)])
        assert read(
            store, "SELECT (SELECT count(*) FROM {test_plain}) AS a, (SELECT count(*) FROM {test_sample}) AS b"
        ) == [(20, 1)]

    def test_delete(self, store: TableStore):
        store.upsert([content(SAMPLE, [{"id": name} for name in "abcd"])])
        assert store.delete("test.sample", ["b", "d", "x", "b"]) == 2
        assert read(store, "SELECT id FROM {test_sample} ORDER BY id") == [("a",), ("c",)]
        assert store.delete("test.sample", ["x"]) == 0
        assert store.delete("test.sample", []) == 0
        with pytest.raises(NotFoundError):
            store.delete("test.other", ["a"])

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([{"id": "a"}, {"id": "b"}, {"id": "a"}], "Several rows of test.Sample have the id 'a'"),
            ([{"id": "a"}, {"an_int": 1}], "1 rows of test.Sample have no id"),
        ],
    )
    def test_keys_identify_rows(self, store: TableStore, rows: list[dict[str, object]], message: str):
        with pytest.raises(UsageError, match=message):
            store.replace([content(SAMPLE, rows)])
        with store.snapshot() as snapshot:
            assert dict(snapshot.tables) == {}

    def test_rows_without_key_cannot_be_merged(self, store: TableStore):
        with pytest.raises(UsageError, match=r"test\.plain has no key column"):
            store.upsert([plain(1)])

    def test_names_have_two_parts(self, store: TableStore):
        for name in ("plain", ".plain", "test."):
            with pytest.raises(UsageError, match="names no table"):
                store.replace([plain(1, table=Table(name=name, columns=PLAIN.columns))])

    def test_names_may_have_any_letters(self, store: TableStore):
        table = Table(name='xmm."4XMM" / été', columns=(Column('a "b"', "long"), Column("Select", "int")))
        store.replace([plain(2, table=table)])
        with store.snapshot() as snapshot:
            sql = f'SELECT "a ""b""" FROM {snapshot.physical(table.name.lower())} WHERE "Select" = 1'
            assert sum(batch.num_rows for batch in snapshot.execute(sql)) == 2

    def test_rows_must_fit_the_table(self, store: TableStore):
        batch = pa.RecordBatch.from_pydict({"n": [1], "version": ["x"]})
        with pytest.raises(UsageError, match=r"Rows of test\.plain have the columns"):
            store.replace([TableContent(PLAIN, [batch])])

    def test_an_error_of_the_source_surfaces_as_itself(self, store: TableStore):
        store.replace([plain(10)])

        def failing():
            yield plain(5).batches[0]
            raise UsageError("The file is broken.")

        with pytest.raises(UsageError, match=r"^The file is broken\.$"):
            store.replace([plain(3), TableContent(PLAIN, failing())])
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(10,)]

    def test_exclusive_keeps_writers_out(self, store: TableStore):
        store.replace([plain(1)])
        done = threading.Event()
        writer = threading.Thread(target=lambda: (store.replace([plain(3)]), done.set()))
        with store.exclusive():
            writer.start()
            store.replace([plain(2)])
            assert not done.wait(0.3)
            assert read(store, "SELECT count(*) FROM {test_plain}") == [(2,)]
        assert done.wait(60)
        writer.join()
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(3,)]


class TestSnapshots:
    def test_a_snapshot_keeps_its_state(self, store: TableStore):
        store.replace([plain(10), content(SAMPLE, [FULL])])
        with store.snapshot() as before:
            store.replace([plain(20)], drop=["test.sample"])
            with store.snapshot() as after:
                assert query(after, "SELECT count(*) FROM {test_plain}") == [(20,)]
                assert list(after.tables) == ["test.plain"]
            assert query(before, "SELECT count(*) FROM {test_plain}") == [(10,)]
            assert query(before, "SELECT id FROM {test_sample}") == [("a",)]

    def test_a_running_query_keeps_its_state(self, store: TableStore):
        store.replace([plain(100_000, 1)])
        with store.snapshot() as snapshot:
            batches = snapshot.execute(f"SELECT * FROM {snapshot.physical('test.plain')}", batch_rows=2048)
        first = next(batches)
        versions = set(first.column("version").to_pylist())
        for version in (2, 3, 4):
            store.replace([plain(100_000, version)])
            assert read(store, "SELECT max(version) FROM {test_plain}") == [(version,)]
        rows = first.num_rows
        for batch in batches:
            versions |= set(batch.column("version").to_pylist())
            rows += batch.num_rows
        assert (rows, versions) == (100_000, {1})

    def test_a_closed_store_opens_again(self, store: TableStore):
        store.replace([plain(10)])
        store.close()
        store.close()
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(10,)]


class TestQueries:
    @pytest.fixture(autouse=True)
    def tables(self, store: TableStore):
        rows = [{"id": str(number), "an_int": number, "text": f"{number}x"} for number in range(-5, 50_000)]
        store.replace([plain(20_000), content(SAMPLE, rows, batch_rows=10_000)])

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ("1 % an_int", "The query divides by zero. Exclude the rows in which the divisor is 0."),
            ("CAST(text AS INTEGER)", "A value cannot be converted: "),
            ("an_int * 2000000", "A number lies outside the range of its type: "),
        ],
    )
    def test_failures_on_data(self, store: TableStore, expression: str, message: str):
        with pytest.raises(UsageError) as caught:
            read(store, f"SELECT {expression} FROM {{test_sample}} ORDER BY 1")
        assert str(caught.value).startswith(message)
        with pytest.raises(UsageError) as caught:
            read(store, f"SELECT {expression} FROM {{test_sample}} WHERE an_int > 40000 OR an_int <= 0 AND id <> 'y'")
        assert caught.value.status == 400

    def test_reasons_are_the_engines(self, store: TableStore):
        reasons = {
            "duckdb": {
                "CAST(text AS INTEGER)": "A value cannot be converted: Could not convert string '",
                "CAST(an_int AS SMALLINT)": "A value cannot be converted: Type INTEGER with value",
                "an_int * 2000000": "A number lies outside the range of its type: Overflow in multiplication of INT",
            },
            "postgresql": {
                "CAST(text AS INTEGER)": 'A value cannot be converted: invalid input syntax for type integer: "',
                "CAST(an_int AS SMALLINT)": "A number lies outside the range of its type: smallint out of range.",
                "an_int * 2000000": "A number lies outside the range of its type: integer out of range.",
            },
        }
        with store.snapshot() as snapshot:
            for expression, reason in reasons[snapshot.engine].items():
                with pytest.raises(UsageError) as caught:
                    query(snapshot, f"SELECT {expression} FROM {{test_sample}} ORDER BY 1")
                assert str(caught.value).startswith(reason)

    def test_a_failure_late_in_the_stream(self, store: TableStore):
        sql = "SELECT CASE WHEN n = 19999 THEN CAST('x' || n AS INTEGER) ELSE 1 END FROM {test_plain}"
        with pytest.raises(UsageError, match="A value cannot be converted"):
            read(store, sql)

    def test_errors_surface_before_the_stream_is_returned(self, store: TableStore):
        with store.snapshot() as snapshot, pytest.raises(AthanorError, match="could not run this query"):
            snapshot.execute("SELECT nothing FROM nowhere")

    @pytest.mark.parametrize(
        "sql", ["SELECT nothing FROM nowhere", "SELECT nothing(1)", "SELECT round(1.5, 2147483648)", "SELECT FROM"]
    )
    def test_what_the_engine_does_not_understand_is_told_by_a_reference(self, store: TableStore, caplog, sql: str):
        with pytest.raises(AthanorError) as caught:
            read(store, sql)
        assert caught.value.status == 500
        told = re.fullmatch(
            "The service could not run this query; that is a fault of the service. "
            "Ask in another way, or tell the operator of the service the reference ([0-9a-f]{8}).",
            str(caught.value),
        )
        assert f"reference {told[1]}: " in caplog.text

    @pytest.mark.parametrize(
        "sql", [f"SELECT {'(' * 20_000}1{' + 1)' * 20_000}", f"SELECT 1{' + 1' * 40_000}"], ids=["brackets", "sum"]
    )
    def test_expressions_too_deep_for_the_engine(self, store: TableStore, sql: str):
        with pytest.raises(UsageError) as caught:
            read(store, sql)
        assert caught.value.message == "The query is nested deeper than this service can compute."
        assert "SET" not in str(caught.value)

    @pytest.mark.parametrize("sql", [ENDLESS, ENDLESS_ROWS], ids=["first batch", "stream"])
    def test_time_limit(self, store: TableStore, sql: str):
        with store.snapshot() as snapshot, pytest.raises(TimeLimitError, match=r"time limit of 0\.3 s"):
            query(snapshot, sql, time_limit=0.3)

    def test_time_limit_that_is_over_at_once(self, store: TableStore):
        with store.snapshot() as snapshot, pytest.raises(TimeLimitError):
            query(snapshot, ENDLESS, time_limit=1e-6)

    def test_time_of_the_consumer(self, store: TableStore):
        with store.snapshot() as snapshot:
            sql = f"SELECT * FROM {snapshot.physical('test.plain')}"
            counted = snapshot.execute(sql, time_limit=1, batch_rows=2048)
            free = snapshot.execute(sql, time_limit=1, batch_rows=2048, count_waiting=False)
            rows = next(counted).num_rows
            assert next(free).num_rows == rows
            time.sleep(1.1)
            with pytest.raises(TimeLimitError):
                next(counted)
            assert rows + sum(batch.num_rows for batch in free) == 20_000

    def test_close_cancels(self, store: TableStore):
        with store.snapshot() as snapshot:
            batches = snapshot.execute(ENDLESS_ROWS.format(test_plain=snapshot.physical("test.plain")))
        next(batches)
        batches.close()
        batches.close()
        assert list(batches) == []

    def test_close_from_another_thread_cancels(self, store: TableStore):
        with store.snapshot() as snapshot:
            sql = ENDLESS_ROWS + " WHERE a.n + b.n < 100 OR c.n < 0"
            batches = snapshot.execute(sql.format(test_plain=snapshot.physical("test.plain")))
        consumer = threading.Thread(target=lambda: [None for _ in batches])
        consumer.start()
        time.sleep(0.3)
        batches.close()
        consumer.join(timeout=30)
        assert not consumer.is_alive()

    def test_queries_run_side_by_side(self, store: TableStore):
        counts = []

        def work():
            for _ in range(10):
                counts.extend(read(store, "SELECT count(*) FROM {test_sample} WHERE an_int >= 0"))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counts == [(50_000,)] * 60

    @pytest.mark.parametrize(
        "sql",
        [
            "DROP TABLE {test_plain}",
            "INSERT INTO {test_plain} VALUES (1, 1)",
            "CREATE TABLE x AS SELECT 1",
            "SELECT 1; SELECT 2",
            "",
        ],
    )
    def test_only_one_select(self, store: TableStore, sql: str):
        with pytest.raises(UsageError, match="Only one SELECT at a time"):
            read(store, sql)

    def test_queries_do_not_reach_files(self, store: TableStore):
        with store.snapshot() as snapshot:
            function = {"duckdb": "read_text", "postgresql": "pg_read_file"}[snapshot.engine]
            with pytest.raises(AuthorizationError):
                query(snapshot, f"SELECT * FROM {function}('/etc/hostname')")
