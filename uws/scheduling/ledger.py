"""The ledger of processor time: what owners have used, by the hour, also of jobs that are no more."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, QuerySet, Sum

from uws.models import CpuUse, Job
from uws.scheduling.order import recent_cores
from uws.times import now

__all__ = ["accounting_start", "charge", "forget_old_use", "hours_used", "load_of_late", "time_of_room"]

HALF_LIVES = 6
"""How many half-lives back use is looked for; what is older counts less than a sixty-fourth."""


def charge(*, job: Job, seconds: float, ended: datetime) -> None:
    """Write down the processor time of a run that has ended."""
    if seconds <= 0:
        return
    row = {
        "owner": job.owner_id or 0,
        "definition": job.definition,
        "executor": job.executor,
        "hour": ended.replace(minute=0, second=0, microsecond=0),
    }
    if not CpuUse.objects.filter(**row).update(seconds=F("seconds") + seconds):
        CpuUse.objects.get_or_create(**row)
        CpuUse.objects.filter(**row).update(seconds=F("seconds") + seconds)


def accounting_start() -> datetime:
    """Since when processor time counts for limits."""
    return now() - timedelta(days=settings.ATHANOR_ACCOUNTING_DAYS)


def hours_used(owner: int | None, definition: str = "") -> float:
    """Hours of processor time that an owner has used in the accounting period, on a task or on all."""
    return (_rows(owner, definition).aggregate(Sum("seconds"))["seconds__sum"] or 0.0) / 3600


def time_of_room(owner: int | None, definition: str, limit: float) -> datetime:
    """When the owner's use falls below a limit in hours if nothing more is used: old use leaves the period."""
    left = hours_used(owner, definition) - limit
    for hour, seconds in _rows(owner, definition).order_by("hour").values_list("hour", "seconds"):
        left -= seconds / 3600
        if left < 0:
            return hour + timedelta(days=settings.ATHANOR_ACCOUNTING_DAYS)
    return now()


def load_of_late(executor: str) -> dict[int | None, float]:
    """Cores that each owner has used of late, see `uws.scheduling.order`."""
    half_life = settings.ATHANOR_FAIR_SHARE_HOURS * 3600
    instant = now()
    rows = CpuUse.objects.filter(executor=executor, hour__gt=instant - timedelta(seconds=HALF_LIVES * half_life))
    use: dict[int | None, list[tuple[float, float]]] = defaultdict(list)
    for owner, hour, seconds in rows.values_list("owner", "hour").annotate(Sum("seconds")):
        age = (instant - hour).total_seconds() - 3600
        use[owner or None].append((age, seconds))
    return {owner: recent_cores(pairs, half_life=half_life) for owner, pairs in use.items()}


def forget_old_use() -> None:
    """Remove what no limit and no share asks for any more."""
    longest = max(settings.ATHANOR_ACCOUNTING_DAYS * 24, HALF_LIVES * settings.ATHANOR_FAIR_SHARE_HOURS)
    CpuUse.objects.filter(hour__lt=now() - timedelta(hours=longest + 1)).delete()


def _rows(owner: int | None, definition: str) -> QuerySet[CpuUse]:
    rows = CpuUse.objects.filter(owner=owner or 0, hour__gte=accounting_start())
    return rows.filter(definition=definition) if definition else rows
