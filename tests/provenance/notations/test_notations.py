"""Every notation, read back by others: `prov`, the W3C's schema of PROV-XML, rdflib."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree
from prov.model import ProvDocument

from provenance.notations import Document, write_json, write_provn, write_turtle, write_votable, write_xml
from tests.provenance.notations.documents import EVENTS, IVOA, NUMBER, W3C, documents

PROV = "{http://www.w3.org/ns/prov#}"


def _json(document: Document) -> str:
    return b"".join(write_json(document)).decode()


def _read_json(document: Document) -> ProvDocument:
    return ProvDocument.deserialize(content=_json(document), format="json")


def _read_xml(document: Document) -> ProvDocument:
    with warnings.catch_warnings(action="ignore"):  # prov tells of what it takes for its own records
        return ProvDocument.deserialize(content=b"".join(write_xml(document)).decode(), format="xml")


@pytest.fixture(scope="module")
def schema(shared: Path) -> etree.XMLSchema:
    text = (shared / "xsd" / "prov" / "prov.xsd").read_bytes()
    # The schema imports a namespace without saying from where, and uses nothing of it.
    parser = etree.XMLParser(no_network=True)
    return etree.XMLSchema(etree.fromstring(text, parser, base_url=str(shared / "xsd" / "prov" / "prov.xsd")))


def test_json_is_read_as_it_was_meant() -> None:
    read = _read_json(W3C)
    assert len(read.get_records()) == len(W3C.statements)
    assert {str(record.identifier.uri) for record in read.get_records() if record.identifier} == {
        W3C.iri(item.name) for item in W3C.statements if item.name
    }


@given(documents())
def test_json_and_xml_say_the_same(document: Document) -> None:
    json.loads(_json(document))
    ids = {record.identifier.uri for record in _read_json(document).get_records() if record.identifier}
    assert ids == {document.iri(item.name) for item in document.statements if item.name}
    root = etree.fromstring(b"".join(write_xml(document)))
    assert len(root) == len(document.statements)


def test_xml_is_read_as_json_is() -> None:
    assert _read_xml(Document(W3C.namespaces, [s for s in W3C.statements if NUMBER not in (s.name, *s.arguments)])) == (
        _read_json(Document(W3C.namespaces, [s for s in W3C.statements if NUMBER not in (s.name, *s.arguments)]))
    )


@pytest.mark.parametrize("document", [W3C, IVOA], ids=["W3C", "IVOA"])
def test_xml_is_valid_in_both_models(document: Document, schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(b"".join(write_xml(document))))


@given(document=documents())
def test_any_xml_is_valid(document: Document, schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(b"".join(write_xml(document))))


def test_an_identifier_is_split_where_xml_can_hold_it() -> None:
    root = etree.fromstring(b"".join(write_xml(W3C)))
    (entity,) = [item for item in root.iter(f"{PROV}entity") if "PIEVLI" in item.get(f"{PROV}id", "")]
    prefix, local = entity.get(f"{PROV}id").split(":")
    assert entity.nsmap[prefix] + local == W3C.iri(EVENTS)


def test_provn_is_what_prov_writes_of_the_same() -> None:
    def lines(text: str) -> list[str]:
        return sorted(line.strip() for line in text.splitlines() if "(" in line and "comment" not in line)

    ours = b"".join(write_provn(W3C)).decode().replace("\\=", "=")
    theirs = _read_json(W3C).get_provn()
    assert [line.split("(")[0] for line in lines(ours)] == [line.split("(")[0] for line in lines(theirs)]
    assert 'wasGeneratedBy(result:evselect/a1b2c3/results/image, job:a1b2c3, -, [prov:role="image"])' in ours


def test_provn_in_full_where_names_and_texts_are_special() -> None:
    text = b"".join(write_provn(IVOA)).decode()
    assert text.splitlines()[-7:] == [
        (
            '  activity(job:a1b2c3, 2026-03-01T12:00:00+00:00, 2026-03-01T12:01:00+00:00, [prov:label="evselect", '
            'voprov:comment="It said \\"no\\" & <left>;\\nback\\\\slash", voprov:exitCode="1" %% xsd:int, '
            'voprov:cpu_seconds="1.5" %% xsd:double, voprov:size="1099511627776" %% xsd:long])'
        ),
        (
            "  entity(ivo:athanor.example/xmm-sim?P0999000101PNS003PIEVLI0000.FIT, "
            '[prov:label="events", voprov:size="100" %% xsd:int])'
        ),
        '  voprov:activityDescription(job:d1, [voprov:name="evselect", voprov:version="1.0"])',
        '  voprov:parameter(job:a1b2c3#parameter-1, [voprov:name="limit", prov:value="1500"])',
        "  voprov:isDescribedBy(job:a1b2c3, job:d1)",
        '  voprov:wasConfiguredBy(job:a1b2c3, job:a1b2c3#parameter-1, [voprov:artefactType="Parameter"])',
        "endDocument",
    ]


def _triples(document: Document) -> set[tuple[str, str, str]]:
    import rdflib

    graph = rdflib.Graph()
    graph.parse(data=b"".join(write_turtle(document)), format="turtle")
    return {tuple(map(str, triple)) for triple in graph}


def test_turtle_says_what_prov_o_says() -> None:
    prov = "http://www.w3.org/ns/prov#"
    job, events, image = (W3C.iri(W3C.statements[place].name) for place in (0, 1, 4))
    triples = _triples(W3C)
    assert {(job, f"{prov}used", events), (image, f"{prov}wasGeneratedBy", job)} <= triples
    assert (image, f"{prov}wasDerivedFrom", events) in triples
    assert (job, f"{prov}startedAtTime", "2026-03-01T12:00:00+00:00") in triples
    assert sum(predicate == f"{prov}hadRole" for _, predicate, _ in triples) == 4


@given(documents())
def test_any_turtle_is_read(document: Document) -> None:
    subjects = {subject for subject, predicate, _ in _triples(document) if predicate.endswith("#type")}
    assert len(subjects) >= 3


@given(documents())
def test_any_votable_has_a_row_for_each_statement_with_what_it_says(document: Document) -> None:
    root = etree.fromstring(b"".join(write_votable(document)))
    space = {"v": "http://www.ivoa.net/xml/VOTable/v1.3"}
    tables = {table.get("name"): table for table in root.iterfind(".//v:TABLE", space)}
    statements = list(document.statements)
    assert set(tables) == {statement.kind for statement in statements}
    for kind, table in tables.items():
        fields = [field.get("name") for field in table.iterfind("v:FIELD", space)]
        assert len(set(fields)) == len(fields)
        rows = [[cell.text or "" for cell in row] for row in table.iterfind(".//v:TR", space)]
        said = [statement for statement in statements if statement.kind == kind]
        assert len(rows) == len(said)
        for row, statement in zip(rows, said, strict=True):
            assert len(row) == len(fields)
            texts = [value for _, value in statement.attributes if isinstance(value, str)]
            assert all(any(text in cell for cell in row) for text in texts)
            if statement.name is not None:
                assert row[0] == document.iri(statement.name)
