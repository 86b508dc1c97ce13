"""News that the job engine gives to the packages above it."""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["files_removed", "job_deleted", "job_finished"]

job_finished = Signal()
"""Sent with `job_id` once a job has reached a final phase and its results are recorded.

Sent inside the transaction that marks the job as announced: a receiver that raises is asked again by the engine.
"""

job_deleted = Signal()
"""Sent with `job_id` before a job and its files are removed."""

files_removed = Signal()
"""Sent with `job_id` when a record of a job stays and its files are removed, inside the transaction that says so."""
