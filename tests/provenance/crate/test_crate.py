"""The crate of one job: what lies in it, and what it says."""

from __future__ import annotations

import json
import subprocess
from xml.etree import ElementTree

import pytest

from jobdefs.registry import parse_definition
from jobdefs.writing import to_toml
from provenance.crate import collect, write_crate
from tests.provenance.crate.conftest import BASE, DID, JOB_ID, SIEVE, TIME, Unpacked, sha256
from uws.phases import Phase
from vo.errors import IllegalStateError, UnavailableError

FILES = [
    "README.md",
    "definition.toml",
    "job.xml",
    "log/stderr.txt",
    "log/stdout.txt",
    "manifest-sha256.txt",
    "provenance/prov-ivoa.json",
    "provenance/prov-ivoa.provn",
    "provenance/prov-ivoa.ttl",
    "provenance/prov-ivoa.vot",
    "provenance/prov-ivoa.xml",
    "provenance/prov.json",
    "provenance/prov.provn",
    "provenance/prov.svg",
    "provenance/prov.ttl",
    "provenance/prov.vot",
    "provenance/prov.xml",
    "repeat.py",
    "repeat.sh",
    "results/kept.fits",
    "ro-crate-metadata.json",
    "ro-crate-preview.html",
]

ENTITY = f"{BASE}/provenance/entities/?ID=ivo%3A%2F%2Fathanor.example%2Fdemo%3Fone"
GONE = "It is not here any more, or is not yours to read."

ACTION = {
    "@id": f"#job-{JOB_ID}",
    "@type": "CreateAction",
    "name": "sieve",
    "description": f"The job {JOB_ID} of sieve 1.2 ended COMPLETED.",
    "url": f"{BASE}/uws/sieve/{JOB_ID}",
    "instrument": {"@id": f"{BASE}/jobdefs/sieve/#1.2"},
    "agent": {"@id": "#agent"},
    "startTime": "2026-03-01T12:00:00.000+00:00",
    "endTime": "2026-03-01T12:01:00.000+00:00",
    "object": [
        {"@id": ENTITY},
        {"@id": f"#job-{JOB_ID}-parameter-1"},
        {"@id": f"#job-{JOB_ID}-parameter-2"},
        {"@id": f"#job-{JOB_ID}-command"},
    ],
    "result": {"@id": "results/kept.fits"},
    "actionStatus": "http://schema.org/CompletedActionStatus",
    "subjectOf": [{"@id": "log/stdout.txt"}, {"@id": "log/stderr.txt"}],
}

DESCRIBED = {
    "ro-crate-metadata.json": {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    },
    "./": {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": "https://w3id.org/ro/wfrun/process/0.5"},
        "identifier": JOB_ID,
        "name": f"Sieve events: job {JOB_ID}",
        "description": "A job of the task sieve 1.2, which ended COMPLETED, with what it used and made.",
        "datePublished": "2026-03-01T12:01:00.000+00:00",
        "author": {"@id": "#agent"},
        "publisher": {"@id": BASE},
        "license": {"@id": "#licence"},
        "url": f"{BASE}/jobs/{JOB_ID}/",
        "isBasedOn": {"@id": f"{BASE}/uws/sieve/{JOB_ID}"},
        "mentions": {"@id": f"#job-{JOB_ID}"},
    },
    ACTION["@id"]: ACTION,
    "#agent": {"@id": "#agent", "@type": "Person", "name": "anonymous user"},
    f"{BASE}/jobdefs/sieve/#1.2": {
        "@id": f"{BASE}/jobdefs/sieve/#1.2",
        "@type": "SoftwareApplication",
        "name": "sieve",
        "alternateName": "Sieve events",
        "description": "Keeps the events that pass.",
        "softwareVersion": "1.2",
        "url": "https://example.org/sieve",
        "softwareRequirements": [
            {"@id": f"{BASE}/provenance/terms#software-athanor-0.1.0"},
            {"@id": f"{BASE}/provenance/terms#software-sas-21.0.0"},
        ],
        "subjectOf": {"@id": "definition.toml"},
        "input": [{"@id": "#parameter-sieve-table"}, {"@id": "#parameter-sieve-limit"}],
    },
    "#parameter-sieve-limit": {
        "@id": "#parameter-sieve-limit",
        "@type": "FormalParameter",
        "name": "limit",
        "description": "Upper energy",
        "additionalType": "Float",
        "defaultValue": "2000",
        "valueRequired": "False",
        "unitText": "eV",
        "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
    },
    f"#job-{JOB_ID}-parameter-2": {
        "@id": f"#job-{JOB_ID}-parameter-2",
        "@type": "PropertyValue",
        "name": "limit",
        "value": "1500",
        "unitText": "eV",
        "exampleOfWork": {"@id": "#parameter-sieve-limit"},
    },
    f"#job-{JOB_ID}-command": {
        "@id": f"#job-{JOB_ID}-command",
        "@type": "PropertyValue",
        "name": "command",
        "value": '["sieve", "table=inputs/one.fits", "limit=1500"]',
    },
    "results/kept.fits": {
        "@id": "results/kept.fits",
        "@type": "File",
        "name": "kept.fits",
        "description": "The result kept",
        "encodingFormat": "application/fits",
        "contentSize": "4",
        "sha256": sha256(b"kept"),
        "identifier": f"job:{JOB_ID}/kept",
        "url": f"{BASE}/uws/sieve/{JOB_ID}/results/kept",
    },
    ENTITY: {
        "@id": ENTITY,
        "@type": "File",
        "identifier": DID,
        "url": ENTITY,
        "description": f"Input of table. {GONE}",
        "name": "one.fits",
        "sha256": "a" * 64,
        "sdDatePublished": "2026-03-01T12:01:00.000+00:00",
        "encodingFormat": "application/fits",
        "contentSize": "100",
    },
}
"""What the metadata say; of the root without its parts."""


