"""A published product leads to the job that made it, and whoever uses the product is led on."""

from __future__ import annotations

import json

import pytest

from obstap.products import publish_results, withdraw_results
from provenance.models import Activity, Entity
from provenance.recording import record_job
from tests.obstap.products.conftest import ada, archive, make_job, store_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(archive, make_job, ada):  # noqa: F811 - the fixtures above
    """A private job whose end is recorded."""
    made = make_job(user=ada)
    record_job(job_id=made.pk)
    return made


def test_publishing_opens_the_provenance_of_the_job(client, job) -> None:
    addresses = [f"/jobs/{job.pk}/provenance/", f"/provenance/jobs/{job.pk}.json", f"/provenance/jobs/{job.pk}.svg"]
    assert {client.get(address).status_code for address in addresses} == {404}
    (product,) = publish_results(job=job, collection="Crab")
    assert {client.get(address).status_code for address in addresses} == {200}
    document = json.loads(client.get(addresses[1]).content)
    published = next(name for name in document["entity"] if name.endswith(product.obs_publisher_did.partition("?")[2]))
    assert published in {item["prov:entity"] for item in document["wasGeneratedBy"].values()}
    assert published in {item["prov:generatedEntity"] for item in document["wasDerivedFrom"].values()}
    assert client.get(f"/jobs/{job.pk}/").status_code == 404
    answer = client.get("/provenance/entities/", {"ID": product.obs_publisher_did})
    assert answer.headers["Location"] == f"http://testserver/files/Crab/{product.name}"


def test_it_stays_when_the_job_is_gone(client, job) -> None:
    publish_results(job=job, collection="Crab")
    job_id, address = job.pk, f"/provenance/jobs/{job.pk}.json"
    job.delete()
    assert client.get(address).status_code == 200
    withdraw_results(job_id=job_id)
    assert client.get(address).status_code == 404
    assert Entity.objects.get(comment__startswith="Published copy").invalidated_at_time is not None


def test_a_job_on_a_product_was_informed_by_the_job_that_made_it(job, make_job) -> None:  # noqa: F811
    (product,) = publish_results(job=job, collection="Crab")
    later = make_job(read=product.obs_publisher_did)
    later.inputs.update(sha256=product.sha256)
    record_job(job_id=later.pk)
    informants = Activity.objects.get(identifier=later.pk).informants.values_list("informant__identifier", flat=True)
    assert list(informants) == [job.pk]


def test_publishing_twice_is_recorded_once(job) -> None:
    publish_results(job=job, collection="Crab")
    before = Entity.objects.count()
    withdraw_results(job_id=job.pk)
    publish_results(job=job, collection="Crab")
    assert Entity.objects.count() == before
    assert not Entity.objects.filter(invalidated_at_time__isnull=False).exists()
