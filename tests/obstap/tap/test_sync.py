"""``/tap/sync``: whole answers, and every way to be wrong."""

from __future__ import annotations

import io
import re

import pytest
from astropy.io.votable import parse_single_table
from django.test import Client

from obstap.stores import TableStore
from obstap.tap.query import fetch, run_query
from vo.cancellation import Cancellation

pytestmark = pytest.mark.django_db

VOTABLE = "application/x-votable+xml"
QUERY = "SELECT id, ra, n, seen FROM test.things ORDER BY id"


def ask(client: Client, method: str = "get", **parameters: str):
    return getattr(client, method)("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY, **parameters})


def body(response) -> str:
    return response.getvalue().decode()


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/>
<INFO name="QUERY" value="SELECT id, ra, n, seen FROM test.things ORDER BY id"/>
<INFO name="publisher" value="ivo://athanor.example"/>
<INFO name="server_software" value="Athanor/0.1.0"/>
<INFO name="service_protocol" value="ivo://ivoa.net/std/TAP"/>
<INFO name="request" value="http://testserver/tap/sync?LANG=ADQL&amp;QUERY=SELECT+id%2C+ra%2C+n%2C+seen+FROM+test.things+ORDER+BY+id"/>
<INFO name="request_date" value="NOW"/>
<INFO name="reference_url" value="http://testserver/tables/test.things/"/>
<TABLE name="result">
<FIELD ID="id" name="id" datatype="char" arraysize="*" ucd="meta.id;meta.main"><DESCRIPTION>Identifier</DESCRIPTION></FIELD>
<FIELD ID="ra" name="ra" datatype="double" unit="deg" ucd="pos.eq.ra"/>
<FIELD ID="n" name="n" datatype="int"/>
<FIELD ID="seen" name="seen" datatype="char" arraysize="*" xtype="timestamp"/>
"""  # noqa: E501


def without_date(document: str) -> str:
    return re.sub(r'(name="request_date" value=)"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"', r'\1"NOW"', document)


def test_votable_in_full(archive, client: Client):
    response = ask(client)
    assert response.status_code == 200
    assert response["Content-Type"] == VOTABLE
    assert response["Server"] == "Athanor/0.1.0"
    assert response["Content-Disposition"] == 'inline; filename="result.vot"'
    assert (
        without_date(body(response))
        == HEAD
        + """<DATA>
<TABLEDATA>
<TR><TD>a&lt;1&gt;</TD><TD>10.5</TD><TD>1</TD><TD>2020-01-01T12:00:00</TD></TR>
<TR><TD>b,2</TD><TD>20.25</TD><TD></TD><TD></TD></TR>
<TR><TD>c</TD><TD>NaN</TD><TD>3</TD><TD>2021-06-30T23:59:59.25</TD></TR>
</TABLEDATA>
</DATA>
</TABLE>
</RESOURCE>
</VOTABLE>
"""
    )


def test_csv_in_full(archive, client: Client):
    response = ask(client, RESPONSEFORMAT="csv")
    assert response["Content-Type"] == "text/csv;header=present"
    assert response["Content-Disposition"] == 'inline; filename="result.csv"'
    assert body(response) == (
        'id,ra,n,seen\r\na<1>,10.5,1,2020-01-01T12:00:00\r\n"b,2",20.25,,\r\nc,NaN,3,2021-06-30T23:59:59.25\r\n'
    )


def test_tsv_in_full(archive, client: Client):
    response = ask(client, FORMAT="tsv")
    assert response["Content-Type"] == "text/tab-separated-values"
    assert body(response) == (
        "id\tra\tn\tseen\n"
        "a<1>\t10.5\t1\t2020-01-01T12:00:00\n"
        "b,2\t20.25\t\t\n"
        "c\tNaN\t3\t2021-06-30T23:59:59.25\n"
    )  # fmt: skip


def test_binary2_is_what_tabledata_is(archive, client: Client):
    document = ask(client, RESPONSEFORMAT=f"{VOTABLE};serialization=BINARY2")
    assert document["Content-Type"] == f"{VOTABLE};serialization=BINARY2"
    binary = parse_single_table(io.BytesIO(document.getvalue())).array
    text = parse_single_table(io.BytesIO(ask(client).getvalue())).array
    assert binary.tolist() == text.tolist()


@pytest.mark.parametrize("asked", ["text/xml", f"{VOTABLE};serialization=TABLEDATA", "text/csv"])
def test_the_media_type_that_was_asked_for_comes_back(archive, client: Client, asked):
    assert ask(client, RESPONSEFORMAT=asked)["Content-Type"] == asked


@pytest.mark.parametrize("lang", ["ADQL", "ADQL-2.0", "ADQL-2.1", "adql"])
def test_languages(archive, client: Client, lang):
    assert ask(client, LANG=lang).status_code == 200


def test_names_of_parameters_have_no_case_and_unknown_ones_are_ignored(archive, client: Client):
    response = client.get(
        "/tap/sync",
        {
            "request": "doQuery",
            "Version": "1.0",
            "lang": "ADQL",
            "Query": QUERY,
            "responseFormat": "csv",
            "maxrec": "1",
            "RUNID": "mine",
            "DUMMY": "ignore-me",
            "UPLOAD": "",
        },
    )
    assert body(response).splitlines() == ["id,ra,n,seen", "a<1>,10.5,1,2020-01-01T12:00:00"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_methods(archive, client: Client, method):
    assert len(body(ask(client, method, FORMAT="csv")).splitlines()) == 4


def test_urlencoded_post(archive, client: Client):
    response = client.post(
        "/tap/sync",
        "LANG=ADQL&FORMAT=csv&QUERY=SELECT+id+FROM+test.things%0AWHERE+n%3D1",
        content_type="application/x-www-form-urlencoded",
    )
    assert body(response) == "id\r\na<1>\r\n"


def test_a_signed_in_browser_needs_no_csrf_token_for_reading(archive, django_user_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_user("ada"))
    assert ask(client, "post").status_code == 200


@pytest.mark.parametrize(
    ("maxrec", "rows", "status"), [("0", 0, "OVERFLOW"), ("1", 1, "OVERFLOW"), ("3", 3, None), ("9" * 30, 3, None)]
)
def test_maxrec(archive, client: Client, maxrec, rows, status):
    document = body(ask(client, MAXREC=maxrec))
    assert document.count("<TR>") == rows
    assert document.count("<FIELD ") == 4
    expected = f'<INFO name="QUERY_STATUS" value="{status}"/>\n' if status else ""
    assert document.endswith(f"</TABLE>\n{expected}</RESOURCE>\n</VOTABLE>\n")


def test_the_service_s_own_limits_count_as_maxrec(archive, client: Client, settings):
    settings.ATHANOR_MAXREC = 2
    assert body(ask(client)).count("<TR>") == 2
    assert 'value="OVERFLOW"' in body(ask(client))
    settings.ATHANOR_MAXREC_HARD = 1
    assert body(ask(client, MAXREC="3")).count("<TR>") == 1


def test_reaching_top_is_no_overflow(archive, client: Client):
    document = body(ask(client, QUERY="SELECT TOP 2 id FROM test.things"))
    assert document.count("<TR>") == 2
    assert "OVERFLOW" not in document


def test_links_lead_to_this_service(archive, client: Client, settings):
    query = "SELECT TOP 1 access_url FROM ivoa.obscore ORDER BY obs_id"
    file = "files/XMM-EPIC/P0000000001PNS001PIEVLI0000.FTZ"
    assert body(ask(client, QUERY=query, FORMAT="csv")) == f"access_url\r\nhttp://testserver/{file}\r\n"
    settings.ATHANOR_BASE_URL = "https://archive.example/vo"
    assert body(ask(client, QUERY=query, FORMAT="csv")) == f"access_url\r\nhttps://archive.example/vo/{file}\r\n"


def test_documents_are_valid(archive, client: Client, validate):
    query = "SELECT TOP 2 * FROM ivoa.obscore"
    for fmt in ("votable", "votable/b2"):
        validate(ask(client, QUERY=query, RESPONSEFORMAT=fmt).getvalue())


@pytest.mark.parametrize(
    ("parameters", "status", "message"),
    [
        ({"LANG": ""}, 400, "LANG: it is required: the query language, such as ADQL or ADQL-2.1."),
        ({"LANG": "SQL"}, 400, "LANG: the query language 'SQL' is unknown; use ADQL, ADQL-2.0, ADQL-2.1."),
        ({"QUERY": ""}, 400, "QUERY: it is required: the query, in the language that LANG names."),
        ({"MAXREC": "-1"}, 400, "MAXREC: '-1' is no number of rows; give a whole number of at least 0."),
        ({"MAXREC": "many"}, 400, "MAXREC: 'many' is no number of rows; give a whole number of at least 0."),
        (
            {"UPLOAD": "t1,param:table"},
            400,
            (
                "UPLOAD: table t1: no file named 'table' came with the request."
                " Send it as a part of that name in a POST of multipart/form-data."
            ),
        ),
    ],
)
def test_errors(archive, client: Client, parameters, status, message):
    response = ask(client, **parameters)
    assert response.status_code == status
    assert response["Content-Type"] == VOTABLE
    assert response.content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        '<RESOURCE type="results">\n'
        f'<INFO name="QUERY_STATUS" value="ERROR">{message}</INFO>\n'
        "</RESOURCE>\n"
        "</VOTABLE>\n"
    )


def test_a_format_that_is_not_offered(archive, client: Client):
    response = ask(client, RESPONSEFORMAT="image/png")
    assert response.status_code == 400
    (text,) = re.findall('<INFO name="QUERY_STATUS" value="ERROR">(.*)</INFO>', response.content.decode())
    assert text.startswith(
        "RESPONSEFORMAT: 'image/png' is not offered; use one of votable, application/x-votable+xml, "
        "application/x-votable+xml;serialization=TABLEDATA, text/xml, application/xml, votable/b2, "
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DUFF QUERY", r"line 1, column 1: "),
        ("SELECT idd FROM test.things", r"line 1, column 8: .*idd.*\bid\b"),
        ("SELECT id FROM test.thing", r"line 1, column \d+: .*test\.thing.*test\.things"),
        ("SELECT id FROM test.things;DROP TABLE test.things", "line 1, column 27"),
        ("SELECT * FROM read_csv('/etc/passwd')", "line 1, column"),
    ],
)
def test_errors_of_the_query_say_where(archive, client: Client, query, message):
    response = ask(client, QUERY=query)
    assert response.status_code == 400
    (text,) = re.findall('<INFO name="QUERY_STATUS" value="ERROR">(.*)</INFO>', response.content.decode(), re.DOTALL)
    assert re.search(message, text), text


def test_errors_of_the_data_before_the_first_row(archive, client: Client):
    response = ask(client, QUERY="SELECT CAST(id AS INTEGER) AS number FROM test.things")
    assert response.status_code == 400
    assert '<INFO name="QUERY_STATUS" value="ERROR">' in response.content.decode()


def test_errors_as_text_for_those_who_asked_for_text(archive, client: Client):
    response = ask(client, QUERY="DUFF QUERY", RESPONSEFORMAT="csv")
    assert response.status_code == 400
    assert response["Server"] == "Athanor/0.1.0"
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_a_parameter_given_twice(archive, client: Client):
    response = client.get("/tap/sync?LANG=ADQL&QUERY=a&QUERY=b")
    assert response.status_code == 400
    assert "QUERY: it is given 2 times with different values; give it once." in response.content.decode()


def test_time_limit(archive, client: Client, settings):
    settings.ATHANOR_SYNC_TIME_LIMIT = 0.05
    query = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(5))
    response = ask(client, QUERY=query)
    assert response.status_code == 408
    assert response["Connection"] == "close"
    assert "Retry-After" not in response  # it would end the same
    assert (
        '<INFO name="QUERY_STATUS" value="ERROR">The query exceeded its time limit of 0.05 s. '
        "Narrow it, or give it more time: an asynchronous job may take as long as its EXECUTIONDURATION.</INFO>"
    ) in response.content.decode()


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods(archive, client: Client, method):
    response = getattr(client, method)("/tap/sync")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"
    assert response["Server"] == "Athanor/0.1.0"


def test_head_checks_the_query_and_does_not_run_it(archive, client: Client, settings):
    settings.ATHANOR_SYNC_TIME_LIMIT = 0.01
    endless = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(5))
    response = client.head("/tap/sync", {"LANG": "ADQL", "QUERY": endless, "RESPONSEFORMAT": "csv"})
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv;header=present")
    assert client.head("/tap/sync", {"LANG": "ADQL", "QUERY": "DUFF QUERY"}).status_code == 400


def test_parameters_come_in_the_query_and_in_the_body(archive, client: Client):
    response = client.post(f"/tap/sync?lang=ADQL&QUERY={QUERY}", {"responseformat": "csv", "MaxRec": "1"})
    assert body(response).splitlines() == ["id,ra,n,seen", "a<1>,10.5,1,2020-01-01T12:00:00"]


def test_a_body_that_is_no_form_is_refused(archive, client: Client):
    response = client.post("/tap/sync", {"LANG": "ADQL", "QUERY": QUERY}, content_type="application/json")
    assert response.status_code == 415
    assert "multipart/form-data" in response.content.decode()


def test_runid_is_echoed(archive, client: Client):
    document = body(ask(client, RUNID='mine & "theirs"'))
    assert '<INFO name="RUNID" value="mine &amp; &quot;theirs&quot;"/>' in document
    assert "RUNID" not in body(ask(client))


def test_a_stream_that_nobody_reads_lets_go_of_the_tables(archive: TableStore):
    reader = archive._reader
    before = reader._current.holders if reader._current else 0
    answer = run_query(query="SELECT * FROM ivoa.obscore", base_url="http://x")
    assert reader._current.holders > before
    answer.close()
    answer.close()
    with archive.snapshot():
        assert reader._current.holders == before + 1


def test_a_cancelled_stream_ends_and_says_so(archive: TableStore):
    cancellation = Cancellation()
    query = "SELECT a.column_name FROM " + ", ".join(f"tap_schema.columns AS {name}" for name in "abcd")
    answer = run_query(query=query, base_url="http://x", maxrec=20_000_000, cancellation=cancellation)
    first = next(answer)
    cancellation.cancel()
    document = first + b"".join(answer)
    assert b'<INFO name="QUERY_STATUS" value="ERROR">The work was cancelled.</INFO>' in document
    assert document.endswith(b"</VOTABLE>\n")
    answer.close()


def test_fetch(archive):
    answer = fetch(QUERY, base_url="http://x", maxrec=1)
    assert [column.name for column in answer.columns] == ["id", "ra", "n", "seen"]
    assert [row[:3] for row in answer.rows] == [("a<1>", 10.5, 1)]
    assert answer.rows[0][3].isoformat() == "2020-01-01T12:00:00"
    assert answer.overflow
    assert not fetch(QUERY, base_url="http://x", maxrec=3).overflow
    nothing = fetch(QUERY, base_url="http://x", maxrec=0)
    assert (nothing.rows, nothing.overflow) == ([], True)


def test_queries_have_a_longest_length(archive, client: Client):
    response = ask(client, "post", QUERY=f"{QUERY} --{'x' * 2**20}", RESPONSEFORMAT="csv")
    assert response.status_code == 400
    assert response.content.decode() == "QUERY: it has 1,048,630 characters; 1,048,576 are allowed.\n"


@pytest.mark.parametrize("distinct", ["", "DISTINCT "])
def test_all_columns_at_once_are_the_columns_one_by_one(archive: TableStore, distinct: str):
    with archive.snapshot() as snapshot:
        names = [column.name for column in snapshot.tables["ivoa.obscore"].columns]
    form = "SELECT {}{} FROM ivoa.obscore ORDER BY obs_publisher_did"
    whole = fetch(form.format(distinct, "*"), base_url="http://vo.example")
    listed = fetch(form.format(distinct, ", ".join(names)), base_url="http://vo.example")
    turned = fetch(form.format(distinct, ", ".join(reversed(names))), base_url="http://vo.example")
    assert [column.name for column in whole.columns] == names
    assert (whole.columns, whole.rows) == (listed.columns, listed.rows)
    assert whole.rows == [tuple(reversed(row)) for row in turned.rows]
    assert len(whole.rows) == 3
    urls = {row[names.index("access_url")] for row in whole.rows}
    assert all(url.startswith("http://vo.example/files/") for url in urls)
