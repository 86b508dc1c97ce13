"""Notices by mail, and a real mail server on this machine."""

from __future__ import annotations

from django.core import mail

from tests.uws.notified import end, let_pass, make
from uws.executors import Exit
from uws.notices import send_due


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
