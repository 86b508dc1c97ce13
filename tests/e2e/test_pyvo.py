"""Every call of pyvo's clients of tables, cones and images, on the running service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
import pyvo
import requests
from astropy.table import Table
from pyvo.dal import dbapi2
from pyvo.dal.exceptions import DALOverflowWarning, DALQueryError, DALServiceError
from pyvo.dal.tap import AsyncTAPJob

from tests.stack import Stack

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyvo leaves answers half read
]

ALL = "SELECT obs_publisher_did, instrument_name, t_exptime FROM ivoa.obscore WHERE obs_collection = 'xmm-sim'"
ENDLESS = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(7))
GEOMETRY = "ivo://ivoa.net/std/TAPRegExt#features-adqlgeo"
UNKNOWN = "There is no column nothing"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Connections that end with the test; pyvo's own stay open until nobody remembers them."""
    with requests.Session() as connections:
        yield connections


@pytest.fixture
def tap(stack: Stack, session: requests.Session) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(f"{stack.base_url}/tap", session=session)


@pytest.fixture
def job(tap: pyvo.dal.TAPService) -> Iterator[AsyncTAPJob]:
    """A job that waits for its start, removed after the test."""
    with tap.submit_job(ALL, maxrec=2, runid="mine") as submitted:
        yield submitted


class TestAtOnce:
    """Synchronous queries."""

    @pytest.mark.parametrize("call", ["search", "run_sync"])
    def test_a_query(self, tap, call):
        results = getattr(tap, call)(ALL)
        assert sorted(results["instrument_name"]) == ["EMOS1", "EMOS2", "EPN"]
        assert results.fieldnames == ("obs_publisher_did", "instrument_name", "t_exptime")
        assert results.getdesc("t_exptime").unit == "s"
        assert results.query_status == "OK"
        assert results.infos["QUERY"] == ALL
        assert results.infos["service_protocol"] == "ivo://ivoa.net/std/TAP"
        assert results.to_table()["t_exptime"].unit == "s"
        assert results.to_qtable()["t_exptime"].unit == "s"
        assert results[0]["t_exptime"] > 0

    def test_a_function_of_the_module(self, stack):
        assert len(pyvo.dal.tap.search(f"{stack.base_url}/tap", ALL)) == 3

    def test_language_and_runid(self, tap):
        results = tap.search(ALL, language="ADQL-2.0", runid="mine")
        assert results.infos["RUNID"] == "mine"
        with pytest.raises(DALQueryError, match="LANG: the query language 'PQL' is unknown"):
            tap.search(ALL, language="PQL")

    def test_limits(self, tap):
        assert (tap.maxrec, tap.hardlimit) == (20_000, 20_000_000)
        assert len(tap.search(ALL, maxrec=2)) == 2

    def test_an_answer_that_the_service_cut_off(self, tap):
        many = "SELECT a.column_name FROM tap_schema.columns AS a, tap_schema.columns AS b, tap_schema.tables"
        with pytest.warns(DALOverflowWarning):
            results = tap.search(many)
        assert len(results) == 20_000
        assert results.query_status == "OVERFLOW"

    def test_what_is_wrong(self, tap):
        with pytest.raises(DALQueryError, match=f"line 1, column 8: {UNKNOWN}"):
            tap.search("SELECT nothing FROM ivoa.obscore")

    def test_the_query_before_it_is_sent(self, tap):
        query = tap.create_query(ALL, maxrec=1)
        assert len(query.execute()) == 1
        assert query.execute_votable().resources[0].type == "results"
        assert query.execute_raw().startswith(b"<?xml")
        assert query.queryurl.endswith("/tap/sync")

    @pytest.mark.parametrize("form", ["votable", "votable/td", "votable/b", "votable/b2", "text/xml"])
    def test_forms_of_votables(self, tap, form):
        results = tap.search(f"{ALL} ORDER BY 2", responseformat=form)
        assert list(results["instrument_name"]) == ["EMOS1", "EMOS2", "EPN"]
        assert results["t_exptime"].dtype == np.float64

    def test_a_database_cursor(self, tap):
        cursor = tap.search(f"{ALL} ORDER BY instrument_name").cursor()
        assert isinstance(cursor, dbapi2.Cursor)
        assert cursor.rowcount == 3
        assert [column[0] for column in cursor.description] == ["obs_publisher_did", "instrument_name", "t_exptime"]
        assert cursor.fetchone()[1] == "EMOS1"
        assert [row[1] for row in cursor.fetchmany(1)] == ["EMOS2"]
        assert [row[1] for row in cursor.fetchall()] == ["EPN"]
        cursor.close()


