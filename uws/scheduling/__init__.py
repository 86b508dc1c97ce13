"""Which job is next, who may queue how much, and when a job will probably have ended."""

from __future__ import annotations

from uws.scheduling.admission import admit
from uws.scheduling.demand import executors_with_work
from uws.scheduling.ledger import charge, forget_old_use
from uws.scheduling.queue import NextJobs, queue_position
from uws.scheduling.quote import quote_of_queued, quote_of_started
from uws.scheduling.turn import take_turn

__all__ = [
    "NextJobs",
    "admit",
    "charge",
    "executors_with_work",
    "forget_old_use",
    "queue_position",
    "quote_of_queued",
    "quote_of_started",
    "take_turn",
]
