"""An archive with one event list, and completed jobs that have made something of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs import registry
from obstap import catalogue
from obstap.models import ArchiveFile
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, get_store
from uws.models import Job, JobInput, Result
from uws.phases import Phase
from uws.services import create_job
from uws.times import now

EVENTS = "ivo://athanor.example/XMM?events.fits"

ROW = {
    "dataproduct_type": "event", "calib_level": 2, "obs_collection": "XMM", "obs_id": "0123456789",
    "obs_publisher_did": EVENTS, "access_url": "files/XMM/events.fits", "access_format": "application/fits",
    "target_name": "Crab Nebula", "s_ra": 83.633, "s_dec": 22.0145, "s_fov": 0.5, "s_region": (83.633, 22.0145, 0.25),
    "t_min": 53628.25, "t_max": 53628.5, "t_exptime": 21571.5, "em_min": 1e-10, "em_max": 8e-9,
    "facility_name": "XMM-Newton", "instrument_name": "EPN", "proposal_id": "012345", "o_ucd": "phot.count",
}  # fmt: skip


def write_spectrum(path: Path, **header: object) -> Path:
    """A spectrum, whose header says no more than what it is."""
    columns = [
        fits.Column("CHANNEL", "I", array=np.arange(8)),
        fits.Column("COUNTS", "J", unit="count", array=np.arange(8)),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    hdu.header.update({"HDUCLAS1": "SPECTRUM", "DETCHANS": 8, **header})
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
    return path


@pytest.fixture(params=["duckdb", "postgresql"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "duckdb":
        return f"duckdb:{tmp_path / 'tables'}"
    return request.getfixturevalue("postgresql_url")


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"duckdb:{tmp_path / 'tables'}"


def use_archive(url: str, settings, folder: Path) -> Callable[[str], list[dict[str, object]]]:
    """Fill an archive and answer from it; gives what asks for the rows that a condition fits."""
    settings.ARCHIVE_URL = url
    settings.ATHANOR_HOME = folder / "home"
    catalogue.ensure()
    catalogue.upsert([TableContent(OBSCORE, [batch([ROW])])])
    events = folder / "archive" / "events.fits"
    events.parent.mkdir()
    events.write_bytes(b"events")
    ArchiveFile.objects.create(
        obs_publisher_did=EVENTS, collection="XMM", name="events.fits", path=str(events), media_type="application/fits",
        size=6, mtime_ns=events.stat().st_mtime_ns, obs_id="0123456789", dataproduct_type="event",
    )  # fmt: skip

    def rows(table: str = "ivoa.obscore") -> list[dict[str, object]]:
        with get_store().snapshot() as snapshot:
            query = f"SELECT * FROM {snapshot.physical(table)} WHERE obs_publisher_did <> '{EVENTS}'"
            return [row for part in snapshot.execute(query) for row in part.to_pylist()]

    return rows


@pytest.fixture
def archive(store_url: str, settings, tmp_path: Path, db: None) -> Iterator[Callable[..., list[dict[str, object]]]]:
    """An archive of one event list; calling it gives all other rows of a table."""
    yield use_archive(store_url, settings, tmp_path)
    get_store().close()


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada", password="engine", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def operator(django_user_model):
    return django_user_model.objects.create_superuser("root", password="engine")


@pytest.fixture
def make_job(db: None) -> Callable[..., Job]:
    """Makes a job that has completed: a spectrum of what it read, a picture of it and a log."""

    def make(*, user=None, phase=Phase.COMPLETED, read: str = EVENTS, header: dict[str, object] | None = None) -> Job:
        assert "evselect" in registry.all_definitions()
        job = create_job(
            definition="evselect", parameters={"table": [read]}, user=user, base_url="http://testserver", run_id="a run"
        )
        Job.objects.filter(pk=job.pk).update(phase=phase, start_time=now(), end_time=now(), announced=True, reaped=True)
        JobInput.objects.create(
            job=job, parameter="table", reference=read, entity_id=read, name="events.fits", path="/x", sha256="a" * 64
        )
        write_spectrum(job.workdir / "spectrum.fits", **(header or {}))
        (job.workdir / "preview.png").write_bytes(b"\x89PNG\r\n\x1a\n picture")
        (job.workdir / "log.txt").write_text("it ran")
        add_result(job, "spectrum", "spectrum.fits", "application/fits", role="spectrum", product_type="spectrum")
        add_result(job, "spectrum-preview", "preview.png", "image/png", role="preview")
        add_result(job, "log", "log.txt", "text/plain", role="log")
        job.refresh_from_db()
        return job

    return make


def add_result(job: Job, name: str, path: str, media_type: str, **more: str) -> Result:
    content = (job.workdir / path).read_bytes()
    return Result.objects.create(
        job=job, name=name, path=path, media_type=media_type, size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), **more,
    )  # fmt: skip