class TestDescriptions:
    """What the service says of itself."""

    def test_tables(self, tap):
        assert "ivoa.obscore" in tap.tables.keys()  # noqa: SIM118 - no dictionary
        assert len(list(tap.tables.values())) == len(list(tap.tables.items())) > 6
        table = tap.tables["ivoa.obscore"]
        assert len(table.columns) == 60
        assert table.columns[0].ucd == "meta.code.class"
        (key,) = tap.tables["ivoa.obscore_hea"].foreignkeys
        assert key.targettable == "ivoa.obscore"
        text = StringIO()
        tap.tables.describe()
        table.describe()
        text.close()

    def test_capabilities(self, tap, capsys):
        assert next(capability.standardid for capability in tap.capabilities) == "ivo://ivoa.net/std/TAP"
        capability = tap.get_tap_capability()
        assert [model.content for model in capability.datamodels] == ["ObsCore-1.1"]
        adql = capability.get_adql()
        assert [version.content for version in adql.versions] == ["2.0", "2.1"]
        assert adql.get_feature(GEOMETRY, "INTERSECTS").form == "INTERSECTS"
        assert adql.get_feature(GEOMETRY, "NOTHING") is None
        assert adql.get_udf("ivo_string_agg").form.startswith("ivo_string_agg(")
        assert adql.get_udf("nothing") is None
        assert "text/csv;header=present" in [output.mime for output in capability.outputformats]
        tap.describe()
        assert "ObsCore-1.1" in capsys.readouterr().out

    def test_upload_methods(self, tap):
        assert {method.ivo_id.partition("#")[2] for method in tap.upload_methods} >= {"upload-inline"}

    def test_examples(self, tap):
        assert len(tap.examples) >= 10
        assert all(len(example.execute().fieldnames) > 1 for example in tap.examples)


class TestJobs:
    """Asynchronous queries."""

    def test_in_one_call(self, tap):
        results = tap.run_async(ALL)
        assert sorted(results["instrument_name"]) == ["EMOS1", "EMOS2", "EPN"]
        assert results.query_status == "OK"

    def test_an_error_in_one_call(self, tap):
        with pytest.raises(DALQueryError, match=f"line 1, column 8: {UNKNOWN}"):
            tap.run_async("SELECT nothing FROM ivoa.obscore")

    def test_its_life(self, job):
        assert job.phase == "PENDING"
        assert job.uws_version == "1.1"
        assert job.url.endswith(f"/tap/async/{job.job_id}")
        assert job.owner is None
        assert job.query == ALL
        assert job.job.runid == "mine"
        job.query = f"{ALL} ORDER BY instrument_name"
        assert job.query.endswith("ORDER BY instrument_name")
        job.run().wait(timeout=120)
        assert job.phase == "COMPLETED"
        job.raise_if_error()
        assert job.result.mimetype == "application/x-votable+xml"
        assert job.result_uri == f"{job.url}/results/result"
        assert job.result_uris == [job.result_uri]
        results = job.fetch_result()
        assert list(results["instrument_name"]) == ["EMOS1", "EMOS2"]
        assert results.query_status == "OVERFLOW"

    def test_limits(self, job):
        assert job.execution_duration.to_value("s") == 3600
        job.execution_duration = 60
        assert job.execution_duration.to_value("s") == 60
        tomorrow = datetime.now(UTC).replace(microsecond=0, tzinfo=None) + timedelta(days=1)
        job.destruction = tomorrow
        assert job.destruction.to_datetime() == tomorrow
        assert job.quote is None

    def test_its_end(self, tap):
        job = tap.submit_job(ENDLESS)
        job.run()
        job.abort()
        assert job.phase == "ABORTED"
        with pytest.raises(DALServiceError, match="not active"):
            job.wait(timeout=120)
        with pytest.raises(DALQueryError):
            job.raise_if_error()
        url = job.url
        job.delete()
        with pytest.raises(DALServiceError, match="404"):
            AsyncTAPJob(url, session=tap._session)

    def test_its_error(self, tap):
        with tap.submit_job("SELECT nothing FROM ivoa.obscore") as job:
            job.run().wait(timeout=120)
            assert job.phase == "ERROR"
            assert UNKNOWN in job.job.errorsummary.message.content
            with pytest.raises(DALQueryError, match=UNKNOWN):
                job.fetch_result()

    def test_its_time_limit(self, tap):
        with tap.submit_job(ENDLESS) as job:
            job.execution_duration = 1
            job.run().wait(timeout=120)
            assert job.phase == "ERROR"
            with pytest.raises(DALQueryError, match="time limit of 1 s"):
                job.raise_if_error()

    def test_an_empty_answer(self, tap):
        assert len(tap.run_async("SELECT obs_id FROM ivoa.obscore WHERE obs_id = 'nothing'")) == 0

    def test_finding_it_again(self, tap, job):
        found = tap.get_job(job.job_id)
        assert (found.phase, found.runid) == ("PENDING", "mine")
        before = datetime.now(UTC) - timedelta(hours=1)
        assert job.job_id in [one.jobid for one in tap.get_job_list()]
        assert job.job_id in [one.jobid for one in tap.get_job_list(phases=["PENDING", "HELD"], after=before)]
        assert [one.jobid for one in tap.get_job_list(last=1)] == [job.job_id]
        assert job.job_id not in [one.jobid for one in tap.get_job_list(phases="COMPLETED")]

    @pytest.mark.parametrize(
        ("form", "media_type", "beginning"),
        [
            ("csv", "text/csv;header=present", "obs_publisher_did,instrument_name"),
            ("votable/b2", "application/x-votable+xml;serialization=BINARY2", "<BINARY2>"),
        ],
    )
    def test_other_formats(self, tap, form, media_type, beginning):
        with tap.submit_job(ALL, responseformat=form) as job:
            job.run().wait(timeout=120)
            document = tap._session.get(job.result_uri, timeout=60)
        assert document.headers["Content-Type"] == media_type
        assert beginning in document.text


