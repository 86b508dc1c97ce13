"""VOSI documents: what they say, against their schemas and as pyvo reads them."""

from __future__ import annotations

import pytest
from django.test import Client
from lxml import etree

from obstap.live import live_examples, live_tables
from obstap.stores import get_store
from obstap.tap.examples import EXAMPLES
from obstap.writers import WRITERS
from vo.errors import UnavailableError

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/tap/capabilities",
        "/tap/availability",
        "/tap/tables",
        "/tap/tables?detail=min",
        "/tap/tables/ivoa.obscore",
        "/tap/tables/test.things",
    ],
)
def test_documents_are_valid(archive, client, validate, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    assert response["Server"] == "Athanor/0.1.0"
    validate(response.content)


def test_a_table_in_full(archive, client: Client):
    assert client.get("/tap/tables/TEST.Things").content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<vosi:table type="table" xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" '
        'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        "<name>test.things</name>\n"
        "<description>Things &lt;small &amp; large&gt;</description>\n"
        '<column std="true">\n'
        "<name>id</name>\n"
        "<description>Identifier</description>\n"
        "<ucd>meta.id;meta.main</ucd>\n"
        '<dataType xsi:type="vs:VOTableType" arraysize="*">char</dataType>\n'
        "<flag>indexed</flag>\n"
        "<flag>principal</flag>\n"
        "</column>\n"
        "<column>\n"
        "<name>ra</name>\n"
        "<unit>deg</unit>\n"
        "<ucd>pos.eq.ra</ucd>\n"
        '<dataType xsi:type="vs:VOTableType">double</dataType>\n'
        "</column>\n"
        "<column>\n"
        "<name>n</name>\n"
        '<dataType xsi:type="vs:VOTableType">int</dataType>\n'
        "</column>\n"
        "<column>\n"
        "<name>seen</name>\n"
        '<dataType xsi:type="vs:VOTableType" arraysize="*" extendedType="timestamp">char</dataType>\n'
        "</column>\n"
        "<column>\n"
        '<name>"size"</name>\n'
        '<dataType xsi:type="vs:VOTableType">float</dataType>\n'
        "</column>\n"
        "<foreignKey>\n"
        "<targetTable>ivoa.obscore</targetTable>\n"
        "<fkColumn>\n"
        "<fromColumn>id</fromColumn>\n"
        "<targetColumn>obs_id</targetColumn>\n"
        "</fkColumn>\n"
        "<description>Where it was seen</description>\n"
        "</foreignKey>\n"
        "</vosi:table>\n"
    )


def test_tables_are_those_of_tap_schema(archive, client: Client):
    document = etree.fromstring(client.get("/tap/tables").content)
    assert [name.text for name in document.findall("schema/name")] == ["ivoa", "tap_schema", "provenance", "test"]
    assert [name.text for name in document.findall("schema/table/name")] == [
        "ivoa.obscore",
        "ivoa.obscore_hea",
        "tap_schema.schemas",
        "tap_schema.tables",
        "tap_schema.columns",
        "tap_schema.keys",
        "tap_schema.key_columns",
        *(table.name for table in live_tables().values()),
        "test.things",
    ]
    shown = {name.text for name in document.findall("schema/table/column/name")}
    assert not any(name.startswith("_") for name in shown)  # columns that serve the engine


def test_tables_without_detail_have_no_columns(archive, client: Client):
    document = etree.fromstring(client.get("/tap/tables?DETAIL=min").content)
    assert len(document.findall("schema/table")) == 8 + len(live_tables())
    assert document.findall("schema/table/column") == []


def test_unknown_detail(archive, client: Client):
    response = client.get("/tap/tables?detail=all")
    assert response.status_code == 400
    assert "DETAIL: &#x27;all&#x27; is unknown; use min or max." in response.text or "use min or max" in response.text


def test_unknown_table(archive, client: Client):
    response = client.get("/tap/tables/ivoa.nothing")
    assert response.status_code == 404
    assert "There is no table 'ivoa.nothing'. /tap/tables?detail=min lists all tables." in response.text


