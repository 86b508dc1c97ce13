"""Setting keywords of a FITS file that is there: the file is written anew, with checksums that hold."""

from __future__ import annotations

from collections.abc import Sequence

from .fitscards import Card, Header
from .fitsio import open_fits
from .fitsout import Outputs
from .history import changed
from .parameters import Invocation
from .reporting import Reporter

__all__ = ["set_keywords"]


def set_keywords(path: str, block: str, cards: Sequence[Card], *, reporter: Reporter, call: Invocation) -> None:
    """Set keywords of a block, and note in the file that the task has done so.

    Parameters
    ----------
    block
        Its name.

    Raises
    ------
    vo.errors.UsageError
        The file can't be read or written.
    vo.errors.NotFoundError
        It has no such block.
    """
    with open_fits(path) as file, Outputs() as outputs:
        target = file.find(block)
        writer = outputs.open(path)
        for hdu in file.hdus:
            header = Header(hdu.header)
            if hdu.index == target.index:
                for card in cards:
                    header.set(card.keyword, card.value, card.comment)
            if hdu.index == 0:
                told = ", ".join(card.keyword for card in cards)
                header = changed(header, reporter, call, change=f"{told} set")
            writer.copy(file, hdu, header)
