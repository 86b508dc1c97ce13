"""What was recorded before publications were activities."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from obstap.products import publish_results
from provenance.models import Activity, Entity, WasGeneratedBy, WasInformedBy
from provenance.recording import record_job, record_publication
from tests.obstap.products.conftest import ada, archive, make_job, store_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

publish = import_module("provenance.migrations.0006_publications").publish


def test_the_old_form_becomes_the_new_one(archive, make_job, ada) -> None:  # noqa: F811 - the fixtures above
    job = make_job(user=ada)
    maker = record_job(job_id=job.pk)
    (product,) = publish_results(job=job, collection="Crab")
    later = make_job(read=product.obs_publisher_did)
    later.inputs.update(sha256=product.sha256, size=8640)
    user = record_job(job_id=later.pk)
    new = Activity.objects.get(kind="publication")
    expected = (new.identifier, new.start_time, new.owner, new.public_since)
    published = Entity.objects.get(identifier=product.obs_publisher_did)
    new.delete()
    WasGeneratedBy.objects.create(entity=published, activity=maker, role="published")
    WasInformedBy.objects.create(informed=user, informant=maker)

    publish(apps, None)

    found = Activity.objects.get(kind="publication")
    assert (found.identifier, found.start_time, found.owner, found.public_since) == expected
    assert found.used.get().entity.identifier == f"job:{job.pk}/spectrum"
    assert [item.entity.identifier for item in maker.generated.all() if item.role == "published"] == []
    assert (found.generated.get().entity, found.generated.get().role) == (published, "published")
    assert found.associations.get().role == "Provider"
    assert list(user.informants.values_list("informant__identifier", flat=True)) == [found.identifier]
    assert record_publication(did=product.obs_publisher_did) == found
    publish(apps, None)
    assert Activity.objects.filter(kind="publication").count() == 1
