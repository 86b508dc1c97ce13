"""``UPLOAD``: tables that come with a query (TAP 1.1 §2.7.6)."""

from __future__ import annotations

import html
import io
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy.io.votable import parse_single_table
from astropy.table import Table
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree

from tests.vo.votable.documents import document, read, tabledata
from tests.vo.votable.test_reading import field
from uws.testing import drive

NUMBERS = document(
    field("int") + '<FIELD name="my col" datatype="char" arraysize="*"/>', tabledata(("1", "one"), ("3", ""))
)


def part(data: bytes = NUMBERS, name: str = "t") -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name}.vot", data, content_type="application/x-votable+xml")


def ask(client: Client, query: str, *, upload: str = "t,param:t", **parameters: object):
    given = {"LANG": "ADQL", "FORMAT": "csv", "UPLOAD": upload, "QUERY": query, "t": part(), **parameters}
    return client.post("/tap/sync", {name: value for name, value in given.items() if value is not None})


def lines(response) -> list[str]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code == 200, content
    return content.decode().splitlines()


@pytest.mark.parametrize("name", ["TAP_UPLOAD.t", "tap_upload.T", '"TAP_UPLOAD"."t"'])
def test_a_table_is_there_by_its_name(archive, client: Client, name: str) -> None:
    assert lines(ask(client, f'SELECT a, "my col" FROM {name} ORDER BY a')) == ["a,my col", "1,one", "3,"]


def test_it_is_joined_with_the_archive(archive, client: Client) -> None:
    query = "SELECT u.a, s.id FROM TAP_UPLOAD.t AS u JOIN test.things AS s ON u.a = s.n ORDER BY 1"
    assert lines(ask(client, query)) == ["a,id", "1,a<1>", "3,c"]


def test_several_tables_and_parameters(archive, client: Client) -> None:
    other = part(document(field("int"), tabledata(("3",), ("4",))))
    for upload in ("t,param:t;u,param:other", ["t,param:t", "u,param:other"]):
        query = "SELECT t.a FROM TAP_UPLOAD.t JOIN TAP_UPLOAD.u ON t.a = u.a"
        assert lines(ask(client, query, upload=upload, other=other)) == ["a", "3"]
        other.seek(0)


def test_it_is_gone_with_the_query(archive, client: Client) -> None:
    lines(ask(client, "SELECT a FROM TAP_UPLOAD.t"))
    response = ask(client, "SELECT a FROM TAP_UPLOAD.t", upload="", t=None)
    assert response.status_code == 400
    assert b"There is no table TAP_UPLOAD.t." in response.content
    assert b"tap_upload" not in client.get("/tap/tables").content.lower()


def test_queries_do_not_see_the_tables_of_others(archive) -> None:
    def count(number: int) -> list[str]:
        data = document(field("int"), tabledata(*((str(number),) for _ in range(number))))
        return lines(ask(Client(), "SELECT COUNT(*) AS n, MAX(a) AS a FROM TAP_UPLOAD.t", t=part(data)))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(count, range(1, 13))) == [["n,a", f"{number},{number}"] for number in range(1, 13)]


