"""Publishing and withdrawing products: all of what is asked for, or nothing.

A record says what is under way before anything is done. Then come the file, its row in the database and, last and in
one step, the rows of ``ivoa.obscore`` and its extension: from that moment the product is published. Withdrawing goes
the other way. Whoever publishes or withdraws next, or prepares the service, finishes what a crash has cut short
(`recover`): a product whose rows are there stays, another leaves nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from obstap.archive import FITS, access_path, publisher_did
from obstap.models import ArchiveFile, Progenitor, PublishedProduct
from obstap.names import literal
from obstap.products.files import copy_result, place, product_path, remove, staging
from obstap.products.progenitors import progenitors_of
from obstap.products.rules import check_collection, choose_results
from obstap.products.selectors import preview_of
from obstap.products.signals import product_published, product_withdrawn
from uws.digests import remember_digest
from uws.models import Job, Result
from vo.errors import NotFoundError, ParameterError

__all__ = ["publish_results", "recover", "withdraw_results"]

State = PublishedProduct.State

KBYTE = 1000


@dataclass(frozen=True)
class _Draft:
    """A product that is ready to be published: its files are staged and its rows are known to fit."""

    record: PublishedProduct
    result: Result
    preview: Result | None
    staged: Path
    obs: dict[str, object]
    hea: dict[str, object]


def publish_results(
    *,
    job: Job,
    collection: str,
    names: Sequence[str] = (),
    release_date: datetime | None = None,
    publisher: Any = None,
) -> list[PublishedProduct]:
    """Publish results of a completed job in ``ivoa.obscore``; who may is `obstap.products.require_publisher`'s affair.

    What is published in that collection already stays as it is.

    Parameters
    ----------
    collection
        The ``obs_collection`` of the products, which is none of the archive's observations.
    names
        Of the results; all that are data products when empty.
    release_date
        When the files become public, in UTC; at once when None. Until then the job's owner alone may read them, while
        the rows are public.
    publisher
        The user who publishes; None for whoever runs the service.

    Returns
    -------
    list
        The published products, in the order of the results.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job has not completed.
    vo.errors.UsageError
        When a result is unknown, no data product or published elsewhere, or the collection's name cannot be taken.
    """
    results = choose_results(job, names)
    check_collection(collection)
    origins = progenitors_of(job)
    with staging() as folder:
        new = [result for result in results if not _published_there(result, collection)]
        drafts = [_draft(result, collection, origins, release_date, folder) for result in new]
        _check_rows(drafts)
        with _alone():
            check_collection(collection)
            drafts = [draft for draft in drafts if not _published_there(draft.result, collection)]
            if drafts:
                _publish(drafts, origins, publisher)
    _announce()
    wanted = [result.name for result in results]
    products = PublishedProduct.objects.filter(job_id=job.pk, result__in=wanted, state=State.PUBLISHED)
    return sorted(products, key=lambda product: wanted.index(product.result))


def withdraw_results(*, job_id: str, names: Sequence[str] = ()) -> list[str]:
    """Take published products of a job out of the archive, with their rows and files.

    Parameters
    ----------
    names
        Of the results; all when empty.

    Returns
    -------
    list
        Identifiers of the products that were withdrawn.

    Raises
    ------
    vo.errors.NotFoundError
        When one of them, or nothing, is published; then nothing is withdrawn.
    """
    with _alone():
        products = {item.result: item for item in PublishedProduct.objects.filter(job_id=job_id).order_by("pk")}
        absent = [name for name in names if name not in products]
        if absent or not products:
            what = f"the result {absent[0][:80]!r}" if absent else "a result"
            raise NotFoundError(f"The archive has not published {what} of the job {job_id!r}.")
        chosen = [products[name] for name in dict.fromkeys(names)] if names else list(products.values())
        keys = [product.pk for product in chosen]
        PublishedProduct.objects.filter(pk__in=keys).update(state=State.WITHDRAWING)
        for product in chosen:
            _withdraw(product)
    return [product.obs_publisher_did for product in chosen]


def recover() -> None:
    """Finish what a crash has cut short; next to nothing is done where there is nothing to finish."""
    unfinished = PublishedProduct.objects.exclude(state=State.PUBLISHED, announced=True)
    if unfinished.exists():
        with _alone():
            pass
    _announce()


@contextmanager
def _alone() -> Iterator[None]:
    """Keep all others away who write into the archive, and begin with no work of theirs left half done."""
    from obstap.stores import get_store  # noqa: PLC0415 - the engine loads when it is first used

    with get_store().exclusive():
        for product in PublishedProduct.objects.exclude(state=State.PUBLISHED):
            if product.state == State.PUBLISHING and _has_row(product.obs_publisher_did):
                PublishedProduct.objects.filter(pk=product.pk).update(state=State.PUBLISHED)
            else:
                _withdraw(product)
        yield


def _published_there(result: Result, collection: str) -> bool:
    product = PublishedProduct.objects.filter(job_id=result.job_id, result=result.name, state=State.PUBLISHED).first()
    if product is None:
        return False
    if product.collection != collection:
        raise ParameterError(
            "RESULT", f"{result.name!r} is published in the collection {product.collection!r}; withdraw it there first."
        )
    return True


def _draft(
    result: Result, collection: str, origins: Sequence[str], release_date: datetime | None, folder: Path
) -> _Draft:
    from obstap.products.metadata import describe  # noqa: PLC0415 - loads astropy

    name = _file_name(result)
    staged = folder / name
    copy_result(result, staged)
    preview = preview_of(result)
    if preview is not None:
        copy_result(preview, folder / _preview_name(name))
    product = describe(staged, result, origins)
    did = publisher_did(collection, name)
    now = timezone.now()
    proprietary = release_date is not None and release_date > now
    obs = product.obs | {
        "obs_collection": collection,
        "obs_publisher_did": did,
        "access_url": access_path(collection, name),
        "access_estsize": -(-result.size // KBYTE),
        "obs_release_date": release_date or now,
        "data_rights": "proprietary" if proprietary else "public",
    }
    record = PublishedProduct(
        obs_publisher_did=did,
        collection=collection,
        name=name,
        job_id=result.job_id,
        maker_id=result.job.taken_over or result.job_id,
        result=result.name,
        sha256=result.sha256,
        preview=_preview_name(name) if preview is not None else "",
        owner=result.job.owner,
        release_date=release_date,
        published_at=now,
    )
    return _Draft(record, result, preview, staged, obs, product.hea | {"obs_publisher_did": did})


def _check_rows(drafts: Sequence[_Draft]) -> None:
    from obstap.obscore import batch, hea_batch  # noqa: PLC0415 - loads Arrow

    for draft in drafts:
        try:
            batch([draft.obs])
            hea_batch([draft.hea])
        except ParameterError as error:
            raise ParameterError("RESULT", f"{draft.result.name!r} gives no valid row: {error}") from error


def _publish(drafts: Sequence[_Draft], origins: Sequence[str], publisher: Any) -> None:
    from obstap import catalogue  # noqa: PLC0415 - loads the table store
    from obstap.obscore import OBSCORE, OBSCORE_HEA, batch, hea_batch  # noqa: PLC0415
    from obstap.stores import TableContent  # noqa: PLC0415

    with transaction.atomic():
        for draft in drafts:
            draft.record.publisher = publisher
            draft.record.save(force_insert=True)
            Progenitor.objects.bulk_create(Progenitor(product=draft.record, identifier=origin) for origin in origins)
    try:
        for draft in drafts:
            _keep_files(draft)
        catalogue.upsert(
            [
                TableContent(OBSCORE, [batch([draft.obs for draft in drafts])]),
                TableContent(OBSCORE_HEA, [hea_batch([draft.hea for draft in drafts])]),
            ]
        )
    except Exception:
        for draft in drafts:
            _withdraw(draft.record)
        raise
    keys = [draft.record.pk for draft in drafts]
    PublishedProduct.objects.filter(pk__in=keys).update(state=State.PUBLISHED)


def _keep_files(draft: _Draft) -> None:
    """Put the files of a product in their place, and tell the database of them."""
    record = draft.record
    files = [(draft.result, draft.staged, record.name)]
    if draft.preview is not None:
        files.append((draft.preview, draft.staged.with_name(record.preview), record.preview))
    for result, staged, name in files:
        final = product_path(record.collection, name)
        place(staged, final)
        status = final.stat()
        ArchiveFile.objects.create(
            obs_publisher_did=publisher_did(record.collection, name),
            collection=record.collection,
            name=name,
            path=str(final),
            media_type=result.media_type or FITS,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            obs_id=str(draft.obs["obs_id"]),
            dataproduct_type=str(draft.obs["dataproduct_type"] or "") if result is draft.result else "",
        )
        remember_digest(final, result.sha256)


def _withdraw(product: PublishedProduct) -> None:
    """Remove the rows, the files and the record of a product, whichever of them are there."""
    from obstap.obscore import OBSCORE, OBSCORE_HEA  # noqa: PLC0415 - loads Arrow
    from obstap.stores import get_store  # noqa: PLC0415

    if product.state != State.WITHDRAWING:
        PublishedProduct.objects.filter(pk=product.pk).update(state=State.WITHDRAWING)
    store = get_store()
    if _has_row(product.obs_publisher_did):
        for table in (OBSCORE_HEA, OBSCORE):  # a row of ObsCore without an extension is whole, but not the other way
            store.delete(table.name, [product.obs_publisher_did])
    for name in filter(None, (product.name, product.preview)):
        ArchiveFile.objects.filter(collection=product.collection, name=name).delete()
        remove(product_path(product.collection, name))
    product_withdrawn.send(PublishedProduct, did=product.obs_publisher_did)
    PublishedProduct.objects.filter(pk=product.pk).delete()


def _has_row(did: str) -> bool:
    from obstap.stores import get_store  # noqa: PLC0415 - the engine loads when it is first used

    with get_store().snapshot() as snapshot:
        if "ivoa.obscore" not in snapshot.tables:
            return False
        table = snapshot.physical("ivoa.obscore")
        query = f"SELECT count(*) FROM {table} WHERE obs_publisher_did = {literal(did)}"  # noqa: S608 - a literal
        return any(batch.column(0)[0].as_py() for batch in snapshot.execute(query))


def _announce() -> None:
    """Tell of products that nobody has heard of yet."""
    for product in PublishedProduct.objects.filter(state=State.PUBLISHED, announced=False).order_by("pk"):
        product_published.send(PublishedProduct, did=product.obs_publisher_did)
        PublishedProduct.objects.filter(pk=product.pk).update(announced=True)


def _file_name(result: Result) -> str:
    """Name of a product's file: that of the result, with what tells it from those of all other jobs."""
    suffixes = "".join(Path(result.path).suffixes[-2:]) if result.path.endswith(".gz") else Path(result.path).suffix
    plain = re.sub(r"[^A-Za-z0-9._+-]", "_", f"{result.name}-{result.job_id}{suffixes}")
    return plain[-200:].lstrip(".-_")


def _preview_name(name: str) -> str:
    return f"{Path(name).stem}-preview.png"
