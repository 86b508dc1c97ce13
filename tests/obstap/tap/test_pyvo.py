"""The service as pyvo sees it, over HTTP."""

from __future__ import annotations

import numpy as np
import pytest
import pyvo
from pyvo.dal.exceptions import DALOverflowWarning, DALQueryError

from obstap.live import live_examples
from obstap.tap.examples import EXAMPLES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(archive, live_server) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(f"{live_server.url}/tap")


def test_search(service):
    table = service.search('SELECT id, ra, n, seen, "size" FROM test.things ORDER BY id').to_table()
    assert list(table["id"]) == ["a<1>", "b,2", "c"]
    assert table["ra"].unit == "deg"
    assert table["n"].mask.tolist() == [False, True, False]
    assert table["size"].dtype == np.float32


def test_search_in_binary(service):
    results = service.search("SELECT id, n FROM test.things ORDER BY id", responseformat="votable/b2")
    assert [row["id"] for row in results] == ["a<1>", "b,2", "c"]


def test_overflow_by_the_service_is_a_warning(service, settings):
    settings.ATHANOR_MAXREC = 2
    with pytest.warns(DALOverflowWarning):
        assert len(service.search("SELECT id FROM test.things")) == 2
    assert len(service.search("SELECT id FROM test.things", maxrec=1)) == 1


def test_errors_arrive_with_their_text(service):
    with pytest.raises(DALQueryError, match=r"line 1, column 8"):
        service.search("SELECT idd FROM test.things")


def test_tables(service):
    assert "test.things" in service.tables
    table = service.tables["test.things"]
    assert table.description == "Things <small & large>"
    assert [column.name for column in table.columns] == ["id", "ra", "n", "seen", '"size"']


def test_capabilities(service):
    assert service.maxrec == 20_000
    assert service.hardlimit == 20_000_000
    tap = service.get_tap_capability()
    adql = tap.get_adql()
    assert adql.get_feature("ivo://ivoa.net/std/TAPRegExt#features-adqlgeo", "CONTAINS")
    assert [method.ivo_id.rpartition("#")[2] for method in service.upload_methods] == ["upload-inline", "upload-http"]


@pytest.mark.parametrize("password", ["", "secret"])
def test_anonymous_and_signed_in(archive, live_server, django_user_model, password):
    django_user_model.objects.create_user("ada", password="secret")
    session = pyvo.auth.AuthSession()
    if password:
        session.credentials.set_password("ada", password)
    service = pyvo.dal.TAPService(f"{live_server.url}/tap", session=session)
    assert len(service.search("SELECT id FROM test.things")) == 3


def test_examples(service):
    assert len(service.examples) == len(EXAMPLES) + len(live_examples())
    assert service.examples[len(EXAMPLES) - 1].execute().to_table()["column_name"][0] == "dataproduct_type"
