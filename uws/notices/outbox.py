"""The notices that are to be delivered: written with the end of their job, tried until they are taken or too often.

Each attempt is claimed by one guarded UPDATE that also says when the next is due, so that several engines share the
work and one that dies leaves nothing undone. A notice that was delivered just before its engine died is delivered
again, with the same identifier: at least once, not exactly once.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import connections, transaction

from uws.models import Job, Notice
from uws.notices.addresses import check_address, shown
from uws.notices.delivery import DeliveryError, deliver
from uws.times import now
from vo.errors import ParameterError

__all__ = ["ATTEMPTS", "copy_notices", "due", "mark_due", "send_due", "send_due_at_once", "set_notices"]

logger = logging.getLogger("athanor.notices")

MINUTE = 60.0
PAUSES = tuple(minutes * MINUTE for minutes in (1, 5, 15, 30, 60, 180, 360))
"""Seconds between an attempt and the next."""

ATTEMPTS = len(PAUSES) + 1
"""How often a notice is tried."""

MOST = 10
"""Notices of one job."""

OF_A_HOST = 20
"""Notices to one host, or by mail, in one round; the first that fails ends them for this round."""

AT_ONCE = 500
THREADS = 4
"""Hosts that are told at a time: one that is slow does not keep the others waiting."""

due = threading.Event()
"""Set when a notice has become due in this process."""


def set_notices(*, job: Job, wanted: Sequence[str], user: object) -> None:
    """Say who is told of the end of a job, instead of who was to be before; an empty text stands for nobody.

    Raises
    ------
    vo.errors.ParameterError
        When one cannot be told, or there are too many.
    """
    addresses = list(dict.fromkeys(check_address(text, user=user) for text in wanted if text.strip()))
    if len(addresses) > MOST:
        raise ParameterError("NOTIFY", f"{len(addresses)} are asked for; at most {MOST} are told of a job.")
    job.notices.all().delete()
    Notice.objects.bulk_create(Notice(job=job, address=address) for address in addresses)


def copy_notices(old: Job, new: Job) -> None:
    """Let those be told of the end of one job who are, or were, told of another's."""
    addresses = old.notices.order_by("pk").values_list("address", flat=True)
    Notice.objects.bulk_create(Notice(job=new, address=address) for address in addresses)


def mark_due(job_id: str) -> None:
    """Let the notices of a job be delivered, once the transaction that ends it is committed."""
    if Notice.objects.filter(job_id=job_id, attempts=0, sent=None, due=None).update(due=now()):
        transaction.on_commit(due.set)


def send_due(run: Callable[[Callable[[Sequence[Notice]], None], Iterable[list[Notice]]], Iterable[None]] = map) -> None:
    """Try every notice that is due.

    Parameters
    ----------
    run
        Calls a function with each of several arguments, as `map` does.
    """
    moment = now()
    spent = Notice.objects.filter(sent=None, due__lte=moment, attempts__gte=ATTEMPTS)
    spent.update(due=None, failure="The last attempt was cut short.")
    waiting = Notice.objects.filter(sent=None, due__lte=moment, attempts__lt=ATTEMPTS).order_by("due", "pk")
    hosts: dict[str, list[Notice]] = defaultdict(list)
    for notice in waiting.select_related("job", "job__owner")[:AT_ONCE]:
        of_host = hosts[urlsplit(notice.address).netloc]
        if len(of_host) < OF_A_HOST:
            of_host.append(notice)
    for _ in run(_send_to_host, hosts.values()):
        pass


def send_due_at_once() -> None:
    """`send_due`, several hosts at a time; for a thread of its own."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="notices") as pool:
        send_due(lambda send, hosts: pool.map(lambda notices: _with_connection(send, notices), hosts))


def _with_connection(send: Callable[[Sequence[Notice]], None], notices: Sequence[Notice]) -> None:
    try:
        send(notices)
    finally:
        connections.close_all()


def _send_to_host(notices: Sequence[Notice]) -> None:
    for notice in notices:
        if _claim(notice) and not _attempt(notice):
            return


def _claim(notice: Notice) -> bool:
    """Take the next attempt, unless another engine has it."""
    pause = PAUSES[min(notice.attempts, len(PAUSES) - 1)]
    ours = Notice.objects.filter(pk=notice.pk, sent=None, attempts=notice.attempts, due=notice.due)
    notice.attempts += 1
    notice.due = now() + timedelta(seconds=pause)
    return bool(ours.update(attempts=notice.attempts, due=notice.due))


def _attempt(notice: Notice) -> bool:
    """Whether the notice was delivered; why not is kept with it."""
    mine = Notice.objects.filter(pk=notice.pk, attempts=notice.attempts)
    try:
        deliver(notice)
    except DeliveryError as error:
        again = {} if notice.attempts < ATTEMPTS else {"due": None}
        mine.update(failure=str(error).replace("\0", "\ufffd"), **again)
        logger.warning(
            "Attempt %d of %d to tell %s of the end of job %s failed: %s",
            notice.attempts,
            ATTEMPTS,
            shown(notice.address),
            notice.job_id,
            error,
        )
        return False
    mine.update(sent=now(), due=None, failure="")
    return True
