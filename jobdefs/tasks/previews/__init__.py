"""Pictures of FITS products: one function that draws what a file holds, small or large."""

from __future__ import annotations

from .writing import write_colour_preview, write_preview

__all__ = ["write_colour_preview", "write_preview"]
