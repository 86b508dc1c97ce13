"""Event lists of the events that fulfil a condition, by evselect: SAS's own where the run has SAS."""

from __future__ import annotations

from .calling import call
from .fitsio import open_fits

__all__ = ["filter_events"]


def filter_events(table: str, target: str, expression: str) -> int:
    """Write the events of a list that fulfil a condition, with exposure times that fit to them.

    Parameters
    ----------
    table
        ``file`` or ``file:BLOCK``.
    target
        The new file.
    expression
        In SAS's selection language.

    Returns
    -------
    int
        How many there are.

    Raises
    ------
    TaskError
        What evselect could not do.
    """
    parameters = {
        "table": table,
        "withfilteredset": "yes",
        "filteredset": target,
        "expression": expression,
        "updateexposure": "yes",
        "filterexposure": "yes",
    }
    call("evselect", parameters, expected=[target])
    with open_fits(target) as file:
        return file.table(file.find()).length
