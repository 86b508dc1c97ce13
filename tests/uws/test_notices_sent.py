"""Notices on their way: the outbox, and a real receiver on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import connections

from tests.uws.notified import PATIENCE, end, let_pass, make
from uws.engine.housekeeping import Housekeeping
from uws.executors import Exit
from uws.models import Notice
from uws.notices import delivery, mark_due, notice_key, outbox, send_due, send_due_at_once
from uws.notices.outbox import ATTEMPTS, PAUSES
from uws.testing import stepping_engine
from uws.times import format_time, now


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
