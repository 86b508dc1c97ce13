"""A stand-in for the science archive of XMM-Newton: it answers requests for files as XSA does."""

from __future__ import annotations

import gzip
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

__all__ = ["OBSID", "ODF", "ODF_FILES", "Archive", "make_tar", "running_archive"]

OBSID = "0123700101"


def make_tar(*names):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            item = tarfile.TarInfo(name)
            item.size = 1000
            archive.addfile(item, io.BytesIO(bytes(1000)))
    return buffer.getvalue()


ODF_FILES = ("0070_0123700101_PNS00101IME.FIT", "0070_0123700101_SCX00000SUM.ASC")
ODF = make_tar(*ODF_FILES)


class Archive(ThreadingHTTPServer):
    """What it was asked, and what it answers: status, the file's name or none for a text, content."""

    daemon_threads = True

    def __init__(self):
        self.asked = []
        self.answer = (200, f"{OBSID}.tar.gz", gzip.compress(ODF, mtime=0))
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/nxsa-sl/servlet/data-action-aio"


class _Handler(BaseHTTPRequestHandler):
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


@contextmanager
def running_archive() -> Iterator[Archive]:
    """An archive that answers until the block ends."""
    server = Archive()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