def test_the_whole_tree(finished, take) -> None:
    assert sorted(take(finished()).files) == FILES


def test_the_metadata(finished, take) -> None:
    crate = take(finished())
    parts = crate.graph["./"].pop("hasPart")
    assert {name: crate.graph[name] for name in DESCRIBED} == DESCRIBED
    own = {"ro-crate-metadata.json", "ro-crate-preview.html", "manifest-sha256.txt"}
    assert sorted(part["@id"] for part in parts) == sorted([*(set(FILES) - own), ENTITY])


def test_each_reference_leads_to_an_entity(finished, take) -> None:
    crate = take(finished())
    known = {"https://w3id.org/ro/crate/1.1", "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}

    def references(value):
        if isinstance(value, list):
            for item in value:
                yield from references(item)
        elif isinstance(value, dict):
            assert list(value) == ["@id"]
            yield value["@id"]

    told = {name for item in crate.graph.values() for value in item.values() for name in references(value)}
    assert told - set(crate.graph) == known


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own
def test_the_metadata_are_one_graph_of_rdf(finished, take) -> None:
    from rdflib import Graph, URIRef

    document = json.loads(take(finished()).files["ro-crate-metadata.json"])
    # The document of the terms is on the Web; what counts here is how the entities hang together.
    document["@context"] = {"@vocab": "http://schema.org/"}
    graph = Graph().parse(data=json.dumps(document), format="json-ld", publicID="http://crate.example/")
    found = graph.query("""
        PREFIX s: <http://schema.org/>
        SELECT ?result WHERE {
            ?root a s:Dataset; s:mentions ?action; s:hasPart ?result.
            ?action a s:CreateAction; s:instrument ?task; s:result ?result; s:agent ?who.
            ?task a s:SoftwareApplication; s:softwareVersion "1.2". ?who a s:Person. ?result a s:File }""")
    assert [row[0] for row in found] == [URIRef("http://crate.example/results/kept.fits")]


def test_checksums_are_right(finished, take, tmp_path) -> None:
    crate = take(finished())
    done = subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", "manifest-sha256.txt"],
        cwd=crate.save(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(crate.text("manifest-sha256.txt").splitlines()) == len(FILES) - 1
    for name, data in crate.files.items():
        if name in crate.graph and "sha256" in crate.graph[name]:
            assert (crate.graph[name]["sha256"], crate.graph[name]["contentSize"]) == (sha256(data), str(len(data)))


def test_the_definition_is_read_back(finished, take) -> None:
    crate = take(finished())
    assert crate.text("definition.toml") == to_toml(SIEVE)
    assert parse_definition(crate.text("definition.toml"), source="x").parameter("limit").unit == "eV"


def test_the_documents_are_what_they_say(finished, take) -> None:
    crate = take(finished())
    assert ElementTree.fromstring(crate.files["job.xml"]).tag == "{http://www.ivoa.net/xml/UWS/v1.0}job"
    for model in ("prov", "prov-ivoa"):
        assert f"job:{JOB_ID}" in json.loads(crate.files[f"provenance/{model}.json"])["activity"]
        assert crate.text(f"provenance/{model}.provn").startswith("document\n")
        ElementTree.fromstring(crate.files[f"provenance/{model}.xml"])
    assert crate.text("provenance/prov.svg").startswith("<svg")
    page = crate.text("ro-crate-preview.html")
    assert "<script" not in page
    assert "http-equiv" in page


def test_the_same_job_gives_the_same_bytes(finished) -> None:
    job = finished()
    first, second = (b"".join(write_crate(collect(job=job, user=None, base_url=BASE))) for _ in range(2))
    assert first == second
    times = {entry.date_time for entry in Unpacked(first).entries}
    assert times == {TIME.replace(minute=1).timetuple()[:6]}


def test_a_failed_job(finished, take) -> None:
    job = finished(phase=Phase.ERROR, results={}, log="** sieve: error (Broken), no\n")
    crate = take(job)
    action = crate.graph[f"#job-{JOB_ID}"]
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert action["error"] == "The sieve broke."
    assert "result" not in action
    assert "    The sieve broke.\n" in crate.text("README.md")
    assert crate.text("log/stdout.txt") == "** sieve: error (Broken), no\n"


def test_a_result_that_is_gone_is_told(finished, take) -> None:
    job = finished(results={"kept.fits": b"kept", "lost.fits": b"lost"})
    (job.workdir / "work" / "lost.fits").unlink()
    crate = take(job)
    assert "results/lost.fits" not in crate.files
    assert "* The result lost: It is no longer there.\n" in crate.text("README.md")
    url = f"{BASE}/uws/sieve/{JOB_ID}/results/lost"
    assert crate.graph[url]["description"] == "Result lost. It is no longer there."
    assert crate.graph[url]["sha256"] == sha256(b"lost")
    assert crate.graph[f"#job-{JOB_ID}"]["result"] == [{"@id": "results/kept.fits"}, {"@id": url}]


def test_a_file_that_goes_while_the_crate_is_written(finished) -> None:
    job = finished(results={"a.fits": bytes(10), "b.fits": bytes(10)})
    pieces = write_crate(collect(job=job, user=None, base_url=BASE))
    (job.workdir / "work" / "b.fits").unlink()
    crate = Unpacked(b"".join(pieces))
    assert "results/a.fits" in crate.files
    assert "results/b.fits" not in crate.files
    assert "The result b: It is no longer there." in crate.text("README.md")


def test_a_result_that_has_changed_is_told(finished, take) -> None:
    job = finished()
    (job.workdir / "work" / "kept.fits").write_bytes(b"tampered")
    crate = take(job)
    told = f"The file has changed since: the job knew it with the SHA-256 {sha256(b'kept')}."
    assert crate.graph["results/kept.fits"]["sha256"] == sha256(b"tampered")
    assert crate.graph["results/kept.fits"]["description"] == told
    assert f"The result kept: {told}" in crate.text("README.md")


def test_an_archived_job_has_its_description(finished, take) -> None:
    crate = take(finished(phase=Phase.ARCHIVED, error_message=""))
    assert not any(name.startswith("results/") for name in crate.files)
    assert "The result kept: The job is archived: its files are gone." in crate.text("README.md")


def test_a_job_that_has_not_ended(finished) -> None:
    job = finished(phase=Phase.COMPLETED)
    job.phase = Phase.EXECUTING
    with pytest.raises(IllegalStateError, match="The job is EXECUTING: only one that has ended can be taken away"):
        collect(job=job, user=None, base_url=BASE)
    job.phase, job.announced = Phase.COMPLETED, False
    with pytest.raises(UnavailableError, match="is being recorded"):
        collect(job=job, user=None, base_url=BASE)
