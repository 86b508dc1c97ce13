"""Files of an observation from an archive that answers as XSA does."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from jobdefs.tasks import fetch_xmm
from jobdefs.tasks.parameters import read_command_line
from tests.xsa import OBSID, ODF, make_tar, running_archive


@pytest.fixture
def archive():
    with running_archive() as running:
        yield running


@pytest.fixture
def fetch(tmp_path, monkeypatch, capsys):
    """Runs the task in a directory of its own: its exit status and what it wrote to both streams."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*words, archive=""):
        monkeypatch.setenv("ATHANOR_XMM_ARCHIVE", archive)
        status = read_command_line("fetch-xmm", fetch_xmm.run, words)
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("name", "content", "file"),
    [
        (f"{OBSID}.tar.gz", gzip.compress(ODF, mtime=0), f"{OBSID}_ODF.tar.gz"),
        (f"{OBSID}.tar", ODF, f"{OBSID}_ODF.tar"),
        ("../../odd name.TAR", ODF, f"{OBSID}_ODF.tar"),
    ],
)
def test_odf_is_fetched(fetch, archive, name, content, file):
    archive.answer = (200, name, content)
    status, out, err = fetch(f"obsid={OBSID}", archive=archive.url)
    assert (status, err) == (0, "")
    assert "[STAGE] Fetching ODF files of 0123700101" in out
    assert f"fetch-xmm:- 2 files, {len(content):,} bytes: {file}" in out
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == {file: content}
    assert {(path, tuple(query.items())) for _, path, query in archive.asked} == {
        ("/nxsa-sl/servlet/data-action-aio", (("obsno", OBSID), ("level", "ODF")))
    }


def test_products_are_chosen(fetch, archive):
    words = [f"obsid={OBSID}", "level=PPS", "instname=PN", "name=pievli"]
    assert fetch(*words, archive=f"{archive.url}?")[0] == 0
    assert archive.asked[-1][2] == {"obsno": OBSID, "level": "PPS", "instname": "PN", "name": "PIEVLI"}


@pytest.mark.parametrize(
    ("answer", "words", "message"),
    [
        ((401, "", b"no"), [], f"error (Proprietary), the files of {OBSID} are not public."),
        ((500, "x.tar", b"no"), [], "error (ArchiveError), the archive does not answer as it should: status 500."),
        ((200, "", b"<html>nothing</html>"), [], f"error (NoFiles), the archive has no such files of {OBSID}."),
        ((200, "x.tar", make_tar()), [], f"error (NoFiles), the archive gave no ODF files of {OBSID}."),
        ((200, "x.tar.gz", gzip.compress(ODF)[:100]), [], "error (DamagedArchive)"),
        ((200, "x.tar", b"this is text" * 100), [], "error (DamagedArchive)"),
        ((200, "x.tar", ODF), ["obsid=12"], "error (BadObsId), '12' identifies no observation"),
        ((200, "x.tar", ODF), ["obsid=0123700101&level=x"], "error (BadObsId)"),
        ((200, "x.tar", ODF), ["name=PIEV&x"], "error (BadProduct), 'PIEV&x' is no type of product"),
    ],
)
def test_refused_or_broken(fetch, archive, answer, words, message):
    archive.answer = answer
    given = dict(word.split("=", 1) for word in [f"obsid={OBSID}", *words])
    status, _, err = fetch(*(f"{name}={value}" for name, value in given.items()), archive=archive.url)
    assert status == 1
    assert f"** fetch-xmm: {message}" in err
    assert list(Path().iterdir()) == []


def test_nobody_answers(fetch, archive):
    url = archive.url.replace(str(archive.server_address[1]), "9")
    *_, err = fetch(f"obsid={OBSID}", archive=url)
    assert "error (ArchiveError), the archive does not answer as it should: ConnectionError." in err


def test_it_must_be_allowed(fetch):
    status, _, err = fetch(f"obsid={OBSID}")
    assert (status, "error (NotAllowed)" in err) == (1, True)
