"""What is particular to tables in DuckDB files."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import duckdb
import pytest
from django.core.exceptions import ImproperlyConfigured

from obstap.stores import get_store
from obstap.stores.duckdb import DuckDBStore, manifest
from obstap.stores.duckdb.build import DATA
from obstap.stores.duckdb.engine import locked_reader
from obstap.stores.duckdb.spill import SpillDirectory, remove_abandoned
from tests.obstap.stores.samples import SAMPLE, content, plain, query, read
from vo.errors import AthanorError, AuthorizationError, UnavailableError


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "tables"


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("*.duckdb*")}


class TestIsolation:
    OUTSIDE = [
        "SELECT * FROM read_text('{outside}/secret')",
        "SELECT * FROM read_csv('{outside}/secret')",
        "SELECT * FROM read_blob('{outside}/*')",
        "SELECT * FROM glob('{outside}/*')",
        "SELECT * FROM '{outside}/secret.parquet'",
        "SELECT * FROM read_text('{directory}/../outside/secret')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x')",
        "COPY (SELECT 1) TO '{outside}/written'",
        "EXPORT DATABASE '{outside}/dump'",
        "ATTACH '{outside}/other.duckdb'",
        "INSTALL spatial",
        "LOAD '{outside}/code.duckdb_extension'",
    ]

    @pytest.mark.parametrize("sql", OUTSIDE)
    def test_the_engine_reaches_no_file_outside(self, directory: Path, tmp_path: Path, sql: str):
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_text("secret")
        directory.mkdir()
        sql = sql.format(outside=outside, directory=directory)
        with (
            locked_reader(directory, directory / "spill") as connection,
            pytest.raises(duckdb.Error, match=r"disabled|Permission"),
        ):
            connection.cursor().execute(sql).fetchall()
        assert {path.name for path in outside.iterdir()} == {"secret"}

    @pytest.mark.parametrize(
        "sql", ["SET enable_external_access = true", "SET allowed_directories = ['/']", "SET memory_limit = '1TB'"]
    )
    def test_settings_are_locked(self, directory: Path, sql: str):
        directory.mkdir()
        with (
            locked_reader(directory, directory / "spill") as connection,
            pytest.raises(duckdb.InvalidInputException, match="configuration has been locked"),
        ):
            connection.cursor().execute(sql)

    def test_variables_of_the_program_are_no_tables(self, duckdb_store: DuckDBStore, caplog: pytest.LogCaptureFixture):
        sample = plain(1).batches[0]
        assert sample.num_rows == 1
        with duckdb_store.snapshot() as snapshot, pytest.raises(AthanorError, match="fault of the service"):
            query(snapshot, "SELECT * FROM sample")
        assert "sample does not exist" in caplog.text

    def test_files_are_refused_to_queries(self, duckdb_store: DuckDBStore):
        with duckdb_store.snapshot() as snapshot, pytest.raises(AuthorizationError, match="published tables"):
            query(snapshot, "SELECT * FROM read_text('/etc/hostname')")


class TestFiles:
    def test_rows_are_stored_in_order_of_cells(self, duckdb_store: DuckDBStore):
        rows = [{"id": str(i), "_cell": None if i == 5 else (i * 7919) % 1000} for i in range(1000)]
        for write in (duckdb_store.replace, duckdb_store.upsert):
            write([content(SAMPLE, rows)])
            cells = [cell for (cell,) in read(duckdb_store, "SELECT _cell FROM {test_sample} ORDER BY rowid")]
            assert cells[-1] is None
            assert cells[:-1] == sorted(cells[:-1])
        duckdb_store.delete("test.sample", ["7"])
        cells = [cell for (cell,) in read(duckdb_store, "SELECT _cell FROM {test_sample} ORDER BY rowid")]
        assert cells[:-1] == sorted(cells[:-1])

    def test_rows_without_position_or_key_keep_their_order(self, duckdb_store: DuckDBStore):
        duckdb_store.replace([plain(300_000)])
        numbers = [n for (n,) in read(duckdb_store, "SELECT n FROM {test_plain} ORDER BY rowid")]
        assert numbers == list(range(300_000))

    def test_old_versions_stay_for_the_grace_period(self, directory: Path):
        store = DuckDBStore(directory, grace=3600)
        for _ in range(3):
            store.replace([plain(1)])
        assert len(files(directory)) == 3
        store.close()
        store = DuckDBStore(directory, grace=0)
        store.replace([plain(1)])
        assert len(files(directory)) == 2
        store.replace([plain(1)])
        assert len(files(directory)) == 2
        found, _ = manifest.read(directory)
        assert len(found.retired) == 1
        store.close()

    def test_a_failed_write_leaves_nothing(self, duckdb_store: DuckDBStore, directory: Path):
        duckdb_store.replace([plain(1)])
        before = files(directory)
        with pytest.raises(Exception, match="Several rows"):
            duckdb_store.replace([content(SAMPLE, [{"id": "a"}, {"id": "a"}])])
        duckdb_store.upsert([])
        assert files(directory) == before

    def test_an_upsert_of_nothing_builds_nothing(self, duckdb_store: DuckDBStore, directory: Path):
        duckdb_store.upsert([content(SAMPLE, [{"id": "a"}])])
        before = files(directory)
        duckdb_store.upsert([content(SAMPLE, [])])
        assert files(directory) == before

    def test_what_a_dead_writer_left_is_swept(self, duckdb_store: DuckDBStore, directory: Path):
        duckdb_store.replace([plain(1)])
        for name in ("test_plain-9-deadbeef.duckdb", "test_plain-9-deadbeef.duckdb.wal"):
            (directory / name).write_bytes(b"half")
        (directory / "manifest.json.tmp").write_text("{")
        duckdb_store.replace([plain(2)])
        assert not [name for name in files(directory) if "deadbeef" in name]
        assert read(duckdb_store, "SELECT count(*) FROM {test_plain}") == [(2,)]

    def test_files_of_others_are_left_alone(self, duckdb_store: DuckDBStore, directory: Path):
        for name in ("catalogue.duckdb", "notes-1.duckdb", "x.duckdb.wal", "README"):
            (directory / name).write_bytes(b"mine")
        duckdb_store.replace([plain(1)])
        assert {"catalogue.duckdb", "notes-1.duckdb", "x.duckdb.wal"} <= files(directory)
        assert (directory / "README").exists()

    def test_versions_are_detached_when_nobody_holds_them(self, duckdb_store: DuckDBStore, directory: Path):
        def opened() -> int:
            links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
            return sum(link.parent == directory and ".duckdb" in link.name for link in links)

        duckdb_store.replace([plain(10_000)])
        with duckdb_store.snapshot() as snapshot:
            sql = f"SELECT * FROM {snapshot.physical('test.plain')}"
            batches = snapshot.execute(sql, batch_rows=2048)
            duckdb_store.replace([plain(10)])
            assert read(duckdb_store, "SELECT count(*) FROM {test_plain}") == [(10,)]
            assert opened() == 2
        assert opened() == 2
        del batches
        gc.collect()
        assert read(duckdb_store, "SELECT count(*) FROM {test_plain}") == [(10,)]
        assert opened() == 1

    def test_files_that_are_gone(self, duckdb_store: DuckDBStore, directory: Path):
        duckdb_store.replace([plain(10)])
        for path in directory.glob("*.duckdb"):
            path.unlink()
        with pytest.raises(UnavailableError, match="cannot be opened"), duckdb_store.snapshot():
            pass
        duckdb_store.replace([plain(10)])
        assert read(duckdb_store, "SELECT count(*) FROM {test_plain}") == [(10,)]


class TestSpill:
    def test_each_running_engine_has_its_directory(self, duckdb_store: DuckDBStore, directory: Path):
        duckdb_store.replace([plain(1000)])
        assert len(list((directory / "spill").iterdir())) == 0
        read(duckdb_store, "SELECT count(*) FROM {test_plain}")
        assert len(list((directory / "spill").iterdir())) == 1
        duckdb_store.close()
        assert len(list((directory / "spill").iterdir())) == 0

    def test_abandoned_directories_are_removed(self, tmp_path: Path):
        living = SpillDirectory(tmp_path)
        dead = tmp_path / "spill" / "dead"
        fresh = tmp_path / "spill" / "fresh"
        for path in (dead, fresh):
            path.mkdir()
            (path / "rows.tmp").write_bytes(b"x")
        an_hour_ago = time.time() - 3600
        for path in (dead, living.path):
            os.utime(path, (an_hour_ago, an_hour_ago))
        remove_abandoned(tmp_path)
        assert {path.name for path in (tmp_path / "spill").iterdir()} == {"fresh", living.path.name}
        living.remove()
        assert not living.path.exists()


class TestGetStore:
    def test_one_store_for_each_url(self, settings, tmp_path: Path):
        settings.ARCHIVE_URL = f"duckdb:{tmp_path / 'a'}"
        first = get_store()
        assert get_store() is first
        settings.ARCHIVE_URL = f"duckdb:{tmp_path / 'b'}"
        assert get_store() is not first
        assert (tmp_path / "b").is_dir()

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("mysql://localhost/archive", "it must be duckdb:/path/of/a/directory or postgresql://"),
            ("duckdb:", "it must be duckdb:/path/of/a/directory"),
            ("/var/tables", "it must be duckdb:/path/of/a/directory"),
            ("", "it must be duckdb:/path/of/a/directory"),
        ],
    )
    def test_other_urls_are_refused(self, settings, url: str, message: str):
        settings.ARCHIVE_URL = url
        with pytest.raises(ImproperlyConfigured, match=message):
            get_store()


@pytest.mark.parametrize("write", ["replace", "upsert"])
def test_rows_are_kept_in_small_groups(duckdb_store: DuckDBStore, directory: Path, write: str):
    rows = 50_000
    getattr(duckdb_store, write)([content(SAMPLE, [{"id": f"{n:06d}"} for n in range(rows)], batch_rows=rows)])
    (file,) = directory.glob("*.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        sql = f"SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('{DATA}')"
        assert connection.execute(sql).fetchone() == (-(-rows // 20_480),)
