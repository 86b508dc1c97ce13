"""Writes down where things come from: jobs that ended, and what the archive takes in and gives out."""

from __future__ import annotations

from provenance.recording.archive import record_publication, record_withdrawal
from provenance.recording.jobs import record_job

__all__ = ["record_job", "record_publication", "record_withdrawal"]
