"""The tables in which observations are found: ObsCore 1.1 and its high-energy extension."""

from __future__ import annotations

from obstap.obscore.rows import batch, hea_batch
from obstap.obscore.tables import OBSCORE, OBSCORE_HEA, REQUIRED

__all__ = ["OBSCORE", "OBSCORE_HEA", "REQUIRED", "batch", "hea_batch"]
