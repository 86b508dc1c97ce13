"""What the serialisations of rows have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from vo.votable.model import Block, Field, Limits, wrong

__all__ = ["Decoder"]


class Decoder(ABC):
    """Makes blocks of rows out of what stands below a DATA element."""

    def __init__(self, fields: Sequence[Field], limits: Limits) -> None:
        self.fields = tuple(fields)
        self.limits = limits
        self.rows = 0
        """Rows in all blocks that were made."""
        self._blocks: list[Block] = []

    def take(self) -> list[Block]:
        """The blocks that are ready; they are handed out once."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def add(self, block: Block) -> None:
        """Have a block ready."""
        self.rows += block.rows
        self._blocks.append(block)

    def check_rows(self, rows: int) -> None:
        """Refuse a table of more rows than are allowed.

        Raises
        ------
        vo.errors.UsageError
            When it has more.
        """
        if rows > self.limits.rows:
            raise wrong(f"the table has more than the {self.limits.rows:,} rows that are allowed.")

    @abstractmethod
    def end(self) -> None:
        """Make the last block; nothing follows.

        Raises
        ------
        vo.errors.UsageError
            When the rows end where they should not.
        """
