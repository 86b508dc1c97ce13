"""Files of an observation that a job has fetched, as the input of the next."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jobdefs import registry
from tests.uws.running import BOTH_WAYS
from tests.uws.sassite import DEFINITIONS, finished, make_job
from tests.xsa import OBSID, ODF_FILES, running_archive
from vo.errors import UsageError

PRODUCTS = Path(registry.__file__).parent / "definitions"


@pytest.fixture
def definitions(site, tmp_path, monkeypatch):
    """The product's own fetch-xmm, and a task that reads a directory."""
    folder = tmp_path / "definitions"
    folder.mkdir()
    shutil.copy(PRODUCTS / "fetch-xmm.toml", folder)
    shutil.copy(DEFINITIONS / "emchain.toml", folder)
    monkeypatch.setattr(registry, "DIRECTORY", folder)
    return site


@pytest.mark.parametrize("mode", BOTH_WAYS)
def test_what_was_fetched_is_the_odf_of_the_next(definitions, settings, mode):
    settings.ATHANOR_SANDBOX = mode
    definitions.behave("emchain", "write('P1.FIT', ' '.join(sorted(os.listdir(os.environ['SAS_ODF']))))")
    with running_archive() as archive:
        settings.ATHANOR_XMM_ARCHIVE = archive.url
        fetched = finished(make_job("fetch-xmm", obsid=OBSID))
    assert (fetched.phase, fetched.error_message) == ("COMPLETED", "")
    assert fetched.results.get().path == f"work/{OBSID}_ODF.tar.gz"
    job = finished(make_job("emchain", odf=f"job:{fetched.pk}/files"))
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    assert (job.workdir / "work" / "P1.FIT").read_text().split() == sorted(ODF_FILES)


def test_archive_says_no(definitions, settings):
    with running_archive() as archive:
        settings.ATHANOR_XMM_ARCHIVE = archive.url
        archive.answer = (401, "", b"no")
        job = finished(make_job("fetch-xmm", obsid=OBSID))
    assert job.phase == "ERROR"
    assert job.error_message == (
        f"fetch-xmm ended with exit code 1: ** fetch-xmm: error (Proprietary), the files of {OBSID} are not public."
    )


def test_it_is_refused_where_it_is_not_allowed(definitions, settings):
    settings.ATHANOR_XMM_ARCHIVE = ""
    with pytest.raises(UsageError, match="which this service does not allow"):
        make_job("fetch-xmm", obsid=OBSID)
