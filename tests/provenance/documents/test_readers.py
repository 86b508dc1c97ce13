"""The expected documents as others read them: the W3C's schema, `prov`, rdflib, astropy and the schema of VOTable."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from prov.identifier import QualifiedName
from prov.model import ProvDocument

from provenance.document import VOPROV
from provenance.notations import KINDS

EXPECTED = Path(__file__).parent / "expected"
PROV = "http://www.w3.org/ns/prov#"
XML = "{http://www.w3.org/ns/prov#}"

Facts = Counter[tuple[str, ...]]


def documents(extension: str, who: str = "*") -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(EXPECTED.glob(f"{who}.{extension}"))]


def iri(name: str, prefixes: dict[str, str]) -> str:
    prefix, _, local = name.partition(":")
    return {"prov": PROV, **prefixes}[prefix] + local


@pytest.mark.parametrize("path", documents("xml"))
def test_xml_is_valid(path: Path, shared: Path) -> None:
    place = shared / "xsd" / "prov" / "prov.xsd"
    parser = etree.XMLParser(no_network=True)
    schema = etree.XMLSchema(etree.fromstring(place.read_bytes(), parser, base_url=str(place)))
    schema.assertValid(etree.parse(path))


@pytest.mark.parametrize("path", documents("vot"))
def test_votable_is_valid(path: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("validate_xml", shared / "tools" / "validate_xml.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main([str(path)]) == 0, capsys.readouterr().out


def of_json(path: Path) -> Facts:
    """Facts of a document, as they stand in PROV-JSON: kind and ends of relations, kind and name of things."""
    content = json.loads(path.read_text())
    prefixes = content.pop("prefix")
    facts: Facts = Counter()
    for kind, part in content.items():
        for name, told in part.items():
            if KINDS[kind].is_relation:
                facts[kind, *(iri(told[end], prefixes) for end in KINDS[kind].arguments[:2])] += 1
            else:
                facts[kind, iri(name, prefixes)] += 1
    return facts


def identifier(name: QualifiedName) -> str:
    """The whole identifier, without what PROV-XML adds to one of the archive that ends in no XML name."""
    return re.sub("[#/]_[0-9a-f]{16}$", "", name.uri)


def of_prov(document: ProvDocument) -> Facts:
    facts: Facts = Counter()
    for record in document.get_records():
        kind = record.get_type().localpart
        if record.is_relation():
            ends = [value for _, value in record.formal_attributes if isinstance(value, QualifiedName)]
            facts[kind, *(identifier(end) for end in ends[:2])] += 1
        else:
            facts[kind, identifier(record.identifier)] += 1
    return facts


def classes(facts: Facts) -> Facts:
    """PROV-JSON's names of kinds as the classes of PROV."""
    names = {
        "used": "Usage",
        "wasGeneratedBy": "Generation",
        "wasDerivedFrom": "Derivation",
        "wasAttributedTo": "Attribution",
        "wasAssociatedWith": "Association",
        "wasInformedBy": "Communication",
        "wasInfluencedBy": "Influence",
        "hadMember": "Membership",
        "alternateOf": "Alternate",
    }
    return Counter(
        {(names.get(kind, kind[0].upper() + kind[1:]), *rest): count for (kind, *rest), count in facts.items()}
    )


@pytest.mark.parametrize("path", documents("json", "*-w3c"))
def test_prov_reads_json_and_xml_alike(path: Path) -> None:
    from_json = ProvDocument.deserialize(content=path.read_text(), format="json")
    with warnings.catch_warnings(action="ignore"):  # prov tells of what it takes for its own records
        from_xml = ProvDocument.deserialize(content=path.with_suffix(".xml").read_text(), format="xml")
    facts = classes(of_json(path))
    assert sum(facts.values()) > 100
    assert of_prov(from_json) == facts
    assert of_prov(from_xml) == facts
    assert _attributes(from_json) == _attributes(from_xml)


def _attributes(document: ProvDocument) -> Counter[Any]:
    """What is said of each thing: attributes with their values, names as IRIs."""
    return Counter(
        (identifier(record.identifier), name.uri, identifier(value) if isinstance(value, QualifiedName) else str(value))
        for record in document.get_records()
        if record.identifier is not None
        for name, value in record.attributes
    )


@pytest.mark.parametrize("path", documents("json", "*-w3c"))
def test_provn_says_what_prov_writes_of_the_same(path: Path) -> None:
    theirs = ProvDocument.deserialize(content=path.read_text(), format="json").get_provn()
    ours = path.with_suffix(".provn").read_text()
    assert _expressions(ours) == _expressions(theirs)


