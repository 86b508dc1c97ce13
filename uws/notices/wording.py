"""How a notice stands, in words."""

from __future__ import annotations

from uws.models import Notice
from uws.notices.outbox import ATTEMPTS
from uws.times import format_time

__all__ = ["standing"]


def standing(notice: Notice) -> str:
    """Whether a notice was delivered, and if not, why and what becomes of it."""
    if notice.sent:
        return f"told {format_time(notice.sent)}"
    if not notice.attempts:
        return "to be told"
    tried = f"tried {notice.attempts} of {ATTEMPTS} times"
    state = f"{tried}, again {format_time(notice.due)}" if notice.due else f"{tried}, given up"
    return f"{state}. {notice.failure}".rstrip()
