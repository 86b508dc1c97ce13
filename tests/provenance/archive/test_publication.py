"""A published product leads to the job that made it, and whoever uses the product is led on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings

from obstap.models import PublishedProduct
from obstap.products import publish_results, recover, withdraw_results
from provenance.models import Activity, ActivityKind, Entity, EntityKind, WasGeneratedBy, WasInformedBy
from provenance.recording import record_job, record_publication
from tests.obstap.products.conftest import ada, archive, make_job, operator, store_url  # noqa: F401 - fixtures
from uws.times import format_time

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(archive, make_job, ada):  # noqa: F811 - the fixtures above
    """A private job whose end is recorded."""
    made = make_job(user=ada)
    record_job(job_id=made.pk)
    return made


def provsap(client, identifier: str, **more: str) -> tuple[int, str]:
    answer = client.get("/provsap", {"ID": identifier, "RESPONSEFORMAT": "PROV-N", **more})
    return answer.status_code, b"".join(answer).decode()


def validity() -> list[bool]:
    """Whether each state of the data set is the present one, in their order."""
    rows = Entity.objects.filter(identifier__startswith="ivo://athanor.example/Crab").order_by("pk")
    return [entity.invalidated_at_time is None for entity in rows]


def test_a_publication_is_an_activity_of_its_publisher(job, ada, operator) -> None:  # noqa: F811
    release = datetime.now(UTC) + timedelta(days=1)
    (product,) = publish_results(job=job, collection="Crab", release_date=release, publisher=operator)
    product.refresh_from_db()
    activity = Activity.objects.get(kind=ActivityKind.PUBLICATION)
    assert activity.identifier.startswith("publication:")
    assert (activity.name, activity.phase, activity.owner) == ("publication", "COMPLETED", ada)
    assert (activity.start_time, activity.end_time) == (product.published_at, product.published_at)
    assert activity.public_since == product.release_date
    assert list(activity.used.values_list("entity__identifier", "role", "description__role")) == [
        (f"job:{job.pk}/spectrum", "result", "result")
    ]
    assert list(activity.generated.values_list("entity__identifier", "role", "description__role")) == [
        (product.obs_publisher_did, "published", "published")
    ]
    assert list(activity.associations.order_by("pk").values_list("agent__identifier", "role")) == [
        ("user/root", "Publisher"),
        (f"athanor/{django_settings.ATHANOR_VERSION}", "Provider"),
    ]
    assert sorted(activity.parameters.values_list("name", "value")) == [
        ("collection", "Crab"),
        ("release_date", format_time(product.release_date)),
    ]
    assert list(activity.informants.values_list("informant__identifier", flat=True)) == [job.pk]
    entity = Entity.objects.get(identifier=product.obs_publisher_did)
    assert (entity.location, entity.sha256) == (f"files/Crab/{product.name}", product.sha256)
    assert list(entity.derived_from.values_list("used_entity__identifier", flat=True)) == [f"job:{job.pk}/spectrum"]
    assert sorted(entity.attributions.values_list("agent__identifier", "role")) == [
        ("user/ada", "Creator"),
        ("user/root", "Publisher"),
    ]


def test_who_gives_a_command_is_whoever_runs_the_service(job) -> None:
    publish_results(job=job, collection="Crab")
    activity = Activity.objects.get(kind=ActivityKind.PUBLICATION)
    assert activity.associations.get(role="Publisher").agent.identifier == "authority/athanor.example"


def test_publishing_opens_the_provenance_of_the_job(client, job) -> None:
    addresses = [f"/jobs/{job.pk}/provenance/", f"/provenance/jobs/{job.pk}.json", f"/provenance/jobs/{job.pk}.svg"]
    assert {client.get(address).status_code for address in addresses} == {404}
    (product,) = publish_results(job=job, collection="Crab")
    assert {client.get(address).status_code for address in addresses} == {200}
    document = json.loads(b"".join(client.get(addresses[1])))
    published = next(name for name in document["entity"] if name.endswith(product.obs_publisher_did.partition("?")[2]))
    assert published in {item["prov:entity"] for item in document["wasGeneratedBy"].values()}
    assert published in {item["prov:generatedEntity"] for item in document["wasDerivedFrom"].values()}
    assert client.get(f"/jobs/{job.pk}/").status_code == 404
    answer = client.get("/provenance/entities/", {"ID": product.obs_publisher_did})
    assert answer.headers["Location"] == f"http://testserver/files/Crab/{product.name}"


def test_a_product_leads_back_to_the_job_and_on_to_its_inputs(client, job) -> None:
    (product,) = publish_results(job=job, collection="Crab")
    status, near = provsap(client, product.obs_publisher_did)
    assert status == 200
    assert near.count("wasGeneratedBy(") == 1
    assert "events.fits" not in near
    status, whole = provsap(client, product.obs_publisher_did, DEPTH="ALL")
    assert status == 200
    assert f"job:{job.pk}" in whole
    assert "events.fits" in whole


def test_the_address_of_a_products_file_names_it(client, job) -> None:
    (product,) = publish_results(job=job, collection="Crab")
    assert provsap(client, f"http://testserver/files/Crab/{quote(product.name)}")[0] == 200


def test_before_the_release_only_the_owner_sees_it(client, job, ada) -> None:  # noqa: F811
    release = datetime.now(UTC) + timedelta(days=1)
    (product,) = publish_results(job=job, collection="Crab", release_date=release)
    publication = Activity.objects.get(kind=ActivityKind.PUBLICATION).identifier
    for identifier in (product.obs_publisher_did, publication, job.pk):
        assert provsap(client, identifier)[0] == 404
    client.force_login(ada)
    for identifier in (product.obs_publisher_did, publication, job.pk):
        assert provsap(client, identifier)[0] == 200


def test_it_stays_when_the_job_is_gone(client, job) -> None:
    publish_results(job=job, collection="Crab")
    job_id, address = job.pk, f"/provenance/jobs/{job.pk}.json"
    publication = Activity.objects.get(kind=ActivityKind.PUBLICATION).identifier
    job.delete()
    assert client.get(address).status_code == 200
    assert provsap(client, publication)[0] == 200
    withdraw_results(job_id=job_id)
    assert client.get(address).status_code == 404
    assert provsap(client, publication)[0] == 404
    assert validity() == [False]


def test_what_is_withdrawn_before_its_release_is_never_released(client, job) -> None:
    release = datetime.now(UTC) + timedelta(days=1)
    (product,) = publish_results(job=job, collection="Crab", release_date=release)
    withdraw_results(job_id=job.pk)
    later = release + timedelta(days=1)
    assert not Entity.objects.filter(identifier=product.obs_publisher_did, public_since__lte=later).exists()
    assert not Activity.objects.filter(kind__in=("job", "publication"), public_since__lte=later).exists()


def test_a_withdrawal_closes_the_job_of_a_user_who_is_gone(client, job, ada) -> None:  # noqa: F811
    publish_results(job=job, collection="Crab")
    publication = Activity.objects.get(kind=ActivityKind.PUBLICATION).identifier
    job_id = job.pk
    ada.delete()
    assert provsap(client, job_id)[0] == 200
    withdraw_results(job_id=job_id)
    assert provsap(client, job_id)[0] == 404
    assert provsap(client, publication)[0] == 404


def test_a_withdrawal_leaves_the_public_workspace_as_it_is(client, archive, make_job) -> None:  # noqa: F811
    made = make_job(user=None)
    record_job(job_id=made.pk)
    publish_results(job=made, collection="Crab")
    publication = Activity.objects.get(kind=ActivityKind.PUBLICATION).identifier
    withdraw_results(job_id=made.pk)
    assert provsap(client, made.pk)[0] == 200
    assert provsap(client, publication)[0] == 200


def test_a_withdrawal_closes_what_compared_the_job_with_another(client, job) -> None:
    """Everybody could repeat the job while its product was there, and see what came of it."""
    publish_results(job=job, collection="Crab")
    activity = Activity.objects.get(identifier=job.pk)
    opened = {"public_since": activity.public_since}
    comparison = Activity.objects.create(identifier="comparison:x", kind=ActivityKind.COMPARISON, **opened)
    verdict = Entity.objects.create(identifier="comparison:x/verdict", kind=EntityKind.VALUE, **opened)
    WasGeneratedBy.objects.create(activity=comparison, entity=verdict)
    WasInformedBy.objects.create(informed=comparison, informant=activity)
    assert [provsap(client, name)[0] for name in ("comparison:x", "comparison:x/verdict")] == [200, 200]
    withdraw_results(job_id=job.pk)
    assert [provsap(client, name)[0] for name in ("comparison:x", "comparison:x/verdict")] == [404, 404]


def test_one_of_two_products_keeps_the_job_open(client, job) -> None:
    from tests.obstap.products.conftest import add_result, write_spectrum

    write_spectrum(job.workdir / "more.fits")
    add_result(job, "more", "more.fits", "application/fits", role="spectrum", product_type="spectrum")
    Activity.objects.filter(identifier=job.pk).delete()
    Entity.objects.all().delete()
    record_job(job_id=job.pk)
    publish_results(job=job, collection="Crab")
    withdraw_results(job_id=job.pk, names=["more"])
    assert provsap(client, job.pk)[0] == 200
    withdraw_results(job_id=job.pk, names=["spectrum"])
    assert provsap(client, job.pk)[0] == 404


def test_a_job_on_a_product_was_informed_by_its_publication(job, make_job) -> None:  # noqa: F811
    (product,) = publish_results(job=job, collection="Crab")
    later = make_job(read=product.obs_publisher_did)
    later.inputs.update(sha256=product.sha256, size=8640)
    record_job(job_id=later.pk)
    informants = Activity.objects.get(identifier=later.pk).informants.values_list("informant__identifier", flat=True)
    assert list(informants) == [Activity.objects.get(kind=ActivityKind.PUBLICATION).identifier]


def test_publishing_again_is_another_state(job) -> None:
    (first,) = publish_results(job=job, collection="Crab")
    withdraw_results(job_id=job.pk)
    (second,) = publish_results(job=job, collection="Crab")
    assert first.obs_publisher_did == second.obs_publisher_did
    assert validity() == [False, True]
    one, other = Activity.objects.filter(kind=ActivityKind.PUBLICATION).order_by("pk")
    assert one.generated.get().entity.identifier == first.obs_publisher_did
    assert other.generated.get().entity.identifier.startswith(f"{first.obs_publisher_did}#")


def test_a_job_on_what_was_published_again_used_the_present_state(job, make_job) -> None:  # noqa: F811
    publish_results(job=job, collection="Crab")
    withdraw_results(job_id=job.pk)
    (product,) = publish_results(job=job, collection="Crab")
    later = make_job(read=product.obs_publisher_did)
    later.inputs.update(sha256=product.sha256, size=8640)
    used = record_job(job_id=later.pk).used.get().entity
    assert (used.invalidated_at_time, used.identifier.partition("#")[0]) == (None, product.obs_publisher_did)


def test_what_is_told_twice_is_recorded_once(job) -> None:
    (product,) = publish_results(job=job, collection="Crab")
    before = (Entity.objects.count(), Activity.objects.count())
    record_publication(did=product.obs_publisher_did)
    publish_results(job=job, collection="Crab")
    PublishedProduct.objects.update(announced=False)  # a crash, after it was recorded
    recover()
    assert (Entity.objects.count(), Activity.objects.count()) == before
    assert validity() == [True]


def test_a_crash_before_it_was_recorded_is_repaired(job, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("obstap.products.service.product_published.send", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish_results(job=job, collection="Crab")
    assert validity() == []
    recover()
    assert validity() == [True]


def test_a_withdrawal_that_was_cut_short_is_recorded_by_whoever_finishes_it(job, monkeypatch) -> None:
    publish_results(job=job, collection="Crab")
    with monkeypatch.context() as patch:
        patch.setattr("obstap.products.service.remove", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            withdraw_results(job_id=job.pk)
    recover()
    assert validity() == [False]
