"""Definitions as other systems have them: JDL of OPUS, in and out, and tools of CWL, out."""

from __future__ import annotations

from .cwl import write_cwl
from .jdl_read import Imported, read_jdl
from .jdl_write import Exported, write_jdl

__all__ = ["Exported", "Imported", "read_jdl", "write_cwl", "write_jdl"]
