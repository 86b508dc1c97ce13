"""Images of several event lists added to one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..fitscards import Card, Header
from ..fitsio import open_fits
from ..fitsout import Outputs
from ..history import MADE, creation_cards, history_cards
from ..parameters import Invocation
from ..reporting import Reporter, TaskError

__all__ = ["add_images"]

_OF_ONE = re.compile(
    r"\d*DS(?:TYP|UNIT?|FORM|VAL|REF)\d+|SLCTEXPR|(?:ONTIME|LIVETI|EXPOSU)\w*|BITPIX|NAXIS\d*|SIMPLE|EXTEND|BSCALE|BZERO"
)
_MAY_DIFFER = ("INSTRUME", "FILTER", "SUBMODE", "DATAMODE", "EXPIDSTR", "EXP_ID", "DATE-OBS", "DATE-END", "OBS_ID")


def add_images(
    parts: Sequence[Path],
    target: str,
    *,
    reporter: Reporter,
    call: Invocation,
    names: Sequence[str],
    real: bool = False,
) -> None:
    """Write the sum of images of the same pixels.

    What the first says of its selection, good times and exposures of chips does not hold for the sum and is left out;
    EXPOSURE is the sum of theirs.

    Parameters
    ----------
    names
        The event lists from which they come, for HISTORY.
    real
        Whether pixels are real numbers rather than counts.

    Raises
    ------
    TaskError
        `ImagesDiffer`: they do not have the same size.
    """
    total: np.ndarray | None = None
    headers: list[Header] = []
    for part in parts:
        with open_fits(str(part)) as file:
            pixels = file.image(file.hdus[0])
            headers.append(file.hdus[0].header)
        if pixels is None or (total is not None and pixels.shape != total.shape):
            raise TaskError("ImagesDiffer", f"{part.name} does not have the size of {parts[0].name}.")
        total = pixels.astype(np.float64) if total is None else total + pixels
    assert total is not None  # noqa: S101 (there is at least one part)
    first = headers[0]
    made = Header(
        [
            ("SIMPLE", True, "file does conform to FITS standard"),
            ("BITPIX", -32 if real else 32, "number of bits per data pixel"),
            ("NAXIS", 2, "number of data axes"),
            ("NAXIS1", total.shape[1], "length of data axis 1"),
            ("NAXIS2", total.shape[0], "length of data axis 2"),
            ("EXTEND", True, "FITS dataset may contain extensions"),
        ]
    )
    made.extend(creation_cards(reporter, call, first))
    made.extend(
        card
        for card in first
        if not MADE.fullmatch(card.keyword)
        and not _OF_ONE.fullmatch(card.keyword)
        and not (card.keyword in _MAY_DIFFER and any(other.get(card.keyword) != card.value for other in headers))
    )
    if "INSTRUME" not in made:
        made.append("INSTRUME", "EPIC", "several cameras")
    made.add(
        Card("EXPOSURE", sum(float(header.number("EXPOSURE") or 0) for header in headers), "[s] sum of the images'")
    )
    made.extend(history_cards(reporter))
    made.extend(Card("HISTORY", f"Sum of the image of {Path(name).name}") for name in names)
    with Outputs() as outputs:
        outputs.open(target).write(made, total.astype(">f4" if real else ">i4"))
