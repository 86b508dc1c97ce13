"""Jobs that have run, to be repeated."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from obstap.models import ArchiveFile
from provenance.rerun.due import compare_due
from provenance.rerun.service import rerun_job
from tests.uws.conftest import definitions, home, make_job, other, sas, service, user  # noqa: F401 - fixtures
from uws.executors.locking import locked
from uws.models import Job
from uws.testing import drive

FITS_WORKER = """#!{python}
import sys, time
given = dict(item.split("=", 1) for item in sys.argv[1:])
cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    1",
         "NAXIS1  =                    4", "DATE    = '{{}}'".format(time.time_ns()), "OBJECT  = 'Crab'", "END"]
with open(given.get("output", "out.txt"), "wb") as file:
    file.write("".join(card.ljust(80) for card in cards).ljust(2880).encode() + {data!r}.ljust(2880, b"\\0"))
"""


@pytest.fixture
def ran(make_job) -> Callable[..., Job]:  # noqa: F811 - the fixture above
    """Makes a job and sees it through."""

    def make(*args: object, **parameters: object) -> Job:
        job = make_job(*args, run=True, **parameters)
        drive()
        job.refresh_from_db()
        return job

    return make


def wait_for_others(job: Job) -> None:
    """The thread of an engine that has ended may still be at the comparison."""
    until = time.monotonic() + 60
    held = False
    while not held and time.monotonic() < until:
        with locked(job.workdir) as held:
            pass
        time.sleep(0 if held else 0.05)


@pytest.fixture
def repeat() -> Callable[..., Job]:
    """Repeats a job, and sees that and the comparison through."""

    def make(job: Job, *, user: object = None, allow_changed: bool = False) -> Job:  # noqa: F811
        again = rerun_job(job_id=job.pk, user=user, base_url="http://testserver", allow_changed=allow_changed)
        drive()
        compare_due()
        wait_for_others(again)
        again.refresh_from_db()
        return again

    return make


@pytest.fixture
def program(sas) -> Callable[[str], None]:  # noqa: F811
    """Puts another program in the place of the one that jobs run."""

    def write(text: str) -> None:
        (sas / "bin" / "worker").write_text(text.replace("{python}", sys.executable))

    return write


@pytest.fixture
def fits_program(program) -> Callable[[bytes], None]:
    """Lets jobs write a FITS file with these four pixels and the time in DATE."""
    return lambda data: program(FITS_WORKER.replace("{data!r}", repr(data)).replace("{{}}", "{}"))


@pytest.fixture
def dataset(db, tmp_path, settings) -> Callable[..., tuple[str, Path]]:
    """Makes a file of the archive; its identifier and its path."""

    def make(content: bytes = b"events\n", name: str = "events.txt") -> tuple[str, Path]:
        path = tmp_path / name
        path.write_bytes(content)
        did = f"ivo://{settings.ATHANOR_AUTHORITY}/demo?{name}"
        ArchiveFile.objects.create(
            obs_publisher_did=did,
            collection="demo",
            name=name,
            path=str(path),
            media_type="text/plain",
            size=len(content),
            mtime_ns=path.stat().st_mtime_ns,
            obs_id=name,
            dataproduct_type="event",
        )
        return did, path

    return make
