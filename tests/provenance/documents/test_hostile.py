"""What users and programs write is told in every form, and breaks none of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import prov.model
import pytest
import rdflib
from astropy.io.votable import parse
from django.contrib.auth import get_user_model
from django.test import Client
from lxml import etree

from provenance.recording import record_job
from uws.models import Job, Result

pytestmark = pytest.mark.django_db

TEXTS = (
    "two\nlines\r\nand a\ttab",
    "\"quoted\" 'single' '''\"\"\"",
    "]]><script>alert(1)</script>&amp;",
    "=cmd|' /C calc'!A0",
    "\x01\x02\x0b\x1f\x7f\x85\ufffe\uffff",
    "SELECT * FROM x; -- %s {activity:a}",
    "back\\slash\\",
    "\u202eleft\u2028line\ufeff",
    "%% xsd:int <http://x> @prefix . ]) endDocument",
    "𝄞 " + "long " * 2000,
    "job:x#y?z=%00%zz",
    "",
)


@pytest.fixture
def asker(client: Client) -> Client:
    """Who owns the job."""
    client.force_login(get_user_model().objects.create_user("ada"))
    return client


@pytest.fixture(params=TEXTS, ids=range(len(TEXTS)))
def hostile(request: pytest.FixtureRequest, ended: Callable[..., Job], asker: Client) -> tuple[str, str]:
    """A job with the same text wherever somebody may have written one, and the text."""
    text = request.param
    owner = get_user_model().objects.get(username="ada")
    owner.first_name = text[:150]
    owner.save()
    job = ended("a1" * 13, user=owner)
    job.parameters = {"table": job.parameters["table"], "limit": [text]}
    job.command = ["sieve", text]
    job.software = {"athanor": text, text[:50] or "x": "1"}
    job.usage = {text[:50] or "x": text, "nothing": None, "many": [1, {"a": text}]}
    job.error_message = text
    job.host = text[:200]
    job.save()
    job.inputs.update(name=text[:200] or "x", media_type=text[:90])
    Result.objects.filter(job=job).update(
        path=f"work/{text[:100]}", role=text[:100], media_type=text[:90], product_type=text[:40]
    )
    record_job(job_id=job.pk)
    return job.pk, text


def documents(asker: Client, job_id: str, form: str) -> list[bytes]:
    """The job in the models of the IVOA and of the W3C."""
    given = {"ID": job_id, "DEPTH": "ALL", "AGENTS": "1", "CONFIGURATION": "1", "DESCRIPTIONS": "1"}
    found = []
    for model in ("IVOA", "W3C"):
        answer = asker.get("/provsap", {**given, "RESPONSEFORMAT": form, "MODEL": model})
        body = b"".join(answer)
        assert answer.status_code == 200, body
        found.append(body)
    return found


def test_json_has_it_as_it_was_written(asker: Client, hostile: tuple[str, str]) -> None:
    job_id, text = hostile
    ivoa, w3c = (json.loads(body) for body in documents(asker, job_id, "PROV-JSON"))
    assert text in {item["voprov:value"] for item in ivoa["parameter"].values()}
    assert text in {item.get("prov:value") for item in w3c["entity"].values()}


def test_every_notation_can_be_read(asker: Client, hostile: tuple[str, str]) -> None:
    def reads(form: str, *readers: Callable[[bytes], Any]) -> None:
        for body, reader in zip(documents(asker, hostile[0], form), readers, strict=True):
            reader(body)

    def votable(body: bytes) -> None:
        parse(io.BytesIO(body), verify="exception")

    def turtle(body: bytes) -> None:
        rdflib.Graph().parse(data=body, format="turtle")

    def w3c_json(body: bytes) -> None:
        prov.model.ProvDocument.deserialize(io.BytesIO(body), format="json")

    def w3c_xml(body: bytes) -> None:
        prov.model.ProvDocument.deserialize(io.BytesIO(body), format="xml")

    reads("PROV-JSON", json.loads, w3c_json)
    reads("PROV-XML", etree.fromstring, w3c_xml)
    reads("PROV-TURTLE", turtle, turtle)
    reads("PROV-VOTABLE", votable, votable)
    reads("PROV-SVG", etree.fromstring, etree.fromstring)


def test_every_page_shows_it_as_text(asker: Client, hostile: tuple[str, str]) -> None:
    job_id, _ = hostile
    for address in (f"/jobs/{job_id}/provenance/?agents=1", f"/provenance/entity/?ID=job:{job_id}/kept"):
        answer = asker.get(address)
        assert answer.status_code == 200, address
        assert b"<script>alert" not in answer.content, address
