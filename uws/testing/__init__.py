"""Helpers for tests of services that use the job engine."""

from __future__ import annotations

from uws.testing.documents import assert_valid, parse
from uws.testing.engine import ImmediateExecutor, drive, stepping_engine

__all__ = ["ImmediateExecutor", "assert_valid", "drive", "parse", "stepping_engine"]