def test_capabilities(archive, client: Client, settings):
    settings.ATHANOR_BASE_URL = "https://archive.example/vo"
    document = etree.fromstring(client.get("/tap/capabilities").content)
    by_id = {capability.get("standardID"): capability for capability in document.findall("capability")}
    tap = by_id["ivo://ivoa.net/std/TAP"]
    assert tap.findtext("interface/accessURL") == "https://archive.example/vo/tap"
    anonymous, basic = tap.findall("interface")  # one each: the schema knows one securityMethod an interface
    assert (anonymous.get("role"), basic.get("role")) == ("std", None)
    assert anonymous.findtext("accessURL") == basic.findtext("accessURL")
    assert anonymous.find("securityMethod") is None
    assert basic.find("securityMethod").get("standardID") == "ivo://ivoa.net/sso#BasicAA"
    assert tap.find("dataModel").get("ivo-id") == "ivo://ivoa.net/std/ObsCore#core-1.1"
    assert [version.text for version in tap.findall("language/version")] == ["2.0", "2.1"]
    assert "ivo://ivoa.net/std/TAPRegExt#features-adqlgeo" in [
        features.get("type") for features in tap.findall("language/languageFeatures")
    ]
    shown = {
        output.findtext("mime"): (output.get("ivo-id"), [alias.text for alias in output.findall("alias")])
        for output in tap.findall("outputFormat")
    }
    assert list(shown) == [media_type for writer in WRITERS for media_type in writer.media_types]
    ids = {media_type: identifier for media_type, (identifier, _) in shown.items() if identifier}
    assert ids["application/x-votable+xml"] == "ivo://ivoa.net/std/TAPRegExt#output-votable-td"
    assert (
        ids["application/x-votable+xml;serialization=BINARY2"] == "ivo://ivoa.net/std/TAPRegExt#output-votable-binary2"
    )
    assert shown["application/x-votable+xml"][1] == ["votable", "votable/td"]
    assert shown["text/csv;header=present"] == (None, ["csv"])
    assert shown["text/csv"] == (None, [])
    assert (tap.findtext("outputLimit/default"), tap.findtext("outputLimit/hard")) == ("20000", "20000000")
    assert [method.get("ivo-id") for method in tap.findall("uploadMethod")] == [
        "ivo://ivoa.net/std/TAPRegExt#upload-inline",
        "ivo://ivoa.net/std/TAPRegExt#upload-http",
    ]
    assert tap.find("uploadLimit/hard").attrib == {"unit": "byte"}
    assert tap.findtext("uploadLimit/hard") == "67108864"
    assert list(by_id)[1:] == [
        "ivo://ivoa.net/std/VOSI#capabilities",
        "ivo://ivoa.net/std/VOSI#availability",
        "ivo://ivoa.net/std/VOSI#tables-1.1",
        "ivo://ivoa.net/std/DALI#examples",
    ]


def test_available(archive, client: Client):
    document = etree.fromstring(client.get("/tap/availability").content)
    assert document.findtext("{*}available") == "true"
    assert document.findtext("{*}upSince").endswith("Z")
    assert document.findtext("{*}note") is None


def test_unavailable_when_the_tables_cannot_be_read(archive, client: Client, monkeypatch):
    def broken(self):
        raise UnavailableError("The archive's tables cannot be opened.")

    monkeypatch.setattr(type(get_store()), "snapshot", broken)
    document = etree.fromstring(client.get("/tap/availability").content)
    assert document.findtext("{*}available") == "false"
    assert document.findtext("{*}note") == (
        "The archive's tables cannot be read: The archive's tables cannot be opened."
    )


@pytest.mark.parametrize("address", ["/tap", "/tap/", "/tap/examples", "/tap/tables", "/tap/capabilities"])
def test_only_reading_is_allowed(archive, client: Client, address):
    response = client.post(address)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_examples_are_well_formed_rdfa(archive, client: Client):
    response = client.get("/tap/examples")
    assert response["Content-Type"] == "application/xhtml+xml; charset=utf-8"
    document = etree.fromstring(response.content)
    vocabularies = document.xpath("//@vocab")
    assert vocabularies == ["http://www.ivoa.net/rdf/examples#"]
    found = document.xpath("//*[@typeof='example']")
    assert len(found) == len(EXAMPLES) + len(live_examples())
    for example in found:
        assert example.get("resource") == f"#{example.get('id')}"
        assert len(example.xpath(".//*[@property='name']")) == 1
        (query,) = example.xpath(".//*[@property='query']")
        assert len(query) == 0  # plain text
        assert query.text.startswith(("SELECT", "WITH"))
        assert example.xpath(".//*[@property='table']")