def _expressions(text: str) -> Counter[str]:
    """Kinds of the expressions with their first two arguments: `prov` orders attributes otherwise, and escapes less."""
    lines = [line.strip().replace("\\", "") for line in text.splitlines()]
    found = [re.match(r"(\w+)\(([^,)]+)(?:, ([^,)\[]+))?", line) for line in lines]
    return Counter(" ".join(filter(None, match.groups())).strip() for match in found if match is not None)


@pytest.mark.parametrize("path", documents("ttl"))
def test_turtle_says_what_json_says(path: Path) -> None:
    import rdflib

    graph = rdflib.Graph()
    graph.parse(path, format="turtle")
    triples = {tuple(map(str, triple)) for triple in graph}
    rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for kind, name, *rest in of_json(path.with_suffix(".json")):
        if rest:
            space = VOPROV if KINDS[kind].is_ivoa else PROV
            assert (name, f"{space}{kind}", rest[0]) in triples, (kind, name)
        else:
            space = VOPROV if KINDS[kind].is_ivoa else PROV
            assert (name, rdf_type, f"{space}{kind[0].upper()}{kind[1:]}") in triples, (kind, name)
    texts = {value for _, _, value in triples}
    for value in _values(json.loads(path.with_suffix(".json").read_text())):
        assert value in texts


def _values(content: dict[str, Any]) -> set[str]:
    """Values of attributes that are texts or numbers."""
    found = set()
    for kind, part in content.items():
        for told in part.values() if kind != "prefix" else ():
            for name, value in told.items():
                for item in value if isinstance(value, list) else [value]:
                    if name in (*KINDS[kind].arguments, "voprov:artefactType"):
                        continue  # ends of relations, and what the class of one end says
                    if not isinstance(item, dict):
                        found.add(item)
                    elif item["type"] != "xsd:QName":
                        found.add(item["$"])
    return found


@pytest.mark.parametrize("path", documents("vot"))
def test_astropy_reads_every_table(path: Path) -> None:
    from astropy.io.votable import parse

    with warnings.catch_warnings(action="error"):
        votable = parse(io.BytesIO(path.read_bytes()), verify="exception")
    content = json.loads(path.with_suffix(".json").read_text())
    prefixes = content.pop("prefix")
    (resource,) = votable.resources
    assert [table.name for table in resource.tables] == [kind for kind in KINDS if kind in content]
    for table in resource.tables:
        shown = [field.name for field in table.fields]
        rows = table.to_table(use_names_over_ids=True)
        assert len(rows) == len(content[table.name])
        for row, (name, told) in zip(rows, content[table.name].items(), strict=True):
            read = {
                column: row[column].item() if hasattr(row[column], "item") else row[column]
                for column in shown
                if not _is_empty(row[column])
            }
            assert read == _as_read(name, told, prefixes, table.name)


def _is_empty(value: Any) -> bool:
    import numpy as np

    return value is np.ma.masked or (isinstance(value, str) and value == "")


def _as_read(name: str, told: dict[str, Any], prefixes: dict[str, str], kind: str) -> dict[str, Any]:
    """A row as it should be read, made of what PROV-JSON says."""
    row: dict[str, Any] = {} if KINDS[kind].is_relation else {"id": iri(name, prefixes)}
    for attribute, value in told.items():
        prefix, _, local = attribute.partition(":")
        shown = f"{prefix}_{local}" if prefix == "athanor" or attribute in ("prov:type", "prov:label") else local
        row[shown] = _cell(attribute, value, prefixes, KINDS[kind].arguments)
    return row


def _cell(attribute: str, value: Any, prefixes: dict[str, str], arguments: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return " | ".join(_cell(attribute, item, prefixes, arguments) for item in value)
    kind = value["type"] if isinstance(value, dict) else ""
    text = value["$"] if isinstance(value, dict) else value
    if attribute in arguments:
        kind = "xsd:dateTime" if attribute in ("prov:time", "prov:startTime", "prov:endTime") else "xsd:QName"
    readers = {
        "xsd:QName": lambda text: iri(text, prefixes),
        "xsd:dateTime": lambda text: text.removesuffix("+00:00"),
        "xsd:int": int,
        "xsd:long": int,
        "xsd:double": float,
        "xsd:boolean": lambda text: text == "true",
    }
    return readers[kind](text) if kind else text
