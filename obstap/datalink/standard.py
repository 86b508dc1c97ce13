"""Names of DataLink 1.1 (REC)."""

from __future__ import annotations

from vo.dali import VOTABLE

__all__ = ["CONTENT_TYPE", "STANDARD"]

STANDARD = "ivo://ivoa.net/std/DataLink#links-1.1"
"""Identifier of the {links} end point (§2.2)."""

CONTENT_TYPE = f"{VOTABLE};content=datalink"
"""Media type of its answers (§3.3)."""
