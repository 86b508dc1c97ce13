"""Asynchronous queries: what they read are things that they used."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from provenance.models import Activity, Entity, EntityKind, WasDerivedFrom
from tests.obstap.tap.conftest import _published, archive  # noqa: F401 - fixtures
from uws.models import Job
from uws.testing import drive

pytestmark = pytest.mark.django_db(transaction=True)

NUMBERS = (
    b'<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
    b'<FIELD name="a" datatype="int"/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA>'
    b"</TABLE></RESOURCE></VOTABLE>\n"
)
DIGEST = hashlib.sha256(NUMBERS).hexdigest()
JOINED = "SELECT t.id FROM test.things AS t JOIN TAP_UPLOAD.mine AS m ON m.a = t.n"


def ask(client, query: str, **more: object) -> Job:
    """A query that has run as a job."""
    given = {"LANG": "ADQL", "QUERY": query, "PHASE": "RUN", "RESPONSEFORMAT": "csv", **more}
    location = client.post("/tap/async", given).headers["Location"]
    drive()
    job = Job.objects.get(pk=location.rstrip("/").rpartition("/")[2])
    assert job.phase == "COMPLETED", job.error_message
    return job


def used(job: Job) -> list[tuple[str, str, str]]:
    rows = Activity.objects.get(identifier=job.pk).used
    return sorted(rows.values_list("role", "entity__identifier", "entity__sha256"))


def test_tables_and_uploads_are_used(archive, client) -> None:  # noqa: F811 - the fixture above
    sent = SimpleUploadedFile("t.vot", NUMBERS)
    job = ask(client, JOINED, UPLOAD="mine,param:t", t=sent)
    upload = f"job:{job.pk}/parameters/t"
    assert used(job) == [("UPLOAD", upload, DIGEST), ("table", "table:test.things", "")]
    table = Entity.objects.get(identifier="table:test.things")
    assert (table.kind, table.name, table.location) == (EntityKind.COLLECTION, "test.things", "tables/test.things/")
    sources = WasDerivedFrom.objects.filter(entity__identifier=f"job:{job.pk}/result")
    assert sorted(sources.values_list("used_entity__identifier", flat=True)) == [upload, "table:test.things"]
    parameters = Activity.objects.get(identifier=job.pk).parameters.filter(name="QUERY")
    assert list(parameters.values_list("value", flat=True)) == [JOINED]


def test_an_answer_that_is_uploaded_leads_to_its_job(archive, client) -> None:  # noqa: F811
    first = ask(client, "SELECT n AS a FROM test.things", RESPONSEFORMAT="votable")
    second = ask(client, JOINED, UPLOAD=f"mine,job:{first.pk}/result")
    assert ("UPLOAD", f"job:{first.pk}/result", first.results.get().sha256) in used(second)
    informants = Activity.objects.get(identifier=second.pk).informants
    assert list(informants.values_list("informant__identifier", flat=True)) == [first.pk]


def test_the_same_bytes_sent_twice_are_one_thing(archive, client) -> None:  # noqa: F811
    first, second = (
        ask(client, JOINED, UPLOAD="mine,param:t", t=SimpleUploadedFile("t.vot", NUMBERS)) for _ in range(2)
    )
    assert used(first) == used(second)


def test_only_tables_that_are_read_are_told(archive, client) -> None:  # noqa: F811
    job = ask(client, "WITH w AS (SELECT id FROM test.things) SELECT o.obs_id FROM ivoa.obscore AS o, w")
    assert [name for _, name, _ in used(job)] == ["table:ivoa.obscore", "table:test.things"]


def test_a_query_that_fails_has_read_nothing(archive, client) -> None:  # noqa: F811
    location = client.post("/tap/async", {"LANG": "ADQL", "QUERY": "SELECT x FROM y", "PHASE": "RUN"})["Location"]
    drive()
    assert not Activity.objects.get(identifier=location.rpartition("/")[2]).used.exists()
