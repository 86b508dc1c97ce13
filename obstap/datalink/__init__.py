"""DataLink 1.1: what belongs to a data set of the archive."""

from __future__ import annotations

from obstap.datalink.links import Link, further_links, links_of, register_links

__all__ = ["Link", "further_links", "links_of", "register_links"]
