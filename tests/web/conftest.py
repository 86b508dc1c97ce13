"""Jobs and users for the pages."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.core.cache import cache

from uws.models import Job, PhaseChange, Result
from uws.phases import FINAL, Phase
from uws.services import create_job
from uws.times import now

HARD_OBS_ID = "a/b c?d#e%20'f\"<g>"
"""An identifier that holds what addresses, HTML and ADQL give a meaning."""


def text_of(response) -> str:
    """What a reader reads, in one line."""
    body = re.sub(r"<head>.*?</head>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def row(obs_id, instrument, kind, *, target, ra, dec, name, **more):
    """A row of ObsCore."""
    return {
        "dataproduct_type": kind,
        "calib_level": 2,
        "obs_collection": "sim",
        "obs_id": obs_id,
        "obs_publisher_did": f"ivo://athanor.example/sim?{name}",
        "access_url": f"files/sim/{name}",
        "access_format": "application/fits",
        "access_estsize": 52340,
        "target_name": target,
        "s_ra": ra,
        "s_dec": dec,
        "s_fov": 0.5,
        "s_region": (ra, dec, 0.25),
        "t_min": 53628.25,
        "t_max": 53628.5,
        "t_exptime": 21571.5,
        "em_min": 1.0e-10,
        "em_max": 8.0e-9,
        "facility_name": "XMM-Newton",
        "instrument_name": instrument,
        **more,
    }


CRAB = {"target": "Crab Nebula", "ra": 83.633083, "dec": 22.0145}

ROWS = [
    row("0001", "EPN", "event", name="pn.fits", **CRAB),
    row("0001", "EMOS1", "event", name="m1.fits", **CRAB),
    row("0001", "EPN", "image", name="image.fits", **CRAB),
    row("0002", "EPN", "event", name="other.fits", target="Barnard's Star", ra=269.45, dec=4.69),
    row(HARD_OBS_ID, "RGS1", "spectrum", name="hard.fits", target="<b>bold</b>", ra=10.0, dec=-89.9, t_min=None),
]


@pytest.fixture(autouse=True)
def _no_old_numbers():
    cache.clear()


@pytest.fixture
def home(tmp_path, settings):
    """A state directory of the test's own."""
    settings.ATHANOR_HOME = tmp_path / "home"
    settings.ATHANOR_HOME.mkdir()
    return settings.ATHANOR_HOME


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada", password="engine")


@pytest.fixture
def make_job(db, home):
    """Make a job in any phase, with a log and results of this content, as if an engine had run it."""

    def make(phase=Phase.PENDING, *, user=None, log="", results=None, run_id="", parameters=None, **fields) -> Job:
        job = create_job(
            definition="evselect",
            parameters=parameters or {"table": ["ivo://athanor.example/sim?events"], "expression": ["(PATTERN<=4)"]},
            user=user,
            base_url="http://testserver",
            run_id=run_id,
        )
        created = now()
        if phase not in (Phase.PENDING, Phase.HELD, Phase.QUEUED):
            fields.setdefault("start_time", created - timedelta(seconds=200))
        if phase in FINAL:
            fields.setdefault("end_time", created)
            fields.setdefault("announced", True)
        Job.objects.filter(pk=job.pk).update(phase=phase, **fields)
        if phase != Phase.PENDING:
            PhaseChange.objects.create(job=job, phase=phase, time=created)
        job.workdir.mkdir(parents=True, exist_ok=True)
        if log:
            (job.workdir / "stdout.txt").write_text(log, encoding="utf-8")
        for name, (content, media_type, product_type) in (results or {}).items():
            (job.workdir / name).write_bytes(content)
            Result.objects.create(
                job=job,
                name=name,
                path=name,
                media_type=media_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                product_type=product_type,
            )
        job.refresh_from_db()
        return job

    return make


@pytest.fixture(scope="session")
def archive_tables(tmp_path_factory):
    """Tables of a small archive: two observations of one source, and one whose name is hard."""
    from obstap import catalogue
    from obstap.obscore import OBSCORE, batch
    from obstap.stores import TableContent
    from obstap.stores.duckdb import DuckDBStore

    directory = tmp_path_factory.mktemp("archive") / "tables"
    store = DuckDBStore(directory)
    catalogue.ensure(store)
    catalogue.upsert([TableContent(OBSCORE, [batch(ROWS)])], store=store)
    store.close()
    return directory


@pytest.fixture
def archive(archive_tables, settings, home):
    """An archive of three observations behind the pages."""
    settings.ARCHIVE_URL = f"duckdb:{archive_tables}"
    return archive_tables
