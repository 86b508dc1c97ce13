"""How the job service stands: engines, queue, disk, notices."""

from __future__ import annotations

import socket

from django.conf import settings
from django.db.models import Count, Min, Q

from uws.engine.presence import count_live
from uws.engine.room import free_bytes
from uws.models import Job, Notice
from uws.operating.tables import table
from uws.phases import FINAL, Phase
from uws.times import now
from vo.quantities import human_duration, human_size

__all__ = ["state_lines", "troubles"]


def state_lines() -> list[str]:
    """Lines that tell how things stand."""
    jobs = Job.objects.filter(deleted=False)
    numbers = dict(jobs.order_by().values_list("phase").annotate(Count("pk")))
    phases = [[phase.value, str(numbers[phase])] for phase in Phase if numbers.get(phase)]
    engines = count_live(settings.ATHANOR_HOME / "run")
    lines = [f"Engines on {socket.gethostname()}: {engines}"]
    lines += table(["PHASE", "JOBS"], phases, right=["JOBS"]) if phases else ["There are no jobs."]
    oldest = jobs.filter(phase=Phase.QUEUED).aggregate(oldest=Min("creation_time"))["oldest"]
    if oldest is not None:
        lines.append(f"The oldest queued job was made {human_duration(now() - oldest)} ago.")
    going = jobs.filter(phase__in=FINAL, announced=False).count()
    if going:
        lines.append(f"Ends that are not recorded or heard by all yet: {going}")
    lines.append(
        f"Free on the disk of {settings.ATHANOR_HOME}: {human_size(free_bytes())}"
        f" (jobs need {human_size(settings.ATHANOR_MIN_FREE_BYTES)})"
    )
    waiting = Notice.objects.filter(sent=None, due__isnull=False).count()
    given_up = Notice.objects.filter(_given_up()).count()
    lines.append(f"Notices: {waiting} to be delivered, {given_up} given up")
    return lines + [f"warning: {trouble}" for trouble in troubles()]


def troubles() -> list[str]:
    """What keeps jobs from being run, a sentence each; empty when all is well."""
    found = []
    if free_bytes() < settings.ATHANOR_MIN_FREE_BYTES:
        found.append("no job is started, for the disk has less free than ATHANOR_MIN_FREE_BYTES.")
    if not count_live(settings.ATHANOR_HOME / "run") and Job.objects.filter(phase=Phase.QUEUED, deleted=False).exists():
        found.append("jobs are queued, and no engine runs on this machine.")
    return found


def _given_up() -> Q:
    return Q(sent=None, due=None, attempts__gt=0)
