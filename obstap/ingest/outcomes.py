"""Why a file is not ingested."""

from __future__ import annotations

from vo.errors import UsageError

__all__ = ["NotAProduct", "Refused"]


class Refused(UsageError):
    """The file should be a data product but cannot be taken as it is: truncated, malformed, contradictory."""


class NotAProduct(UsageError):
    """The file is sound, or none of our business, but no data product that ObsCore describes."""
