"""Setting keywords of a FITS file that is there: the file is written anew, with checksums that hold."""

from __future__ import annotations

from collections.abc import Sequence

from .fitscards import Card, Header
from .fitsio import open_fits
from .fitsout import Outputs

__all__ = ["set_keywords"]


def set_keywords(path: str, block: str, cards: Sequence[Card], *, history: str = "") -> None:
    """Set keywords of a block, and add a line to the history of the file.

    Parameters
    ----------
    block
        Its name.
    history
        For the primary header; empty for none.

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
            if hdu.index == 0 and history:
                header.append("HISTORY", history)
            writer.copy(file, hdu, header)
