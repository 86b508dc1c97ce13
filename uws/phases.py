"""Phases of a job and the changes that are legal between them (UWS 1.1 §2.1.3)."""

from __future__ import annotations

from django.db.models import TextChoices

__all__ = ["ACTIVE", "BLOCKING", "FINAL", "TRANSITIONS", "Phase"]


class Phase(TextChoices):
    """Execution phase, spelt as the standard spells it."""

    PENDING = "PENDING", "Pending"
    QUEUED = "QUEUED", "Queued"
    EXECUTING = "EXECUTING", "Executing"
    COMPLETED = "COMPLETED", "Completed"
    ERROR = "ERROR", "Error"
    ABORTED = "ABORTED", "Aborted"
    UNKNOWN = "UNKNOWN", "Unknown"
    HELD = "HELD", "Held"
    SUSPENDED = "SUSPENDED", "Suspended"
    ARCHIVED = "ARCHIVED", "Archived"


FINAL = frozenset({Phase.COMPLETED, Phase.ERROR, Phase.ABORTED, Phase.ARCHIVED})
"""Phases that a job never leaves but for ARCHIVED."""

ACTIVE = frozenset({Phase.QUEUED, Phase.EXECUTING, Phase.SUSPENDED, Phase.UNKNOWN})
"""Phases in which the engine has something to do or to watch."""

BLOCKING = frozenset({Phase.PENDING, Phase.QUEUED, Phase.EXECUTING})
"""Phases in which WAIT blocks (UWS 1.1 §2.2.1.1)."""

TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.PENDING: frozenset({Phase.QUEUED, Phase.HELD, Phase.ABORTED, Phase.ERROR}),
    Phase.HELD: frozenset({Phase.QUEUED, Phase.ABORTED, Phase.ERROR}),
    Phase.QUEUED: frozenset({Phase.EXECUTING, Phase.HELD, Phase.ABORTED, Phase.ERROR}),
    Phase.EXECUTING: frozenset(
        {Phase.COMPLETED, Phase.ERROR, Phase.ABORTED, Phase.SUSPENDED, Phase.UNKNOWN, Phase.QUEUED}
    ),
    Phase.SUSPENDED: frozenset({Phase.EXECUTING, Phase.ABORTED, Phase.ERROR, Phase.QUEUED}),
    Phase.UNKNOWN: frozenset({Phase.EXECUTING, Phase.COMPLETED, Phase.ERROR, Phase.ABORTED, Phase.QUEUED}),
    Phase.COMPLETED: frozenset({Phase.ARCHIVED}),
    Phase.ERROR: frozenset({Phase.ARCHIVED}),
    Phase.ABORTED: frozenset({Phase.ARCHIVED}),
    Phase.ARCHIVED: frozenset(),
}
"""For each phase the phases that may follow it; to QUEUED return runs that were lost or put back by a batch system."""
