"""What publishing promises, on each kind of store: all of it or nothing, and as often as one likes."""

from __future__ import annotations

import shutil

import pytest

from obstap import catalogue
from obstap.archive import resolve_observation
from obstap.models import ArchiveFile, Progenitor, PublishedProduct
from obstap.products import publish_results, recover, withdraw_results
from obstap.products import service as publishing
from obstap.stores import get_store
from tests.obstap.products.conftest import EVENTS, use_archive
from vo.errors import NotFoundError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def archive(any_store, settings, tmp_path):
    """An archive in each kind of store."""
    yield use_archive(any_store, settings, tmp_path)
    get_store().close()


def files(settings) -> list[str]:
    folder = settings.ATHANOR_HOME / "products"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def nothing_is_left(archive, settings) -> bool:
    return (
        archive() == [] == archive("ivoa.obscore_hea")
        and files(settings) == []
        and not PublishedProduct.objects.exists()
        and not Progenitor.objects.exists()
        and list(ArchiveFile.objects.values_list("obs_publisher_did", flat=True)) == [EVENTS]
    )


def test_a_product_has_a_row_a_file_and_a_preview(archive, make_job, settings) -> None:
    job = make_job()
    (product,) = publish_results(job=job, collection="Crab-2026")
    (row,) = archive()
    assert row["obs_publisher_did"] == product.obs_publisher_did
    assert [item["obs_publisher_did"] for item in archive("ivoa.obscore_hea")] == [product.obs_publisher_did]
    assert files(settings) == [f"spectrum-{job.pk}-preview.png", f"spectrum-{job.pk}.fits"]
    shutil.rmtree(job.workdir)
    job.delete()
    found = resolve_observation(product.obs_publisher_did, user=None)
    assert found.path.is_file()
    assert found.path.stat().st_size == found.size


def test_publishing_again_changes_nothing(archive, make_job) -> None:
    job = make_job()
    first = publish_results(job=job, collection="Crab-2026")
    assert publish_results(job=job, collection="Crab-2026") == first
    assert len(archive()) == 1


def test_withdrawing_leaves_nothing(archive, make_job, settings) -> None:
    job = make_job()
    (product,) = publish_results(job=job, collection="Crab-2026")
    assert withdraw_results(job_id=job.pk) == [product.obs_publisher_did]
    assert nothing_is_left(archive, settings)
    with pytest.raises(NotFoundError, match="has not published"):
        withdraw_results(job_id=job.pk)
    publish_results(job=job, collection="Crab-2026")
    assert len(archive()) == 1


class Crash(BaseException):
    """The process has ended here: nothing after it is done, not even what undoes."""


def crash(*_: object, **__: object) -> None:
    raise Crash


@pytest.mark.parametrize(
    "step",
    [(publishing, "place"), (publishing, "remember_digest"), (catalogue, "upsert")],
    ids=["before the file", "with the file", "before the rows"],
)
def test_a_crash_before_the_rows_leaves_nothing(archive, make_job, settings, monkeypatch, step) -> None:
    job = make_job()
    with monkeypatch.context() as patched:
        patched.setattr(*step, crash)
        with pytest.raises(Crash):
            publish_results(job=job, collection="Crab-2026")
    assert archive() == []
    recover()
    assert nothing_is_left(archive, settings)


def test_a_crash_after_the_rows_leaves_all(archive, make_job, settings, monkeypatch) -> None:
    job = make_job()

    def last_step(*arguments: object, **named: object) -> None:
        upsert(*arguments, **named)
        raise Crash

    upsert = catalogue.upsert
    with monkeypatch.context() as patched:
        patched.setattr(catalogue, "upsert", last_step)
        with pytest.raises(Crash):
            publish_results(job=job, collection="Crab-2026")
    assert len(archive()) == 1
    (product,) = publish_results(job=job, collection="Crab-2026")
    assert product.state == PublishedProduct.State.PUBLISHED
    assert len(archive()) == 1
    assert len(files(settings)) == 2


def test_a_withdrawal_that_was_cut_short_is_finished(archive, make_job, settings, monkeypatch) -> None:
    job = make_job()
    publish_results(job=job, collection="Crab-2026")
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "remove", crash)
        with pytest.raises(Crash):
            withdraw_results(job_id=job.pk)
    recover()
    assert nothing_is_left(archive, settings)


def test_a_failure_leaves_nothing(archive, make_job, settings, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(catalogue, "upsert", fail)
    with pytest.raises(OSError, match="No space"):
        publish_results(job=make_job(), collection="Crab-2026")
    assert nothing_is_left(archive, settings)
