"""The selection language of SAS (selectlib): conditions on the rows of a table, compiled to numpy.

Source: SAS documentation of selectlib-4.77 and of evselect-3.71.
"""

from .blocks import Block, BlockOpener, split_blockspec
from .dss import Constraint, RegionRow
from .references import FileReference, check_syntax, file_references
from .selection import Selection, compile_selection

__all__ = [
    "Block",
    "BlockOpener",
    "Constraint",
    "FileReference",
    "RegionRow",
    "Selection",
    "check_syntax",
    "compile_selection",
    "file_references",
    "split_blockspec",
]
