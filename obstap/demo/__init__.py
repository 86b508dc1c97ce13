"""A small archive of simulated EPIC exposures, so that everything can be tried without real data."""

from __future__ import annotations

from obstap.demo.archive import Written, make_archive

__all__ = ["Written", "make_archive"]
