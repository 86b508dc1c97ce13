"""Publishing by programs and by the operator's command line."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from obstap.models import PublishedProduct

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owners(settings) -> None:
    settings.ATHANOR_PUBLISH = "owners"


@pytest.fixture
def own_job(archive, make_job, ada, client) -> str:
    """The id of a job of whoever asks."""
    client.force_login(ada)
    return make_job(user=ada).pk


def test_publish_list_and_withdraw(archive, make_job, ada, client) -> None:
    job = make_job(user=ada)
    client.force_login(ada)
    place = f"/api/v1/jobs/{job.pk}/products"
    assert client.get(place).json() == {"products": [], "candidates": ["spectrum"]}
    answer = client.post(place, {"collection": "Crab", "result": "spectrum", "release_date": "2020-01-31"})
    assert answer.status_code == 201
    (product,) = answer.json()["products"]
    assert product["obs_collection"] == "Crab"
    assert product["access_url"] == f"http://testserver/files/Crab/spectrum-{job.pk}.fits"
    assert product["release_date"] == "2020-01-31T00:00:00.000Z"
    assert client.get(f"{place}/spectrum").json() == product
    assert client.get(product["access_url"].removeprefix("http://testserver")).status_code == 200
    assert client.delete(f"{place}/spectrum").status_code == 204
    assert client.delete(f"{place}/spectrum").status_code == 404
    assert archive() == []


@pytest.mark.parametrize(
    ("form", "parameter", "message"),
    [
        ({}, "COLLECTION", "it is required"),
        ({"collection": "XMM"}, "COLLECTION", "'XMM' is a collection of the archive's"),
        ({"collection": "c", "result": "nothing"}, "RESULT", "'nothing' is not among"),
        ({"collection": "c", "result": "\0"}, "RESULT", "is not among"),
        ({"collection": "c", "release_date": "soon"}, "RELEASE_DATE", "'soon' is no date"),
        ({"collection": ["c", "d"]}, "COLLECTION", "it is given 2 times"),
    ],
)
def test_what_is_wrong_is_told(own_job, client, form: dict[str, str], parameter: str, message: str) -> None:
    answer = client.post(f"/api/v1/jobs/{own_job}/products", form)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["parameter"] == parameter
    assert message in error["message"]
    assert not PublishedProduct.objects.exists()


def test_others_may_not(archive, make_job, ada, django_user_model, client) -> None:
    job, public = make_job(user=ada), make_job()
    form = {"collection": "c"}
    assert client.post(f"/api/v1/jobs/{job.pk}/products", form).status_code == 404
    assert client.post(f"/api/v1/jobs/{public.pk}/products", form).status_code == 403
    client.force_login(django_user_model.objects.create_user("bob"))
    assert client.post(f"/api/v1/jobs/{job.pk}/products", form).status_code == 404
    assert client.post(f"/api/v1/jobs/{public.pk}/products", form).status_code == 403
    assert client.put(f"/api/v1/jobs/{public.pk}/products").status_code == 405
    assert archive() == []


def test_its_owner_withdraws_a_product_whose_job_is_gone(archive, make_job, ada, django_user_model, client) -> None:
    job = make_job(user=ada)
    client.force_login(ada)
    place = f"/api/v1/jobs/{job.pk}/products"
    client.post(place, {"collection": "c"})
    job.delete()
    assert client.get(place).status_code == 404
    client.logout()
    assert client.delete(f"{place}/spectrum").status_code == 403
    client.force_login(django_user_model.objects.create_user("bob"))
    assert client.get(f"{place}/spectrum").json()["obs_collection"] == "c"
    assert client.delete(f"{place}/spectrum").status_code == 403
    client.force_login(ada)
    assert client.delete(f"{place}/spectrum").status_code == 204
    assert archive() == []


def test_a_forged_request_is_refused(archive, make_job, ada) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(f"/api/v1/jobs/{make_job(user=ada).pk}/products", {"collection": "c"}).status_code == 403
    assert archive() == []


def test_the_operators_commands(archive, make_job, ada) -> None:
    job = make_job(user=ada)
    out = StringIO()
    call_command("publish_job", job.pk[:12], collection="c", stdout=out)
    assert out.getvalue() == f"spectrum: ivo://athanor.example/c?spectrum-{job.pk}.fits\n"
    with pytest.raises(CommandError, match="has not published the result 'image'"):
        call_command("unpublish_job", job.pk, result=["image"], yes=True)
    call_command("unpublish_job", job.pk, yes=True, stdout=out)
    assert archive() == []
    with pytest.raises(CommandError, match="RELEASE_DATE"):
        call_command("publish_job", job.pk, collection="c", release_date="31.1.2027")


def test_observations_are_not_ingested_into_a_collection_of_products(archive, make_job, tmp_path) -> None:
    call_command("publish_job", make_job().pk, collection="Crab", verbosity=0)
    with pytest.raises(CommandError, match="holds published products"):
        call_command("ingest", str(tmp_path), collection="crab")
