"""The files that an expression names, and whether it can be right at all, before the table is known."""

from __future__ import annotations

from dataclasses import dataclass

from vo.errors import QueryError

from .attributes import CONSTANTS
from .blocks import split_blockspec
from .parser import parse_without_table
from .syntax import Node
from .tokens import Source, tokenize

__all__ = ["FileReference", "check_syntax", "file_references"]


@dataclass(frozen=True, slots=True)
class FileReference:
    """A data set in a file filter: its name without the block, and where it stands in the text."""

    text: str
    start: int
    end: int


def file_references(text: str) -> list[FileReference]:
    """The data sets that file filters name, in order; blocks of the table's own data set are left out.

    Raises
    ------
    vo.errors.QueryError
        When the text can't be cut into tokens.
    """
    found = []
    for token in tokenize(text, Source(text)):
        if token.kind == "blockspec":
            file, _ = split_blockspec(token.text)
            if file:
                found.append(FileReference(file, token.start, token.start + len(file)))
    return found


def check_syntax(text: str) -> Node | None:
    """Check an expression before its table is known.

    Any name may be a column. An attribute ``#NAME`` may stand for any piece of an expression, so that what follows
    one is not judged.

    Returns
    -------
    Node or None
        The tree; None when what attributes stand for decides.

    Raises
    ------
    vo.errors.QueryError
        When the expression is wrong whatever the table.
    """
    source = Source(text)
    attributes = [
        token.start
        for token in tokenize(text, source)
        if token.kind == "attribute" and token.text[1:].upper() not in CONSTANTS
    ]
    try:
        return parse_without_table(text)
    except QueryError as error:
        offset = sum(len(line) for line in text.splitlines(keepends=True)[: error.line - 1]) + error.column - 1
        if not attributes or offset < attributes[0]:
            raise
    return None
