"""Who may publish what under which name, and what the row says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from obstap.models import ArchiveFile
from obstap.products import may_publish, products_of, publish_results, withdraw_results
from tests.obstap.products.conftest import EVENTS, add_result, write_spectrum
from uws.phases import Phase
from vo.errors import IllegalStateError, ParameterError, UsageError

pytestmark = pytest.mark.django_db


def test_the_row_is_complete(archive, make_job, ada) -> None:
    job = make_job(user=ada)
    (product,) = publish_results(job=job, collection="Crab-2026")
    (row,) = archive()
    name = f"spectrum-{job.pk}.fits"
    told = {name: value for name, value in row.items() if not name.startswith("_") and value is not None}
    assert isinstance(told.pop("obs_release_date"), datetime)
    assert isinstance(told.pop("obs_creation_date"), datetime)
    assert told.pop("s_region").startswith("CIRCLE")
    assert told == {
        "dataproduct_type": "spectrum",
        "dataproduct_subtype": "spectrum",
        "calib_level": 3,
        "obs_collection": "Crab-2026",
        "obs_id": "0123456789",
        "obs_title": told["obs_title"],
        "obs_publisher_did": f"ivo://athanor.example/Crab-2026?{name}",
        "obs_creator_did": f"ivo://athanor.example/jobs?{job.pk}/spectrum",
        "obs_creator_name": "Ada Lovelace",
        "access_url": f"files/Crab-2026/{name}",
        "access_format": "application/fits",
        "access_estsize": 9,
        "data_rights": "public",
        "target_name": "Crab Nebula",
        "s_ra": 83.633,
        "s_dec": 22.0145,
        "s_fov": 0.5,
        "t_min": 53628.25,
        "t_max": 53628.5,
        "t_exptime": 21571.5,
        "t_xel": 1,
        "em_min": 1e-10,
        "em_max": 8e-9,
        "em_xel": 8,
        "pol_xel": 0,
        "o_ucd": "phot.count",
        "facility_name": "XMM-Newton",
        "instrument_name": "EPN",
        "proposal_id": "012345",
    }
    assert [item.identifier for item in product.progenitors.all()] == [EVENTS]


def test_headers_come_before_what_the_product_was_made_from(archive, make_job) -> None:
    publish_results(job=make_job(header={"OBJECT": "Core", "EXPOSURE": 100.0}), collection="c")
    (row,) = archive()
    assert (row["target_name"], row["t_exptime"]) == ("Core", 100.0)


def test_what_was_made_in_between_is_followed_back(archive, make_job) -> None:
    first = make_job()
    second = make_job(read=f"job:{first.pk}/spectrum")
    (product,) = publish_results(job=second, collection="c")
    assert [item.identifier for item in product.progenitors.order_by("pk")] == [f"job:{first.pk}/spectrum", EVENTS]
    assert archive()[0]["obs_id"] == "0123456789"


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65, "é", "XMM", "xmm", "a/b", "x\n"])
def test_names_that_no_collection_of_products_may_have(archive, make_job, name: str) -> None:
    with pytest.raises(ParameterError, match="collection"):
        publish_results(job=make_job(), collection=name)
    assert archive() == []


def test_a_collection_is_written_in_one_way(archive, make_job) -> None:
    publish_results(job=make_job(), collection="Crab")
    with pytest.raises(ParameterError, match="written 'Crab'"):
        publish_results(job=make_job(), collection="crab")


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.COMPLETED}))
def test_only_a_completed_job_has_products(archive, make_job, phase: Phase) -> None:
    with pytest.raises(IllegalStateError, match=f"The job is {phase}"):
        publish_results(job=make_job(phase=phase), collection="c")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("log", "'log' is no data product"),
        ("spectrum-preview", "no data product"),
        ("spektrum", "Did you mean spectrum"),
    ],
)
def test_results_that_cannot_be_published(archive, make_job, name: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        publish_results(job=make_job(), collection="c", names=["spectrum", name])
    assert archive() == []


def test_a_file_that_is_no_product_is_refused_with_all_others(archive, make_job) -> None:
    job = make_job()
    (job.workdir / "table.fits").write_bytes(b"no FITS file")
    add_result(job, "table", "table.fits", "application/fits")
    with pytest.raises(ParameterError, match="'table' is no data product"):
        publish_results(job=job, collection="c")
    assert archive() == []


def test_a_fits_file_that_is_cut_short_is_refused(archive, make_job) -> None:
    job = make_job()
    whole = (job.workdir / "spectrum.fits").read_bytes()
    (job.workdir / "part.fits").write_bytes(whole[: len(whole) - 2880])
    add_result(job, "part", "part.fits", "application/fits", product_type="spectrum")
    with pytest.raises(ParameterError, match="'part' is a damaged FITS file"):
        publish_results(job=job, collection="c", names=["part"])
    assert archive() == []


def test_a_file_that_has_changed_is_refused(archive, make_job) -> None:
    job = make_job()
    write_spectrum(job.workdir / "spectrum.fits", OBJECT="another")
    with pytest.raises(UsageError, match="is not what it was"):
        publish_results(job=job, collection="c")


def test_a_result_is_published_in_one_collection(archive, make_job) -> None:
    job = make_job()
    publish_results(job=job, collection="one")
    with pytest.raises(ParameterError, match="published in the collection 'one'"):
        publish_results(job=job, collection="two")
    withdraw_results(job_id=job.pk, names=["spectrum"])
    publish_results(job=job, collection="two")
    assert [product.collection for product in products_of(job.pk)] == ["two"]


@pytest.fixture
def users(ada, operator, django_user_model):
    return ada, django_user_model.objects.create_user("bob"), operator


def test_who_may_publish(make_job, users, settings) -> None:
    ada, bob, operator = users
    job = make_job(user=ada)
    allowed = [user for user in (None, ada, bob, operator) if may_publish(job, user)]
    assert allowed == [operator]
    settings.ATHANOR_PUBLISH = "owners"
    allowed = [user for user in (None, ada, bob, operator) if may_publish(job, user)]
    assert allowed == [ada, operator]
    assert not may_publish(make_job(), ada)


def test_a_proprietary_file_is_its_owners(archive, make_job, users, client) -> None:
    ada, bob, operator = users
    later = datetime.now(UTC) + timedelta(days=3)
    (product,) = publish_results(job=make_job(user=ada), collection="c", release_date=later)
    (row,) = archive()
    assert row["data_rights"] == "proprietary"
    assert row["obs_release_date"] > datetime.now(UTC).replace(tzinfo=None)
    addresses = [f"/files/c/{product.name}", f"/files/c/{product.preview}"]
    for user, status in ((None, 403), (bob, 403), (ada, 200), (operator, 200)):
        client.logout()
        if user is not None:
            client.force_login(user)
        assert [client.get(address).status_code for address in addresses] == [status, status]
    client.logout()
    product.__class__.objects.update(release_date=datetime.now(UTC) - timedelta(seconds=1))
    assert client.get(addresses[0]).status_code == 200


def test_a_collection_of_products_takes_more(archive, make_job) -> None:
    for _ in range(3):
        publish_results(job=make_job(), collection="c")
    assert len(archive()) == 3
    assert ArchiveFile.objects.filter(collection="c").count() == 6
