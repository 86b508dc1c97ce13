"""Jobs that ask for notices, and what receives these: an HTTP server and a mail server on this machine."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.contrib.auth.models import User

from uws.executors import Exit, MemoryExecutor
from uws.models import Job, Notice
from uws.services import create_job, run_job
from uws.testing import stepping_engine
from uws.times import now

__all__ = ["PATIENCE", "Receiver", "Sink", "end", "let_pass", "mailing", "make", "receiver", "sink"]

PATIENCE = 60.0


class Receiver(ThreadingHTTPServer):
    """What a user has listening: it keeps what it is sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"http://{self.host}/hooks/secret?of=ada"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        content = self.rfile.read(length)
        if len(content) < length:  # its sender was killed within the request
            self.close_connection = True
            return
        self.server.got.append((self.path, dict(self.headers), content))
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status == 0:
            self.server.released.wait(PATIENCE)
            return
        if status == 1:
            self._drip()
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self) -> None:
        """Send a line of a header now and then, for ever."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while not self.server.released.wait(0.05):
            number += 1
            try:
                self.wfile.write(f"X-{number % 50}: slow".encode() if number % 50 else b"\r\n")
            except OSError:
                return

    def log_message(self, *_: object) -> None:
        pass


class Sink(socketserver.ThreadingTCPServer):
    """A mail server (RFC 5321) that keeps what it gets, and refuses so many first."""

    daemon_threads = True

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.refuses = 0
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self._say("220 sink")
        to = ""
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            match word:
                case b"RCPT" if self.server.refuses:
                    self.server.refuses -= 1
                    self._say("451 greylisted")
                case b"RCPT":
                    to = line.decode().strip()
                    self._say("250 ok")
                case b"DATA":
                    self._say("354 go on")
                    lines = []
                    while (line := self.rfile.readline()) != b".\r\n":
                        lines.append(line.decode())
                    self.server.messages.append((to, "".join(lines)))
                    self._say("250 ok")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.ATHANOR_NOTICE_HOSTS = [f"http://{server.host}"]
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mailing(settings, user) -> User:
    settings.ATHANOR_MAIL = True
    user.email = "ada@example.org"
    user.save()
    return user


@pytest.fixture
def sink(settings) -> Iterator[Sink]:
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server
        server.shutdown()
        thread.join()


def make(user: object = None, notify: tuple[str, ...] = (), **options: object) -> Job:
    return create_job(
        definition="worker", parameters={}, user=user, base_url="http://testserver", notify=notify, **options
    )


def end(memory: MemoryExecutor, job: Job, ended: Exit | None = None) -> None:
    """Let a job run and end."""
    run_job(job=job)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
        memory.finish(job.pk, ended)
        engine.step()


def let_pass() -> None:
    """Let the pauses be over."""
    Notice.objects.filter(due__isnull=False).update(due=now() - timedelta(seconds=1))
