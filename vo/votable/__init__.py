"""Reading VOTables that nobody vouches for (VOTable 1.5, and all versions since 1.0).

Documents are read as a stream, in blocks of rows, into numpy arrays. What could hurt is refused before it costs
anything: document type declarations and entities, references to other places, tags, cells and documents without
bounds.
"""

from __future__ import annotations

from vo.votable.document import VOTable, open_votable
from vo.votable.model import Block, Field, Limits, Values

__all__ = ["Block", "Field", "Limits", "VOTable", "Values", "open_votable"]
