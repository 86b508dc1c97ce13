"""Bringing files into the archive: from FITS headers to rows of ObsCore."""

from __future__ import annotations

from obstap.ingest.run import Report, ingest

__all__ = ["Report", "ingest"]
