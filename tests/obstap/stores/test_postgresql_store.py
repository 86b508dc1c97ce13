"""What is particular to tables in a PostgreSQL database."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace

import psycopg2
import pytest
from django.core.exceptions import ImproperlyConfigured

from obstap.metadata import Column, Region, Table
from obstap.stores import TableContent, get_store
from obstap.stores.postgres import PostgreSQLStore, sessions
from obstap.textform import Chunk, TextForm
from tests.obstap.stores.samples import SAMPLE, content, plain, query, read
from tests.postgres import Server
from vo.errors import AthanorError, AuthorizationError, TimeLimitError, UnavailableError, UsageError

MANY = "SELECT a.n FROM {test_plain} a, {test_plain} b, {test_plain} c"
SKY = Table(
    name="test.sky",
    columns=(Column("id", "char", "*"), Column("s_region", "char", "*")),
    key="id",
    hidden={"shape": "DOUBLE[]", "x": "DOUBLE", "y": "DOUBLE", "z": "DOUBLE", "radius": "DOUBLE"},
    regions=(Region("s_region", "shape", "x", "y", "z", "radius"),),
)


@pytest.fixture
def admin(postgresql_url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A session of the role that publishes."""
    connection = psycopg2.connect(postgresql_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def rows(cursor: psycopg2.extensions.cursor, sql: str) -> list[tuple]:
    cursor.execute(sql)
    return cursor.fetchall()


def told(chunks: Iterable[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks)


def tables(cursor: psycopg2.extensions.cursor) -> set[str]:
    return {name for (name,) in rows(cursor, "SELECT tablename FROM pg_tables WHERE schemaname = 'athanor_data'")}


class TestPrivileges:
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM pg_read_file('/etc/hostname')",
            "SELECT rolpassword FROM pg_authid",
            "SELECT * FROM athanor.retired",
            "SELECT setval('athanor.swept', 99)",
            "SELECT nextval('athanor.swept')",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
            "SELECT pg_reload_conf()",
            "SELECT set_config('role', 'postgres', false)",
            "SELECT pg_ls_dir('.')",
        ],
    )
    def test_queries_may_not(self, postgresql_store: PostgreSQLStore, admin, sql: str):
        postgresql_store.replace([plain(1)])
        with pytest.raises(AuthorizationError, match="read the published tables and nothing else"):
            read(postgresql_store, sql)

    @pytest.mark.parametrize(
        "sql",
        [
            "WITH gone AS (DELETE FROM {test_plain} RETURNING 1) SELECT * FROM gone",
            "SELECT * INTO TEMP x FROM {test_plain}",
            "SELECT n FROM {test_plain} FOR UPDATE",
        ],
    )
    def test_queries_do_not_write(self, postgresql_store: PostgreSQLStore, sql: str):
        postgresql_store.replace([plain(1)])
        with pytest.raises(AthanorError):
            read(postgresql_store, sql)
        assert read(postgresql_store, "SELECT count(*) FROM {test_plain}") == [(1,)]

    def test_queries_run_as_the_reading_role(self, postgresql_store: PostgreSQLStore):
        settings = "SELECT current_user::text, current_setting('transaction_read_only')"
        assert read(postgresql_store, settings) == [("athanor_reader", "on")]

    def test_a_login_of_its_own_for_queries(self, postgresql_server: Server, postgresql_url: str):
        name = postgresql_url.rpartition("/")[2]
        PostgreSQLStore(postgresql_url).replace([plain(3)])
        with postgresql_server.session(name) as cursor:
            cursor.execute(f"CREATE ROLE reader_{name} LOGIN IN ROLE athanor_reader")
        store = PostgreSQLStore(postgresql_url, reader_url=postgresql_server.url(name, f"reader_{name}"))
        assert read(store, "SELECT session_user::text, count(*) FROM {test_plain}") == [(f"reader_{name}", 3)]
        with pytest.raises(AuthorizationError):
            read(store, "SELECT * FROM athanor.retired")
        store.close()
        with postgresql_server.session(name) as cursor:
            cursor.execute(f"DROP ROLE reader_{name}")


