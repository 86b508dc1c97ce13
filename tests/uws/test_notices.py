"""Notices of the ends of jobs: who may be told, the outbox, and real receivers on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connections
from django.test import Client

from uws.engine.housekeeping import Housekeeping
from uws.executors import Exit, MemoryExecutor
from uws.models import Job, Notice
from uws.notices import delivery, mark_due, notice_key, outbox, send_due, send_due_at_once
from uws.notices.addresses import check_address, shown
from uws.notices.outbox import ATTEMPTS, PAUSES
from uws.services import create_job, run_job, set_notify
from uws.testing import stepping_engine
from uws.times import format_time, now
from vo.errors import IllegalStateError, ParameterError

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
        content = self.rfile.read(int(self.headers["Content-Length"]))
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


def refusal(text: str, user: object = None) -> str:
    with pytest.raises(ParameterError) as caught:
        check_address(text, user=user)
    return str(caught.value)


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


# Who may be told


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/x",
        "https://hooks.example.org:443/x?y=z",
        "https://HOOKS.example.org",
        "https://ports.example.org:8443/",
        "http://plain.example.org/",
        "http://plain.example.org:80/",
        "http://plain.example.org:8080/",
        "https://[2001:db8::1]/",
    ],
)
def test_listed_hosts_may_be_told(settings, url):
    settings.ATHANOR_NOTICE_HOSTS = [
        *("hooks.example.org", "ports.example.org:8443", "http://plain.example.org", "http://plain.example.org:8080"),
        "[2001:db8::1]",
    ]
    assert check_address(f" {url} ", user=None) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://hooks.example.org/", "http://hooks.example.org is not told."),
        ("https://plain.example.org/", "https://plain.example.org is not told."),
        ("https://hooks.example.org:8443/", "https://hooks.example.org:8443 is not told."),
        ("https://hooks.example.org.evil.example/", "https://hooks.example.org.evil.example is not told."),
        ("https://evil.example/?hooks.example.org", "https://evil.example is not told."),
        ("https://ada@hooks.example.org/", "a URL with a user, a password or a fragment is not taken."),
        ("https://hooks.example.org/#x", "a URL with a user, a password or a fragment is not taken."),
        ("ftp://hooks.example.org/", "'ftp://hooks.example.org/' is neither 'email' nor an https URL."),
        ("file:///etc/passwd", "'file:///etc/passwd' is neither 'email' nor an https URL."),
        ("https://", "'https://' is neither 'email' nor an https URL."),
        ("https://[::1/", "'https://[::1/' is neither 'email' nor an https URL."),
        ("https://hooks.example.org:x/", "'https://hooks.example.org:x/' is neither 'email' nor an https URL."),
        ("https://hooks.example.org/a b", "'https://hooks.example.org/a b' is neither 'email' nor an https URL."),
        ("https://hooks.example.org/\r\nX: y", "is neither 'email' nor an https URL."),
        ("https://hooks.example.org/" + "x" * 1000, "is neither 'email' nor an https URL."),
        ("ada@example.org", "'ada@example.org' is neither 'email' nor an https URL."),
        ("mailto:bob@example.org", "'mailto:bob@example.org' is neither 'email' nor an https URL."),
    ],
)
def test_all_else_is_not_told(settings, url, message):
    settings.ATHANOR_NOTICE_HOSTS = ["hooks.example.org", "http://plain.example.org"]
    told = refusal(url)
    assert told.startswith("NOTIFY: ")
    assert message in told
    if "is not taken" not in message:
        assert told.endswith("URLs may be of http://plain.example.org, https://hooks.example.org.")


def test_mail_goes_to_the_owner_alone(mailing, other, settings):
    assert check_address("Email", user=mailing) == "mailto:ada@example.org"
    assert refusal("email") == "NOTIFY: mail goes to the owner of a job alone; sign in to have one."
    assert refusal("email", other) == "NOTIFY: the account bob has no mail address."
    settings.ATHANOR_MAIL = False
    assert refusal("email", mailing) == "NOTIFY: this service sends no mail. It tells nobody."


def test_what_others_see_of_an_address():
    assert shown("https://hooks.example.org:8443/secret?key=1") == "https://hooks.example.org:8443/…"
    assert shown("mailto:ada@example.org") == "ada@example.org"


# Asking


def test_asking_at_creation_and_while_pending(service, client: Client, receiver):
    url = f"http://{receiver.host}"
    made = client.post("/uws/worker", {"notify": [f"{url}/a", f"{url}/b", f"{url}/a"]})
    assert made.status_code == 303
    job = Job.objects.get()
    assert [notice.address for notice in job.notices.order_by("pk")] == [f"{url}/a", f"{url}/b"]
    assert job.parameters == {}
    client.post(f"/uws/worker/{job.pk}", {"NOTIFY": f"{url}/c"})
    assert [notice.address for notice in job.notices.all()] == [f"{url}/c"]
    client.post(f"/uws/worker/{job.pk}", {"NOTIFY": ""})
    assert not job.notices.exists()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["https://evil.example/"], "NOTIFY: https://evil.example is not told. "),
        (["email"], "NOTIFY: this service sends no mail. "),
        ([f"http://{{host}}/{number}" for number in range(11)], "NOTIFY: 11 are asked for; at most 10 are told"),
    ],
)
def test_a_job_that_asks_for_what_is_not_given_is_not_made(service, client: Client, receiver, asked, message):
    answer = client.post("/uws/worker", {"NOTIFY": [text.replace("{host}", receiver.host) for text in asked]})
    assert (answer.status_code, message in answer.content.decode()) == (400, True)
    assert not Job.objects.exists()


def test_asking_too_late(service, receiver):
    job = make()
    run_job(job=job)
    with pytest.raises(IllegalStateError, match="NOTIFY can be set only while it is PENDING or HELD"):
        set_notify(job=job, notify=[receiver.url])


# Telling


def test_a_signed_document_is_posted_once(service, receiver, memory, user):
    job = make(user, (receiver.url,), run_id="Crab")
    send_due()
    assert receiver.got == []
    end(memory, job, Exit("exited", exit_code=3))
    job.refresh_from_db()
    notice = job.notices.get()
    send_due()
    send_due()
    ((path, headers, content),) = receiver.got
    assert path == "/hooks/secret?of=ada"
    assert json.loads(content) == {
        "delivery": f"{job.pk}-{notice.pk}",
        "jobId": job.pk,
        "phase": "ERROR",
        "href": f"http://testserver/uws/worker/{job.pk}",
        "definition": "worker",
        "runId": "Crab",
        "endTime": format_time(job.end_time),
        "results": [],
        "error": "worker ended with exit code 3.",
    }
    mac = hmac.new(notice_key().encode(), content, hashlib.sha256).hexdigest()
    named = ("Host", "Content-Type", "User-Agent", "X-Athanor-Delivery", "X-Athanor-Signature")
    assert [headers[name] for name in named] == [
        receiver.host,
        "application/json",
        "Athanor/0.1.0",
        f"{job.pk}-{notice.pk}",
        f"sha256={mac}",
    ]
    notice.refresh_from_db()
    assert (notice.attempts, notice.due, notice.failure, notice.sent is not None) == (1, None, "", True)


def test_results_are_in_the_document(service, receiver, memory):
    job = make(notify=(receiver.url,))
    result = {"name": "output", "path": "work/out.txt", "media_type": "text/plain", "size": 6, "sha256": "5891b5b5"}
    end(memory, job, Exit("exited", exit_code=0, results=({**result, "role": "", "product_type": ""},)))
    send_due()
    (told,) = json.loads(receiver.got[0][2])["results"]
    assert (told["id"], told["href"]) == ("output", f"http://testserver/uws/worker/{job.pk}/results/output")


@pytest.mark.parametrize("queued", [False, True])
def test_jobs_that_end_without_having_run(service, receiver, memory, queued):
    from uws.services import abort_job

    job = make(notify=(receiver.url,), run=queued)
    abort_job(job=job)
    with stepping_engine({"local": memory}) as engine:
        engine.step()
    send_due()
    assert [json.loads(content)["phase"] for _, _, content in receiver.got] == ["ABORTED"]


def test_a_receiver_that_fails_is_tried_again_after_growing_pauses(service, receiver, memory):
    receiver.answers = [503, 500, 404]
    job = make(notify=(receiver.url,))
    end(memory, job)
    for number, status in enumerate(("503 Service Unavailable", "500 Internal Server Error", "404 Not Found")):
        before = now()
        send_due()
        send_due()
        notice = job.notices.get()
        assert (notice.attempts, notice.failure) == (number + 1, f"{receiver.host} answered {status}.")
        assert before < notice.due - timedelta(seconds=PAUSES[number]) < now() + timedelta(seconds=1)
        let_pass()
    send_due()
    assert job.notices.get().sent is not None
    assert len({headers["X-Athanor-Delivery"] for _, headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 4
    assert len({content for _, _, content in receiver.got}) == 1


def test_after_the_last_attempt_it_is_given_up(service, receiver, memory):
    receiver.answers = [503] * 20
    job = make(notify=(receiver.url,))
    end(memory, job)
    for _ in range(ATTEMPTS + 3):
        send_due()
        let_pass()
    notice = job.notices.get()
    assert (len(receiver.got), notice.attempts, notice.due, notice.sent) == (8, 8, None, None)
    assert notice.failure == f"{receiver.host} answered 503 Service Unavailable."


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(service, receiver, memory, status):
    receiver.answers = [status]
    job = make(notify=(receiver.url,))
    end(memory, job)
    send_due()
    assert [path for path, _, _ in receiver.got] == ["/hooks/secret?of=ada"]
    assert job.notices.get().failure.endswith("redirects are not followed.")


@pytest.mark.parametrize("silence", [0, 1], ids=["hangs", "drips"])
def test_a_receiver_that_takes_too_long(service, receiver, memory, monkeypatch, silence):
    monkeypatch.setattr(delivery, "SECONDS", 0.5)
    receiver.answers = [silence]
    job = make(notify=(receiver.url,))
    end(memory, job)
    begin = time.monotonic()
    send_due()
    assert time.monotonic() - begin < PATIENCE
    notice = job.notices.get()
    assert (notice.attempts, notice.sent) == (1, None)
    assert notice.failure == f"{receiver.host} did not answer: it took too long."


def test_nobody_listens(service, settings, memory):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        settings.ATHANOR_NOTICE_HOSTS = [f"http://{host}"]
        job = make(notify=(f"http://{host}/",))
        end(memory, job)
        send_due()
    assert "Connection refused" in job.notices.get().failure


def test_a_host_that_is_no_longer_listed_is_not_told(service, receiver, memory, settings):
    job = make(notify=(receiver.url,))
    end(memory, job)
    settings.ATHANOR_NOTICE_HOSTS = []
    send_due()
    assert receiver.got == []
    assert job.notices.get().failure == f"Not told any more: http://{receiver.host} is not told."


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_names_that_lead_inside(service, settings, memory, monkeypatch, address):
    settings.ATHANOR_NOTICE_HOSTS = ["hooks.example.org"]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.43.8", 443))
    found = [public, (family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(delivery.socket, "getaddrinfo", lambda *_, **__: found)
    job = make(notify=("https://hooks.example.org/",))
    end(memory, job)
    send_due()
    assert job.notices.get().failure == "Not told: hooks.example.org has an address that is not public."


def test_a_listed_name_on_a_listed_address(service, settings, receiver, memory):
    port = receiver.server_address[1]
    settings.ATHANOR_NOTICE_HOSTS = [f"http://localhost:{port}", "http://127.0.0.1", "http://[::1]"]
    job = make(notify=(f"http://localhost:{port}/x",))
    end(memory, job)
    send_due()
    assert [path for path, _, _ in receiver.got] == ["/x"]


def test_tls_is_checked(service, settings, receiver, memory):
    settings.ATHANOR_NOTICE_HOSTS = [receiver.host]
    job = make(notify=(f"https://{receiver.host}/",))
    end(memory, job)
    send_due()
    assert receiver.got == []
    assert "SSL" in job.notices.get().failure


def test_tls(service, settings, receiver, memory, *, monkeypatch, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made_of = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key]
    names = ["-subj", "/CN=receiver", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", *made_of, *names, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True, do_handshake_on_connect=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    port = receiver.server_address[1]
    settings.ATHANOR_NOTICE_HOSTS = [f"localhost:{port}", f"127.0.0.1:{port}", "[::1]"]
    right, wrong = (make(notify=(f"https://{name}:{port}/{name}",)) for name in ("localhost", "127.0.0.1"))
    for job in (right, wrong):
        end(memory, job)
    send_due()
    assert [path for path, _, _ in receiver.got] == ["/localhost"]
    assert right.notices.get().sent is not None
    assert "certificate verify failed" in wrong.notices.get().failure


class Killed(BaseException):
    """What ends an engine between two statements."""


def test_a_crash_between_sending_and_marking_sends_again_with_the_same_identifier(service, receiver, memory):
    job = make(notify=(receiver.url,))
    end(memory, job)
    deliver = outbox.deliver

    def deliver_and_die(notice):
        deliver(notice)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "deliver", deliver_and_die)
        with pytest.raises(Killed):
            send_due()
    send_due()
    assert len(receiver.got) == 1
    let_pass()
    send_due()
    first, second = (headers["X-Athanor-Delivery"] for _, headers, _ in receiver.got)
    assert first == second
    assert job.notices.get().sent is not None


def test_a_crash_in_the_last_attempt(service, receiver, memory, monkeypatch):
    job = make(notify=(receiver.url,))
    end(memory, job)
    Notice.objects.update(attempts=ATTEMPTS - 1)

    def die(_):
        raise Killed

    monkeypatch.setattr(outbox, "deliver", die)
    with pytest.raises(Killed):
        send_due()
    let_pass()
    send_due()
    notice = job.notices.get()
    assert (notice.due, notice.sent, notice.failure) == (None, None, "The last attempt was cut short.")


def test_two_engines_do_not_send_the_same(service, receiver, memory):
    job = make(notify=(receiver.url,))
    end(memory, job)
    seen = list(Notice.objects.select_related("job", "job__owner"))
    send_due()
    outbox._send_to_host(seen)
    assert len(receiver.got) == 1


def test_the_first_that_fails_ends_a_round_for_its_host_alone(service, receiver, memory, settings, mailing):
    receiver.answers = [503]
    jobs = [make(mailing, (receiver.url, "email")) for _ in range(3)]
    for job in jobs:
        end(memory, job)
    send_due()
    assert (len(receiver.got), len(mail.outbox)) == (1, 3)
    send_due()
    assert len(receiver.got) == 3


def test_notices_are_due_only_if_the_end_is_committed(service, receiver, memory, monkeypatch):
    from uws.signals import job_finished

    def fail(**_):
        raise RuntimeError("full disk")

    job = make(notify=(receiver.url,))
    job_finished.connect(fail)
    try:
        end(memory, job)
    finally:
        job_finished.disconnect(fail)
    assert job.notices.get().due is None
    mark_due(job.pk)
    due = job.notices.get().due
    mark_due(job.pk)
    assert job.notices.get().due == due is not None


# Mail


def test_mail(service, mailing, memory):
    job = make(mailing, ("email",), run_id="Crab")
    end(memory, job)
    send_due()
    (message,) = mail.outbox
    notice = job.notices.get()
    assert (message.to, message.from_email) == (["ada@example.org"], "athanor@localhost")
    assert message.subject == "Athanor: worker Crab is COMPLETED"
    assert message.body == f"Your job worker Crab is COMPLETED.\n\nhttp://testserver/jobs/{job.pk}/\n"
    assert message.extra_headers == {
        "Message-ID": f"<{job.pk}-{notice.pk}@athanor>",
        "Auto-Submitted": "auto-generated",
    }
    assert notice.sent is not None


def test_mail_goes_to_the_address_that_the_account_has_now(service, mailing, memory):
    job = make(mailing, ("email",))
    mailing.email = "lovelace@example.org"
    mailing.save()
    end(memory, job)
    send_due()
    assert mail.outbox[0].to == ["lovelace@example.org"]


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
def sink(settings) -> Iterator[Sink]:
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server
        server.shutdown()
        thread.join()


def test_mail_over_smtp(service, mailing, memory, sink):
    sink.refuses = 1
    job = make(mailing, ("email",), run_id="Krebsnebel – äöü")
    end(memory, job, Exit("failed", message="No such table."))
    send_due()
    assert job.notices.get().failure.startswith("The mail server did not take it: ")
    assert sink.messages == []
    let_pass()
    send_due()
    ((to, text),) = sink.messages
    assert to.lower() == "rcpt to:<ada@example.org>"
    assert f"Message-ID: <{job.pk}-{job.notices.get().pk}@athanor>" in text
    assert "No such table." in text


# Beside the engine


@pytest.mark.django_db(transaction=True)
def test_it_is_told_beside_the_engine(service, settings, receiver, memory, monkeypatch):
    """A host that hangs delays neither the others nor the engine."""
    monkeypatch.setattr(delivery, "SECONDS", 1.0)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        silent = f"127.0.0.1:{deaf.getsockname()[1]}"
        settings.ATHANOR_NOTICE_HOSTS.append(f"http://{silent}")
        jobs = [make(notify=(f"http://{silent}/", receiver.url)) for _ in range(2)]
        housekeeping = Housekeeping()
        try:
            for job in jobs:
                end(memory, job)
            until = time.monotonic() + PATIENCE
            while Notice.objects.filter(sent__isnull=False).count() < 2:
                assert time.monotonic() < until
                time.sleep(0.05)
        finally:
            housekeeping.close()
    assert sorted(json.loads(content)["jobId"] for _, _, content in receiver.got) == sorted(job.pk for job in jobs)


@pytest.mark.django_db(transaction=True)
def test_several_threads_send_each_notice_once(service, receiver, memory):
    jobs = [make(notify=(receiver.url,)) for _ in range(5)]
    for job in jobs:
        end(memory, job)

    def send() -> None:
        send_due_at_once()
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due()
    assert sorted(json.loads(content)["jobId"] for _, _, content in receiver.got) == sorted(job.pk for job in jobs)


# The page for receivers


def test_receivers_verify_as_the_page_says(service, receiver, memory):
    page = (Path(__file__).resolve().parent.parent.parent / "docs" / "howto" / "notices.md").read_text()
    described = json.loads(re.search(r"```json\n(.*?)```", page, flags=re.DOTALL)[1])
    code = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL)[1]
    names: dict = {}
    exec(code, names)
    job = make(notify=(receiver.url,))
    result = {"name": "image", "path": "work/x.fits", "media_type": "image/fits", "size": 6, "sha256": "5891b5b5"}
    end(memory, job, Exit("exited", exit_code=0, results=({**result, "role": "", "product_type": ""},)))
    send_due()
    ((_, headers, content),) = receiver.got
    told = json.loads(content)
    assert (list(told), list(told["results"][0])) == (list(described), list(described["results"][0]))
    signature = headers["X-Athanor-Signature"]
    assert names["is_genuine"](notice_key(), content, signature)
    assert not names["is_genuine"](notice_key(), content + b" ", signature)
    assert not names["is_genuine"](notice_key()[::-1], content, signature)
