"""Telling owners that their jobs have ended, by mail or by a signed POST to a listed host."""

from __future__ import annotations

from uws.notices.addresses import can_mail, shown
from uws.notices.message import notice_key
from uws.notices.outbox import copy_notices, due, mark_due, send_due, send_due_at_once, set_notices
from uws.notices.wording import standing

__all__ = [
    "can_mail",
    "copy_notices",
    "due",
    "mark_due",
    "notice_key",
    "send_due",
    "send_due_at_once",
    "set_notices",
    "shown",
    "standing",
]
