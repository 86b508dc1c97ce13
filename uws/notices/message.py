"""What a notice says, and how a receiver knows that it is ours."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

from django.core.mail import EmailMessage
from django.utils.crypto import salted_hmac

from uws.http.description import describe_results
from uws.models import Notice
from uws.notices.addresses import MAIL
from uws.times import format_time

__all__ = ["body", "delivery_id", "mail", "notice_key", "signature"]

SALT = "athanor.uws.notices"


def notice_key() -> str:
    """The key with which this service signs notices: 64 hexadecimal digits, made of ``SECRET_KEY``."""
    return salted_hmac(SALT, "", algorithm="sha256").hexdigest()


def signature(content: bytes) -> str:
    """Value of the header ``X-Athanor-Signature``: HMAC-SHA256 of the body, the key being the digits as ASCII text."""
    return f"sha256={hmac.new(notice_key().encode('ascii'), content, hashlib.sha256).hexdigest()}"


def delivery_id(notice: Notice) -> str:
    """Identifier of a notice, the same at every attempt."""
    return f"{notice.job_id}-{notice.pk}"


def body(notice: Notice) -> bytes:
    """The JSON that a URL is sent."""
    job = notice.job
    url = f"{job.base_url}/uws/{quote(job.definition)}/{job.pk}"
    content: dict[str, Any] = {
        "delivery": delivery_id(notice),
        "jobId": job.pk,
        "phase": job.phase,
        "href": url,
        "definition": job.definition,
        "runId": job.run_id or None,
        "endTime": format_time(job.end_time) or None,
        "results": describe_results(job, url=url),
    }
    if job.error_message:
        content["error"] = job.error_message
    return json.dumps(content, ensure_ascii=False).encode()


def mail(notice: Notice) -> EmailMessage:
    """The mail to the owner of a job, at the address that the account has now or had when it was asked for."""
    job = notice.job
    name = f"{job.definition} {job.run_id}" if job.run_id else f"{job.definition} {job.pk[:8]}"
    address = (job.owner.email if job.owner else "") or notice.address.removeprefix(MAIL)
    lines = [
        f"Your job {name} is {job.phase}.",
        "",
        f"{job.base_url}/jobs/{job.pk}/",
        "",
        *([job.error_message, ""] if job.error_message else []),
        *(f"{item.name}: {item.media_type}, {item.size} bytes" for item in job.results.order_by("pk")),
    ]
    return EmailMessage(
        subject=f"Athanor: {name} is {job.phase}",
        body="\n".join(lines).rstrip() + "\n",
        to=[address],
        headers={"Message-ID": f"<{delivery_id(notice)}@athanor>", "Auto-Submitted": "auto-generated"},
    )