@pytest.mark.filterwarnings("ignore::astropy.io.votable.exceptions.VOWarning")
@pytest.mark.parametrize("serialisation", ["tabledata", "binary", "binary2"])
@pytest.mark.parametrize("responseformat", ["votable/td", "votable/b2"])
def test_every_value_comes_back(archive, client: Client, serialisation: str, responseformat: str) -> None:
    table = Table(
        {
            "id": np.array([1, 2, 3], "i8"),
            "Id": np.array([1, -2, 3], "i2"),
            "select": np.array([1.5, np.nan, -0.25], "f4"),
            'odd "name"; --': np.array([0.1, 1e300, -1e-300]),
            "flag": np.array([True, False, True]),
            "text": np.array(["plain", "ä <&> α", ""]),
            "pair": np.array([[1, 2], [3, 4], [5, 6]], "i4"),
        }
    )
    table["select"].unit = "mJy"
    table['odd "name"; --'].description = "With 'quotes'"
    sent = io.BytesIO()
    table.write(sent, format="votable", tabledata_format=serialisation)
    response = ask(client, "SELECT * FROM TAP_UPLOAD.t", t=part(sent.getvalue()), FORMAT=responseformat)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code == 200, content
    found = parse_single_table(io.BytesIO(content))
    given = parse_single_table(io.BytesIO(sent.getvalue()))
    renamed = {"Id": "Id_2"}
    for one, other in zip(found.fields, given.fields, strict=True):
        assert one.name == renamed.get(other.name, other.name)
        # astropy sends booleans as bits.
        assert one.datatype == {"bit": "boolean"}.get(other.datatype, other.datatype)
        assert (one.arraysize, one.unit) == (other.arraysize, other.unit)
        assert one.description == other.description
    for column in range(len(table.columns)):
        one, other = (np.ma.filled(side.array[side.array.dtype.names[column]]) for side in (found, given))
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("responseformat", ["votable/td", "votable/b", "votable/b2"])
@pytest.mark.parametrize(
    "case",
    [
        ("boolean", "3", "T ? F", [True, None, False]),
        ("int", "2x*", "1 2 3 4", [1, 2, 3, 4]),
        ("double", "2x2", "1 NaN 3 4", [1.0, math.nan, 3.0, 4.0]),
        ("double", "40x40", "", None),
        ("doubleComplex", "", "1 -2", [1.0, -2.0]),
        ("char", "2x3", "abcdef", "abcdef"),
        ("char", "5", "für", "f{}r"),
        ("char", "", "ü", "{}"),
        ("unicodeChar", "5", "fürαβ", "fürαβ"),
    ],
)
def test_arrays_come_back(archive, client: Client, responseformat: str, case: tuple[str, str, str, object]) -> None:
    datatype, arraysize, cell, value = case
    data = document(field(datatype, arraysize), tabledata((cell,)))
    response = ask(client, "SELECT * FROM TAP_UPLOAD.t", t=part(data), FORMAT=responseformat)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if datatype == "char":
        # Fields of this type are ASCII in binary, and the writers put references there.
        value = value.format("ü" if responseformat == "votable/td" else "&#252;")
    np.testing.assert_equal(read(content), [(value,)])


def test_positions_and_regions(archive, client: Client) -> None:
    fields = (
        '<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>'
        '<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>'
        '<FIELD name="where" datatype="double" arraysize="3" xtype="circle"/>'
        '<FIELD name="field" datatype="char" arraysize="*" xtype="adql:REGION"/>'
    )
    rows = [
        ("83.633", "22.0", "83.6 22 1", "CIRCLE ICRS 83.7 22 0.5"),
        ("10", "-60", "10 -60 1", "POLYGON ICRS 9 -61 11 -61 10 -59"),
    ]
    given = {"t": part(document(fields, tabledata(*rows)))}
    near = "SELECT u.ra, COUNT(*) AS n FROM TAP_UPLOAD.t AS u JOIN ivoa.obscore AS o ON {} GROUP BY u.ra"
    for condition in (
        "DISTANCE(POINT(u.ra, u.dec), POINT(o.s_ra, o.s_dec)) < 0.25",
        "1 = CONTAINS(POINT(u.ra, u.dec), CIRCLE(o.s_ra, o.s_dec, 0.25))",
    ):
        assert lines(ask(client, near.format(condition), **given)) == ["ra,n", "83.633,2"]
        given["t"].seek(0)
    for condition in (
        '1 = CONTAINS(POINT(o.s_ra, o.s_dec), u."where")',
        '1 = INTERSECTS(u."field", o.s_region)',
        '1 = CONTAINS(POINT(o.s_ra, o.s_dec), u."field")',
    ):
        assert lines(ask(client, near.format(condition), **given)) == ["ra,n", "83.633,3"]
        given["t"].seek(0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"t": part(b"ra,dec\n1,2\n")}, "UPLOAD: table t: line 1, column 1: it is no well-formed XML (syntax error)."),
        (
            {"t": part(document(field("int"), tabledata(("1",), ("x",))))},
            "UPLOAD: table t: row 2, column a: 'x' is no value of the data type int.",
        ),
        ({"upload": "t,file:///etc/passwd"}, "UPLOAD: table t: 'file:///etc/passwd' cannot be read here."),
        ({"upload": "t,http://127.0.0.1:1/x"}, "UPLOAD: tables are not fetched from 127.0.0.1:1."),
        ({"upload": "t,param:other"}, "UPLOAD: table t: no file named 'other' came with the request."),
        ({"upload": "t"}, "UPLOAD: 't' is no pair;"),
    ],
)
def test_errors_name_the_parameter(archive, db, client: Client, given: dict[str, object], message: str) -> None:
    response = ask(client, "SELECT a FROM TAP_UPLOAD.t", **given)
    assert response.status_code == 400
    assert message in html.unescape(response.text)


