"""Names of XMM-Newton pipeline products: ``P<obs id><camera><exposure><kind><band><source>.<form>``.

Data Files Handbook §4.2: for instance ``P0124710801PNS001FBKTSR0000.FTZ``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PpsName", "parse"]

_NAME = re.compile(
    r"P(?P<obs_id>\d{10})(?P<camera>M1|M2|PN|R1|R2|OM|OB|CA|EP)(?P<exposure>[SUX]\d{3})"
    r"(?P<kind>[A-Z0-9_]{6})(?P<band>[0-9A-Z])(?P<source>[0-9A-Z]{3})"
)

BANDS = {"1": (200.0, 500.0), "2": (500.0, 1_000.0), "3": (1_000.0, 2_000.0), "4": (2_000.0, 4_500.0),
         "5": (4_500.0, 12_000.0), "8": (200.0, 12_000.0)}  # fmt: skip
"""Energy bands of EPIC images, eV."""

KINDS = {
    "IMAGE_": "counts", "EXPMAP": "exposure map", "BKGMAP": "background map", "DETMSK": "detector mask",
    "SNSMAP": "sensitivity map", "OIMAGE": "counts", "SRCSPE": "source", "SRSPEC": "source", "BGSPEC": "background",
    "SRCTSR": "source", "BGTSR_": "background", "FBKTSR": "background flares",
}  # fmt: skip
"""What the kinds of products are called in `dataproduct_subtype`."""


@dataclass(frozen=True)
class PpsName:
    """The parts of a product's name."""

    obs_id: str
    camera: str
    exposure: str
    kind: str
    band: str

    @property
    def energies(self) -> tuple[float, float] | None:
        """The band of an EPIC product in eV."""
        return BANDS.get(self.band) if self.camera in ("M1", "M2", "PN", "EP") else None

    @property
    def subtype(self) -> str | None:
        """What kind of product it is, in words."""
        return KINDS.get(self.kind)


def parse(path: Path) -> PpsName | None:
    """The parts of the name of a pipeline product, None when the name has another form."""
    match = _NAME.match(path.name.upper())
    if match is None:
        return None
    return PpsName(match["obs_id"], match["camera"], match["exposure"], match["kind"], match["band"])