class TestUploads:
    """Tables that the client brings."""

    QUERY = "SELECT mine.number, t_exptime FROM TAP_UPLOAD.mine AS mine JOIN ivoa.obscore ON camera = instrument_name"

    @pytest.fixture
    def mine(self) -> Table:
        return Table({"number": [1, 2], "camera": ["EPN", "EMOS1"]})

    def test_at_once(self, tap, mine):
        assert sorted(tap.search(self.QUERY, uploads={"mine": mine})["number"]) == [1, 2]

    def test_as_a_job(self, tap, mine):
        assert sorted(tap.run_async(self.QUERY, uploads={"mine": mine})["number"]) == [1, 2]

    def test_a_table_that_comes_later(self, tap, mine):
        with tap.submit_job(self.QUERY) as job:
            job.upload(mine=mine)
            job.run().wait(timeout=120)
            assert sorted(job.fetch_result()["number"]) == [1, 2]


def test_cone_search(stack, tap, session):
    row = tap.search("SELECT TOP 1 s_ra, s_dec FROM ivoa.obscore WHERE obs_collection = 'xmm-sim'")[0]
    position = row["s_ra"], row["s_dec"]
    service = pyvo.dal.SCSService(f"{stack.base_url}/scs", session=session)
    results = service.search(pos=position, radius=0.01)
    assert len(results) == 3
    assert results[0].id.startswith("ivo://athanor.example/xmm-sim?")
    assert results[0].pos.ra.deg == pytest.approx(position[0], abs=0.01)
    assert len(service.search(pos=position, radius=0.01, verbosity=3).fieldnames) == 60
    assert {"obs_publisher_did", "s_ra", "s_dec"} <= {column.name for column in service.columns}
    with pytest.raises(DALQueryError, match="SR: 200 lies outside 0 to 180 degrees"):
        service.search(pos=position, radius=200)


def test_sia(stack_with_images, session):
    service = pyvo.dal.SIA2Service(f"{stack_with_images.base_url}/sia2", session=session)
    (record,) = service.search(collection="xmm", data_type="image")
    assert record.access_format == "application/fits"
    assert record.dataproduct_type == "image"
    place = record.s_ra.value, record.s_dec.value
    wanted = {
        "pos": [(*place, 0.1), (0.0, 10.0, -10.0, 10.0)],
        "band": (record.em_min.value, record.em_max.value),
        "time": (record.t_min, record.t_max),
        "exptime": (1.0, float("inf")),
        "field_of_view": (0.1, 1.0),
        "facility": record.facility_name,
        "instrument": [record.instrument_name, "none"],
        "calib_level": record.calib_level,
        "target_name": record.target_name,
        "publisher_did": record.obs_publisher_did.upper(),
        "res_format": "application/fits",
        "maxrec": 10,
    }
    assert [found.obs_publisher_did for found in service.search(**wanted)] == [record.obs_publisher_did]
    assert len(service.search(pos=(place[0], place[1] + 5, 0.1))) == 0
    with pytest.raises(DALQueryError, match="DPTYPE: 'event' is unknown"):
        service.search(data_type="event")