def test_without_rows_only_the_columns_are_told(archive, client: Client) -> None:
    assert lines(ask(client, "SELECT * FROM TAP_UPLOAD.t", MAXREC="0")) == ["a,my col"]


def test_only_listed_hosts_add_a_method(archive, client: Client, settings) -> None:
    settings.ATHANOR_UPLOAD_HOSTS = ["data.example.org"]
    tap = etree.fromstring(client.get("/tap/capabilities").content).find("capability")
    methods = [method.get("ivo-id").rpartition("-")[2] for method in tap.findall("uploadMethod")]
    assert methods == ["inline", "http", "https"]


@pytest.mark.django_db(transaction=True)
class TestJobs:
    @pytest.fixture(autouse=True)
    def _home(self, archive, settings, tmp_path):
        settings.ATHANOR_HOME = tmp_path / "home"
        settings.ATHANOR_HOME.mkdir()

    def create(self, client: Client, **given: object) -> str:
        response = client.post("/tap/async", {"LANG": "ADQL", "FORMAT": "csv", **given})
        assert response.status_code == 303
        return response["Location"].removeprefix("http://testserver")

    def result(self, client: Client, job: str) -> bytes:
        drive()
        assert client.get(f"{job}/phase").text == "COMPLETED", client.get(f"{job}/error").text
        return client.get(f"{job}/results/result").getvalue()

    def test_the_file_comes_when_the_job_is_created(self, client: Client) -> None:
        job = self.create(client, QUERY="SELECT a FROM TAP_UPLOAD.t", UPLOAD="t,param:t", t=part(), PHASE="RUN")
        assert self.result(client, job) == b"a\r\n1\r\n3\r\n"

    def test_files_come_later_and_add_up(self, client: Client) -> None:
        job = self.create(client, QUERY="SELECT t.a FROM TAP_UPLOAD.t JOIN TAP_UPLOAD.u ON t.a = u.a")
        client.post(f"{job}/parameters", {"UPLOAD": "t,param:t", "t": part()})
        other = part(document(field("int"), tabledata(("3",))))
        client.post(f"{job}/parameters", {"UPLOAD": "u,param:second", "second": other})
        client.post(f"{job}/phase", {"PHASE": "RUN"})
        assert self.result(client, job) == b"a\r\n3\r\n"

    def test_a_part_may_have_the_name_of_a_parameter(self, client: Client) -> None:
        job = self.create(
            client, QUERY="SELECT a FROM TAP_UPLOAD.t", UPLOAD="t,param:MAXREC", MAXREC=part(), PHASE="RUN"
        )
        assert self.result(client, job) == b"a\r\n1\r\n3\r\n"

    def test_what_is_wrong_is_told_when_the_job_runs(self, client: Client) -> None:
        job = self.create(
            client, QUERY="SELECT a FROM TAP_UPLOAD.t", UPLOAD="t,param:t", t=part(b"<VOTABLE/>"), PHASE="RUN"
        )
        drive()
        assert client.get(f"{job}/phase").text == "ERROR"
        message = "UPLOAD: table t: the document has no TABLE with FIELDs."
        assert message in client.get(f"{job}/error").text

    def test_results_of_jobs_are_tables_for_others(self, client: Client) -> None:
        first = self.create(client, QUERY="SELECT id, n FROM test.things", FORMAT="votable", PHASE="RUN")
        self.result(client, first)
        query = "SELECT id FROM TAP_UPLOAD.mine WHERE n = 3"
        for uri in (f"http://testserver{first}/results/result", f"job:{first.rpartition('/')[2]}/result"):
            job = self.create(client, QUERY=query, UPLOAD=f"mine,{uri}", PHASE="RUN")
            assert self.result(client, job) == b"id\r\nc\r\n"
            assert lines(ask(client, query, upload=f"mine,{uri}", t=None)) == ["id", "c"]

    def test_results_of_others_are_not(self, client: Client, django_user_model) -> None:
        client.force_login(django_user_model.objects.create_user("one"))
        job = self.create(client, QUERY="SELECT id FROM test.things", FORMAT="votable", PHASE="RUN")
        self.result(client, job)
        client.force_login(django_user_model.objects.create_user("two"))
        response = ask(client, "SELECT * FROM TAP_UPLOAD.t", upload=f"t,job:{job.rpartition('/')[2]}/result", t=None)
        assert response.status_code == 400
        assert b"UPLOAD: table t: There is no job" in response.content
