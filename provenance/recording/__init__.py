"""Writes down where things come from: jobs that ended, and what the archive takes in and gives out."""

from __future__ import annotations

from provenance.recording.ingest import record_ingest
from provenance.recording.jobs import record_job
from provenance.recording.publication import record_publication, record_withdrawal
from provenance.recording.removal import record_removal
from provenance.recording.tables import record_table, record_table_removal

__all__ = [
    "record_ingest",
    "record_job",
    "record_publication",
    "record_removal",
    "record_table",
    "record_table_removal",
    "record_withdrawal",
]
