"""The PROV-JSON document in full, read back by the `prov` library, and the drawing."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import AnonymousUser
from prov.model import ProvDocument

from provenance.formats import find_format
from provenance.recording import record_job
from provenance.selectors import job_graph
from provenance.svg import draw
from uws.phases import Phase

BASE = "http://archive.example"
JOB = "b" * 26

EXPECTED = {
    "prefix": {
        "agent": f"{BASE}/provenance/agents/",
        "athanor": f"{BASE}/provenance/terms#",
        "entity": f"{BASE}/provenance/entities/?ID=",
        "ivo": "ivo://",
        "job": f"{BASE}/jobs/",
        "result": f"{BASE}/uws/",
        "task": f"{BASE}/jobdefs/",
        "voprov": "http://www.ivoa.net/documents/ProvenanceDM/index.html#",
    },
    "activity": {
        f"job:{JOB}": {
            "prov:startTime": "2026-03-01T12:00:00+00:00",
            "prov:endTime": "2026-03-01T12:01:00+00:00",
            "prov:label": "sieve",
            "athanor:phase": "COMPLETED",
            "athanor:exitCode": {"$": "0", "type": "xsd:int"},
            "athanor:host": "node1",
            "athanor:command": '["sieve", "limit=1500"]',
            "athanor:software-athanor": "0.1.0",
            "athanor:cpu_seconds": {"$": "1.5", "type": "xsd:double"},
        }
    },
    "entity": {
        "task:sieve/#1.2": {
            "prov:type": {"$": "voprov:ActivityDescription", "type": "xsd:QName"},
            "prov:label": "sieve 1.2",
            "voprov:name": "sieve",
            "voprov:version": "1.2",
            "voprov:description": "Keeps the events that pass.",
            "voprov:docurl": "https://example.org/sieve",
            "voprov:type": "Selection",
        },
        f"job:{JOB}#parameter-1-table": {
            "prov:type": {"$": "voprov:Parameter", "type": "xsd:QName"},
            "prov:label": "table = ivo://athanor.example/demo?one",
            "prov:value": "ivo://athanor.example/demo?one",
            "voprov:name": "table",
            "voprov:valueType": "table",
        },
        f"job:{JOB}#parameter-2-limit": {
            "prov:type": {"$": "voprov:Parameter", "type": "xsd:QName"},
            "prov:label": "limit = 1500",
            "prov:value": "1500",
            "voprov:name": "limit",
            "voprov:valueType": "real",
            "voprov:unit": "eV",
        },
        "ivo:athanor.example/demo?one": {
            "prov:label": "one.fits",
            "athanor:sha256": "a" * 64,
            "athanor:size": {"$": "100", "type": "xsd:int"},
            "voprov:contentType": "application/fits",
        },
        f"result:sieve/{JOB}/results/kept": {
            "prov:label": "kept.fits",
            "prov:location": f"uws/sieve/{JOB}/results/kept",
            "voprov:generatedAtTime": {"$": "2026-03-01T12:01:00+00:00", "type": "xsd:dateTime"},
            "athanor:sha256": "b" * 64,
            "athanor:size": {"$": "50", "type": "xsd:int"},
            "voprov:contentType": "application/fits",
            "voprov:dataproduct_type": "event",
        },
    },
    "agent": {
        "agent:user%2Fanonymous": {
            "prov:type": {"$": "prov:Person", "type": "xsd:QName"},
            "prov:label": "anonymous user",
        },
        "agent:athanor%2F0.1.0": {
            "prov:type": {"$": "prov:SoftwareAgent", "type": "xsd:QName"},
            "prov:label": "Athanor 0.1.0",
        },
    },
    "used": [
        {
            "prov:activity": f"job:{JOB}",
            "prov:entity": "ivo:athanor.example/demo?one",
            "prov:time": "2026-03-01T12:00:00+00:00",
            "prov:role": "events",
        },
    ],
    "wasGeneratedBy": [
        {"prov:activity": f"job:{JOB}", "prov:entity": f"result:sieve/{JOB}/results/kept", "prov:role": "filtered"},
    ],
    "wasAssociatedWith": [
        {"prov:activity": f"job:{JOB}", "prov:agent": "agent:athanor%2F0.1.0", "prov:role": "Provider"},
        {"prov:activity": f"job:{JOB}", "prov:agent": "agent:user%2Fanonymous", "prov:role": "Operator"},
    ],
    "wasAttributedTo": [
        {
            "prov:entity": f"result:sieve/{JOB}/results/kept",
            "prov:agent": "agent:user%2Fanonymous",
            "voprov:role": "Creator",
        },
    ],
    "wasDerivedFrom": [
        {
            "prov:generatedEntity": f"result:sieve/{JOB}/results/kept",
            "prov:usedEntity": "ivo:athanor.example/demo?one",
        },
    ],
    "wasInfluencedBy": [
        {
            "prov:influencee": f"job:{JOB}",
            "prov:influencer": f"job:{JOB}#parameter-1-table",
            "prov:type": {"$": "voprov:WasConfiguredBy", "type": "xsd:QName"},
        },
        {
            "prov:influencee": f"job:{JOB}",
            "prov:influencer": f"job:{JOB}#parameter-2-limit",
            "prov:type": {"$": "voprov:WasConfiguredBy", "type": "xsd:QName"},
        },
        {
            "prov:influencee": f"job:{JOB}",
            "prov:influencer": "task:sieve/#1.2",
            "prov:type": {"$": "voprov:IsDescribedBy", "type": "xsd:QName"},
        },
    ],
}


def _write(form: str) -> bytes:
    return b"".join(find_format(form).write(job_graph(job_id=JOB, user=AnonymousUser()), base_url=BASE))


def _plain(document: dict) -> dict:
    """The document without the arbitrary numbers of its relations."""
    return {
        part: sorted(content.values(), key=lambda item: json.dumps(item, sort_keys=True))
        if any(name.startswith("_:") for name in content)
        else content
        for part, content in document.items()
    }


def test_prov_json_in_full(ended) -> None:
    record_job(job_id=ended(JOB).id)
    text = _write("json")
    assert _plain(json.loads(text)) == EXPECTED


def test_prov_json_is_read_back_the_same(ended) -> None:
    record_job(job_id=ended(JOB).id)
    text = _write("json").decode()
    document = ProvDocument.deserialize(content=text, format="json")
    assert document == ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert len(document.get_records()) == 1 + 5 + 2 + 1 + 1 + 2 + 1 + 1 + 3


def test_the_chain_is_followed_to_the_depth_asked_for(ended) -> None:
    record_job(job_id=ended(JOB).id)
    second = ended("c" * 26, used=f"job:{JOB}/kept")
    second.inputs.update(sha256="b" * 64)
    record_job(job_id=second.id)
    whole = job_graph(job_id=second.id, user=AnonymousUser())
    assert {activity.identifier for activity in whole.activities.values()} == {JOB, second.id}
    near = job_graph(job_id=second.id, user=AnonymousUser(), depth=0)
    assert {activity.identifier for activity in near.activities.values()} == {second.id}


def test_the_drawing_is_well_formed_and_every_job_and_file_is_a_link(ended) -> None:
    record_job(job_id=ended(JOB, phase=Phase.ERROR).id)
    svg = draw(job_graph(job_id=JOB, user=AnonymousUser()), base_url=BASE, title="A <job> & more")
    root = ET.fromstring(svg)
    space = {"svg": "http://www.w3.org/2000/svg"}
    assert root.find("svg:title", space).text == "A <job> & more"
    links = {link.get("href") for link in root.iterfind(".//svg:a", space)}
    assert links == {
        f"{BASE}/jobs/{JOB}/",
        f"{BASE}/provenance/entities/?ID=ivo%3A%2F%2Fathanor.example%2Fdemo%3Fone",
    }
    assert "<style" not in svg
    assert "ERROR" in svg


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>.fits', "a' onload='x", "]]>&amp;\x00\x1b.fits"])
def test_no_name_gets_out_of_its_place_in_the_drawing(ended, name: str) -> None:
    record_job(job_id=ended(JOB).id)
    graph = job_graph(job_id=JOB, user=AnonymousUser())
    graph.entities = {pk: node._replace(name=name, identifier=name) for pk, node in graph.entities.items()}
    url = f"https://archive.example/{name}"
    graph.agents = {pk: node._replace(name=name, identifier=name, url=url) for pk, node in graph.agents.items()}
    graph.relations = [relation._replace(role=name) for relation in graph.relations]
    root = ET.fromstring(draw(graph, base_url=BASE, title=name))
    assert {node.tag.partition("}")[2] for node in root.iter()} == {
        "svg", "title", "desc", "defs", "marker", "path", "rect", "a", "g", "text",
    }  # fmt: skip
    assert {key for node in root.iter() for key in node.keys() if key.startswith("on")} == set()  # noqa: SIM118
