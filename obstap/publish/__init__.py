"""Publishing catalogues: files in FITS, VOTable, Parquet, ECSV and CSV become tables of the archive."""

from __future__ import annotations

from obstap.publish.plan import Choices, Plan
from obstap.publish.run import publish_file, referring, removable, unpublish
from obstap.publish.summary import Summary, summary

__all__ = ["Choices", "Plan", "Summary", "publish_file", "referring", "removable", "summary", "unpublish"]
