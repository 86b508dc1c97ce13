"""What a FITS file tells of its making, in SAS's keywords: XPROCn, CREATOR and HISTORY.

XPROCn are command lines in the order in which they were run: those that the main input tells of itself, then the task's
own at the next free number. Nothing hangs on when, where and by whom a task is run, so that equal inputs and parameters
give equal bytes: files are named without their directories, and there is no DATE. What made a file when is in the
provenance of the job.
"""

from __future__ import annotations

import re

from jobdefs.definition import Parameter
from vo.errors import QueryError

from .fitscards import Card, Header
from .parameters import Invocation, quoted
from .reporting import RELEASE, Reporter
from .selectlib import file_references

__all__ = ["MADE", "changed", "command_line", "creation_cards", "history_cards", "without_directories"]

MADE = re.compile(r"XPROC\d+|XDAL\d+|CREATOR|DATE|CHECKSUM|DATASUM|LONGSTRN|HISTORY")
"""Keywords that tell of the making of one file; not to be copied from another as they are."""

LAST = 999
"""The highest n for which XPROCn is a keyword."""

_STEP = re.compile(r"XPROC(0|[1-9]\d{0,2})")
_AFTER_STEPS = frozenset({"CREATOR", "DATE", "LONGSTRN", "HISTORY"})
_BREAKS = re.compile(r"[\t-\r]+")
_FILES = frozenset({"block", "dataset", "directory", "file", "table"})


def creation_cards(reporter: Reporter, call: Invocation, source: Header | None = None) -> list[Card]:
    """XPROCn, CREATOR and LONGSTRN of a file that the task makes.

    Parameters
    ----------
    source
        The primary header of what the file is mainly made of.
    """
    return [
        *_steps(reporter, call, source or Header()),
        Card("CREATOR", reporter.creator, "name of code which created this data set"),
        Card("LONGSTRN", "OGIP 1.0", "The HEASARC Long String Convention may be used"),
    ]


def history_cards(reporter: Reporter, source: Header | None = None) -> list[Card]:
    """HISTORY with this task first, then that of the main input."""
    made = Card("HISTORY", f"Created by {reporter.creator}")
    return [made, *(card for card in source or () if card.keyword == "HISTORY")]


def changed(header: Header, reporter: Reporter, call: Invocation, *, change: str) -> Header:
    """The primary header of a file that the task changes; CREATOR stays that of its maker, as with SAS.

    Parameters
    ----------
    change
        What is done, for HISTORY: `BACKSCAL set`.
    """
    steps = _steps(reporter, call, header)
    if len(steps) > 1 and steps[-2].value == steps[-1].value:
        steps.pop()  # one call may change a file more than once
    cards = [card for card in header if not _STEP.fullmatch(card.keyword)]
    place = next((place for place, card in enumerate(cards) if card.keyword in _AFTER_STEPS), len(cards))
    return Header([*cards[:place], *steps, *cards[place:], Card("HISTORY", f"{change} by {reporter.creator}")])


def command_line(call: Invocation) -> str:
    """The task and every parameter, files without their directories, on one line of ASCII."""
    words = [call.definition.name]
    words += [f"{item.name}={quoted(_value(item, call.texts(item.name)))}" for item in call.definition.parameters]
    return " ".join(words)


def without_directories(expression: str) -> str:
    """A selection in whose file filters data sets are named without their directories."""
    try:
        found = file_references(expression)
    except QueryError:
        return expression
    for reference in reversed(found):
        expression = expression[: reference.start] + _name(reference.text) + expression[reference.end :]
    return expression


def _steps(reporter: Reporter, call: Invocation, source: Header) -> list[Card]:
    """The XPROCn of the source, and the task's own."""
    found = {int(match[1]): card for card in reversed(source.cards) if (match := _STEP.fullmatch(card.keyword))}
    number = min(max(found, default=-1) + 1, LAST)
    text = f"{command_line(call)} # ({reporter.version}) [{RELEASE}]"
    earlier = [found[key] for key in sorted(found) if key != number]
    return [*earlier, Card(f"XPROC{number}", text)]


def _value(parameter: Parameter, values: list[str]) -> str:
    if parameter.type in _FILES:
        values = [_name(value) for value in values]
    elif parameter.type == "expression":
        values = [without_directories(value) for value in values]
    return _BREAKS.sub(" ", " ".join(values))


def _name(file: str) -> str:
    """The last part of a path, with the block that may be named behind it."""
    return file.rstrip("/").rpartition("/")[2] or file
