"""News of published products; what is told is known to be true when it is told, and told again until all have heard."""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["product_published", "product_withdrawn"]

product_published = Signal()
"""Sent with ``did`` when a product is published."""

product_withdrawn = Signal()
"""Sent with ``did`` when a product was taken out of the archive."""
