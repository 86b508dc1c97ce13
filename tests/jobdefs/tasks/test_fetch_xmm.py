"""Files of an observation from an archive that answers as XSA does."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[3]
OBSID = "0123700101"


def make_tar(*names):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            item = tarfile.TarInfo(name)
            item.size = 1000
            archive.addfile(item, io.BytesIO(bytes(1000)))
    return buffer.getvalue()


ODF = make_tar("0070_0123700101_SCX00000SUM.ASC", "0070_0123700101_PNS00101IME.FIT")


class Archive(ThreadingHTTPServer):
    """What it is asked, and what it answers: status, headers, content."""

    daemon_threads = True

    def __init__(self):
        self.asked = []
        self.answer = (200, f"{OBSID}.tar.gz", gzip.compress(ODF, mtime=0))
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/nxsa-sl/servlet/data-action-aio"


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = urlsplit(self.path)
        self.server.asked.append((self.command, parts.path, dict(parse_qsl(parts.query))))
        status, name, content = self.server.answer
        self.send_response(status)
        if name:
            self.send_header("Content-Type", "application/x-tar")
            self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        else:
            self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def archive():
    server = Archive()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(folder, *words, archive=""):
    (folder / "work").mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "jobdefs.tasks.fetch_xmm", *words],
        cwd=folder / "work",
        env={**environment, "ATHANOR_XMM_ARCHIVE": archive},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "content", "file"),
    [
        (f"{OBSID}.tar.gz", gzip.compress(ODF, mtime=0), f"{OBSID}_ODF.tar.gz"),
        (f"{OBSID}.tar", ODF, f"{OBSID}_ODF.tar"),
        ("../../odd name.TAR", ODF, f"{OBSID}_ODF.tar"),
    ],
)
def test_odf_is_fetched(tmp_path, archive, name, content, file):
    archive.answer = (200, name, content)
    done = fetch(tmp_path, f"obsid={OBSID}", archive=archive.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[STAGE] Fetching ODF files of 0123700101" in done.stdout
    assert f"fetch-xmm:- 2 files, {len(content):,} bytes: {file}" in done.stdout
    assert {path.name: path.read_bytes() for path in (tmp_path / "work").iterdir()} == {file: content}
    assert {(path, tuple(query.items())) for _, path, query in archive.asked} == {
        ("/nxsa-sl/servlet/data-action-aio", (("obsno", OBSID), ("level", "ODF")))
    }


def test_products_are_chosen(tmp_path, archive):
    words = [f"obsid={OBSID}", "level=PPS", "instname=PN", "name=pievli"]
    assert fetch(tmp_path, *words, archive=f"{archive.url}?").returncode == 0
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
def test_refused_or_broken(tmp_path, archive, answer, words, message):
    archive.answer = answer
    given = dict(word.split("=", 1) for word in [f"obsid={OBSID}", *words])
    done = fetch(tmp_path, *(f"{name}={value}" for name, value in given.items()), archive=archive.url)
    assert done.returncode == 1
    assert f"** fetch-xmm: {message}" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "work").iterdir()) == []


def test_nobody_answers(tmp_path, archive):
    url = archive.url.replace(str(archive.server_address[1]), "9")
    done = fetch(tmp_path, f"obsid={OBSID}", archive=url)
    assert "error (ArchiveError), the archive does not answer as it should: ConnectionError." in done.stderr


def test_it_must_be_allowed(tmp_path):
    done = fetch(tmp_path, f"obsid={OBSID}")
    assert (done.returncode, "error (NotAllowed)" in done.stderr) == (1, True)
