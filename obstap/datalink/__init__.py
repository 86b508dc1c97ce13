"""DataLink 1.1: what belongs to a data set of the archive."""

from __future__ import annotations

from obstap.datalink.links import Link, links_of, register_links

__all__ = ["Link", "links_of", "register_links"]
