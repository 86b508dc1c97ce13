"""Documents of a recorded job, read back by the `prov` library, and the drawing."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import AnonymousUser
from prov.model import ProvDocument

from provenance.drawing import draw
from provenance.formats import find_format
from provenance.recording import record_job
from provenance.selectors import job_graph
from uws.phases import Phase

BASE = "http://archive.example"
JOB = "b" * 26


def _write(form: str) -> bytes:
    return b"".join(find_format(form).write(job_graph(job_id=JOB, user=AnonymousUser()), base_url=BASE))


def test_prov_json_is_read_back_the_same(ended) -> None:
    record_job(job_id=ended(JOB).id)
    text = _write("json").decode()
    document = ProvDocument.deserialize(content=text, format="json")
    assert document == ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    kinds = Counter(type(record).__name__ for record in document.get_records())
    assert (kinds["ProvActivity"], kinds["ProvUsage"], kinds["ProvGeneration"], kinds["ProvAgent"]) == (1, 1, 1, 2)


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