class TestVersions:
    def test_old_versions_go_when_nobody_reads_them(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.replace([plain(10, 1)])
        with postgresql_store.snapshot() as snapshot:
            for version in (2, 3, 4):
                postgresql_store.replace([plain(10, version)])
            assert len(tables(admin)) == 4
            assert query(snapshot, "SELECT max(version) FROM {test_plain}") == [(1,)]
        postgresql_store.replace([plain(10, 5)])
        assert len(tables(admin)) == 2
        assert read(postgresql_store, "SELECT max(version) FROM {test_plain}") == [(5,)]

    def test_old_versions_stay_for_the_grace_period(self, postgresql_url: str, admin):
        store = PostgreSQLStore(postgresql_url, grace=3600)
        for version in range(4):
            store.replace([plain(1, version)])
        assert len(tables(admin)) == 4
        store.close()

    def test_who_reads_an_old_version_is_not_waited_for(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.replace([plain(100_000, 1)])
        with postgresql_store.snapshot() as snapshot:
            batches = snapshot.execute(f"SELECT * FROM {snapshot.physical('test.plain')}", batch_rows=1000)
        for version in (2, 3):
            postgresql_store.replace([plain(1, version)])
        assert len(tables(admin)) == 3
        assert sum(batch.num_rows for batch in batches) == 100_000
        postgresql_store.replace([plain(1, 4)])
        assert len(tables(admin)) == 2

    def test_merging_changes_rows_in_place(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.upsert([content(SAMPLE, [{"id": "a", "an_int": 1}])])
        (before,) = tables(admin)
        described = replace(SAMPLE, description="Now with words")
        with postgresql_store.snapshot() as snapshot:
            postgresql_store.upsert([content(described, [{"id": "a", "an_int": 2}, {"id": "b", "an_int": 2}])])
            assert query(snapshot, "SELECT id, an_int FROM {test_sample}") == [("a", 1)]
            assert snapshot.tables["test.sample"].description == SAMPLE.description
        assert tables(admin) == {before}
        assert read(postgresql_store, "SELECT id, an_int FROM {test_sample} ORDER BY id") == [("a", 2), ("b", 2)]
        with postgresql_store.snapshot() as snapshot:
            assert snapshot.tables["test.sample"] == described
        assert rows(admin, "SELECT name, rows FROM athanor.manifest") == [("test.sample", 2)]

    def test_a_table_twice_in_one_step(self, postgresql_store: PostgreSQLStore, admin):
        for count in (1, 2):
            postgresql_store.replace([plain(10), plain(20)])
            assert len(tables(admin)) == count
        first, second = content(SAMPLE, [{"id": "a"}]), content(SAMPLE, [{"id": "b"}])
        postgresql_store.upsert([first, second], replace=[plain(30)])
        assert read(postgresql_store, "SELECT count(*) FROM {test_sample}") == [(2,)]
        assert read(postgresql_store, "SELECT count(*) FROM {test_plain}") == [(30,)]
        assert len(tables(admin)) == 3

    def test_merging_nothing_changes_nothing(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.upsert([content(SAMPLE, [{"id": "a"}])])
        before = rows(admin, "SELECT * FROM athanor.state")
        postgresql_store.upsert([content(SAMPLE, [])])
        assert postgresql_store.delete("test.sample", ["x"]) == 0
        assert rows(admin, "SELECT * FROM athanor.state") == before

    def test_rows_are_stored_in_order_of_cells(self, postgresql_store: PostgreSQLStore):
        data = [{"id": str(i), "_cell": None if i == 5 else (i * 7919) % 1000} for i in range(1000)]
        postgresql_store.replace([content(SAMPLE, data)])
        cells = [cell for (cell,) in read(postgresql_store, "SELECT _cell FROM {test_sample} ORDER BY ctid")]
        assert cells[-1] is None
        assert cells[:-1] == sorted(cells[:-1])

    def test_positions_and_regions_have_an_index_of_pgsphere(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.replace([content(SAMPLE, [{"id": "a"}]), content(SKY, [{"id": "b"}])])
        kinds = rows(admin, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'athanor_data'")
        indexes = sorted(definition.partition(" USING ")[2] for (definition,) in kinds)
        assert indexes == [
            "btree (_cell)",
            "btree (id)",
            "btree (id)",
            "btree (radius) WHERE (radius >= (90)::double precision)",
            "gist (athanor.athanor_cone(x, y, z, radius))",
            "gist (spoint(radians((a_float)::double precision), radians(a_double)))",
        ]


class TestRefusals:
    def test_nul(self, postgresql_store: PostgreSQLStore):
        with pytest.raises(UsageError, match=r"rows of test\.Sample holds the character NUL, which PostgreSQL cannot"):
            postgresql_store.replace([content(SAMPLE, [{"id": "a", "text": "x\0y"}])])
        with postgresql_store.snapshot() as snapshot:
            assert dict(snapshot.tables) == {}

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("é" * 32, "has 64 bytes; PostgreSQL takes 63"),
            ("xmin", "is called xmin, which PostgreSQL keeps for itself"),
        ],
    )
    def test_names_of_columns(self, postgresql_store: PostgreSQLStore, name: str, message: str):
        table = Table(name="test.names", columns=(Column(name, "long"),))
        with pytest.raises(UsageError, match=message):
            postgresql_store.replace([TableContent(table, ())])

    def test_too_many_columns(self, postgresql_store: PostgreSQLStore):
        table = Table(name="test.wide", columns=tuple(Column(f"c{number}", "long") for number in range(1601)))
        with pytest.raises(UsageError, match=r"refuses the table test\.wide: tables can have at most 1600 columns\."):
            postgresql_store.replace([TableContent(table, ())])


class TestSessions:
    def test_sessions_are_used_again(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.replace([plain(10)])
        for _ in range(20):
            assert read(postgresql_store, "SELECT count(*) FROM {test_plain}") == [(10,)]
        ((count,),) = rows(
            admin,
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        assert count == 2

    @pytest.mark.parametrize("text", [False, True])
    def test_a_session_serves_again_after_a_cancelled_query(self, postgresql_store: PostgreSQLStore, admin, text: bool):
        postgresql_store.replace([plain(1000)])
        sessions = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        known = None
        for _ in range(5):
            with postgresql_store.snapshot() as snapshot:
                sql = MANY.format(test_plain=snapshot.physical("test.plain"))
                column = Column("n", "long")
                stream = snapshot.copy_text(sql, [column], TextForm(b"\t")) if text else snapshot.execute(sql)
                assert next(stream)
                stream.close()
                assert query(snapshot, "SELECT count(*) FROM {test_plain}") == [(1000,)]
            found = rows(admin, sessions + " AND backend_type = 'client backend'")
            assert known in (None, found)
            known = found

    def test_all_sessions_at_work(self, postgresql_url: str):
        store = PostgreSQLStore(postgresql_url, sessions=1, patience=0.1)
        store.replace([plain(1)])
        with store.snapshot(), pytest.raises(UnavailableError, match="All connections"), store.snapshot():
            pass
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(1,)]
        store.close()

    def test_sessions_that_the_server_ended_are_replaced(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.replace([plain(10)])
        for _ in range(2):
            assert read(postgresql_store, "SELECT count(*) FROM {test_plain}") == [(10,)]
            ours = "usename = current_user AND pid <> pg_backend_pid()"
            rows(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")

    def test_a_server_that_restarts(self, postgresql_server: Server, tmp_path_factory):
        store = PostgreSQLStore(postgresql_server.url(postgresql_server.create_database()), grace=0)
        store.replace([plain(100_000)])
        with store.snapshot() as snapshot:
            batches = snapshot.execute(MANY.format(test_plain=snapshot.physical("test.plain")))
            next(batches)
            postgresql_server.stop(signal.SIGQUIT)
            try:
                with pytest.raises(UnavailableError, match="cannot be reached now") as caught:
                    for _ in batches:
                        pass
                assert caught.value.retry_after > 0
            finally:
                postgresql_server.start()
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(100_000,)]
        store.replace([plain(5)])
        assert read(store, "SELECT count(*) FROM {test_plain}") == [(5,)]
        store.close()


class TestLines:
    def test_lines_in_each_form(self, postgresql_store: PostgreSQLStore):
        postgresql_store.replace([content(SAMPLE, [{"id": 'a,"b"\n', "Flag": True, "point": [1.5, 2.0]}, {"id": ""}])])
        columns = [SAMPLE.column(name) for name in ("id", "Flag", "point", "time")]
        with postgresql_store.snapshot() as snapshot:
            sql = f'SELECT id, "Flag", point, time FROM {snapshot.physical("test.sample")} ORDER BY id DESC'
            found = {
                form: told(snapshot.copy_text(sql, columns, form))
                for form in (TextForm(b","), TextForm(b"\t"), TextForm(b",", quoted=True))
            }
        assert list(found.values()) == [
            b'a\\,"b"\\n,T,1.5 2,\n,,,\n',
            b'a,"b"\\n\tT\t1.5 2\t\n\t\t\t\n',
            b'"a,""b""\n",T,1.5 2,\n"",,,\n',
        ]

    def test_no_more_rows_than_are_needed(self, postgresql_store: PostgreSQLStore):
        postgresql_store.replace([plain(100)])
        with postgresql_store.snapshot() as snapshot:
            sql = f"SELECT n FROM {snapshot.physical('test.plain')} ORDER BY n"
            lines = snapshot.copy_text(sql, [Column("n", "long")], TextForm(b","), rows=3)
            assert told(lines) == b"0\n1\n2\n"

    def test_chunks_are_whole_lines(self, postgresql_store: PostgreSQLStore):
        postgresql_store.replace([plain(1)])
        column = Column("t", "char", "*")
        sql = "SELECT repeat('x' || chr(10), n % 50) AS t FROM generate_series(1, 60000) AS n"
        with postgresql_store.snapshot() as snapshot:
            for form in (TextForm(b","), TextForm(b",", quoted=True)):
                chunks = list(snapshot.copy_text(sql, [column], form))
                assert len(chunks) > 2
                assert all(chunk.data.endswith(b"\n") and not chunk.data.count(b'"') % 2 for chunk in chunks)
                assert sum(chunk.rows for chunk in chunks) == 60_000

    def test_a_failure_at_the_start_and_one_late(self, postgresql_store: PostgreSQLStore):
        postgresql_store.replace([plain(200_000)])
        column = Column("n", "long")
        with postgresql_store.snapshot() as snapshot:
            name = snapshot.physical("test.plain")
            with pytest.raises(UsageError, match="divides by zero"):
                snapshot.copy_text(f"SELECT 1 / (n - n) FROM {name}", [column], TextForm(b","))
            lines = snapshot.copy_text(f"SELECT 1 / (n - 199999) FROM {name}", [column], TextForm(b","))
            with pytest.raises(UsageError, match="divides by zero"):
                told(lines)

    def test_time_limit(self, postgresql_store: PostgreSQLStore):
        postgresql_store.replace([plain(1000)])
        with postgresql_store.snapshot() as snapshot:
            sql = MANY.format(test_plain=snapshot.physical("test.plain"))
            lines = snapshot.copy_text(sql, [Column("n", "long")], TextForm(b","), time_limit=0.5)
            with pytest.raises(TimeLimitError):
                told(lines)
            slow = "SELECT count(*) FROM (" + sql + " WHERE a.n * b.n + c.n < 0) AS q"
            with pytest.raises(TimeLimitError):
                snapshot.copy_text(slow, [Column("n", "long")], TextForm(b","), time_limit=0.2)

    def test_side_by_side_on_one_state(self, postgresql_store: PostgreSQLStore):
        postgresql_store.replace([plain(50_000, 1)])
        with postgresql_store.snapshot() as snapshot:
            sql = f"SELECT version FROM {snapshot.physical('test.plain')}"
            first = snapshot.copy_text(sql, [Column("version", "int")], TextForm(b","))
            second = snapshot.copy_text(sql, [Column("version", "int")], TextForm(b","))
            third = snapshot.execute(sql)
        postgresql_store.replace([plain(50_000, 2)])
        assert told(first) == told(second) == b"1\n" * 50_000
        assert sum(batch.num_rows for batch in third) == 50_000


class TestDatabases:
    def test_one_without_pgsphere(self, postgresql_server: Server):
        with postgresql_server.session("postgres") as cursor:
            cursor.execute("CREATE DATABASE bare TEMPLATE template0 OWNER archive")
        store = PostgreSQLStore(postgresql_server.url("bare"))
        with pytest.raises(UnavailableError, match=r"lacks pgsphere\. Install it") as caught, store.snapshot():
            pass
        assert "CREATE EXTENSION pg_sphere" in str(caught.value)
        store.close()
        postgresql_server.drop_database("bare")

    def test_one_whose_server_is_too_old(self, postgresql_url: str, monkeypatch):
        monkeypatch.setattr(sessions, "OLDEST", 990_000)
        store = PostgreSQLStore(postgresql_url)
        with (
            pytest.raises(UnavailableError, match=r"runs PostgreSQL \d\d; Athanor needs 99 or later"),
            store.snapshot(),
        ):
            pass

    def test_one_that_lost_its_tables_is_told_of_and_made_ready_again(self, postgresql_store: PostgreSQLStore, admin):
        postgresql_store.replace([plain(1)])
        admin.execute("DROP SCHEMA athanor, athanor_data CASCADE")
        with pytest.raises(AthanorError, match="could not be made ready: relation"), postgresql_store.snapshot():
            pass
        postgresql_store.replace([plain(2)])
        assert read(postgresql_store, "SELECT count(*) FROM {test_plain}") == [(2,)]

    def test_one_that_the_role_may_not_change(self, postgresql_server: Server, postgresql_url: str):
        name = postgresql_url.rpartition("/")[2]
        with postgresql_server.session(name) as cursor:
            cursor.execute(f"CREATE ROLE stranger_{name} LOGIN IN ROLE athanor_reader")
        store = PostgreSQLStore(postgresql_server.url(name, f"stranger_{name}"))
        with pytest.raises(UnavailableError, match="may not create schemas"):
            store.replace([plain(1)])
        store.close()
        with postgresql_server.session(name) as cursor:
            cursor.execute(f"DROP ROLE stranger_{name}")

    def test_one_that_is_not_there(self):
        store = PostgreSQLStore("postgresql://nobody@127.0.0.1:1/none")
        for use in (lambda: store.replace([plain(1)]), lambda: read(store, "SELECT 1")):
            with pytest.raises(UnavailableError, match="cannot be reached now") as caught:
                use()
            assert caught.value.retry_after > 0

    def test_urls(self, settings, postgresql_url: str):
        settings.ARCHIVE_URL = postgresql_url
        assert isinstance(get_store(), PostgreSQLStore)
        assert get_store() is get_store()
        get_store().close()
        settings.ARCHIVE_URL = "postgresql://user:secret%@host/x"
        with pytest.raises(
            ImproperlyConfigured, match="must be postgresql://user:password@host:port/database"
        ) as caught:
            get_store()
        assert "secret" not in str(caught.value)

    @pytest.mark.django_db
    def test_availability_tells_that_the_archive_is_away(self, settings, client):
        settings.ARCHIVE_URL = "postgresql://nobody@127.0.0.1:1/none"
        document = client.get("/tap/availability").content.decode()
        assert ">false</" in document
        assert "The archive's database cannot be reached now." in document.replace("&#x27;", "'")

    def test_a_query_of_a_service_whose_archive_is_away(self, settings, client):
        settings.ARCHIVE_URL = "postgresql://nobody@127.0.0.1:1/none"
        response = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT * FROM ivoa.obscore"})
        assert response.status_code == 503
        assert int(response["Retry-After"]) > 0
