"""Publishing into PostgreSQL is publishing into any other archive."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from obstap import catalogue, stores
from obstap.stores import TableStore, get_store
from tests.obstap.publish import samples
from tests.obstap.publish.conftest import published, rows


@pytest.fixture
def archive(postgresql_url: str, settings) -> Iterator[TableStore]:
    settings.ARCHIVE_URL = postgresql_url
    catalogue.ensure()
    yield get_store()
    stores._stores.pop(postgresql_url).close()


def test_a_catalogue_on_postgresql(publish, archive, tmp_path):
    out, _ = publish(
        samples.write_fits(tmp_path / "c.fits"), "--schema-description", "Trials", "--index", "flux", "--key", "srcid"
    )
    assert out.startswith("trial.sources published: 4 rows, 12 columns\n")
    assert [column.name for column in published(archive).columns if column.indexed] == ["srcid", "ra", "dec", "flux"]
    assert rows("SELECT * FROM trial.sources ORDER BY srcid") == samples.PUBLISHED
    assert rows("SELECT srcid FROM trial.sources WHERE DISTANCE(POINT(ra, dec), POINT(128.8, -45.2)) < 1") == [(4,)]
    assert rows("SELECT srcid FROM trial.sources WHERE 1 = CONTAINS(POINT(10.5, -20.2), s_region)") == [(1,)]
    assert rows("SELECT description FROM tap_schema.schemas WHERE schema_name = 'trial'") == [("Trials",)]
    (tmp_path / "broken.csv").write_text("a\n" + "1\n" * 100_000 + "oops\n")
    (tmp_path / "m.csv").write_text("name,datatype\na,int\n")
    with pytest.raises(CommandError, match="Column a: 'oops' is no whole number"):
        publish(tmp_path / "broken.csv", "--metadata", str(tmp_path / "m.csv"), "--replace")
    assert rows("SELECT COUNT(*) FROM trial.sources") == [(4,)]
    call_command("unpublish_table", "trial.sources", "--yes", stdout=io.StringIO())
    assert rows("SELECT table_name FROM tap_schema.tables WHERE schema_name = 'trial'") == []
