"""Operators in a row: ``a + b - c``, ``a || b || c``.

A long row of one family of operators becomes a tree that is as flat as can be, so that thousands of operands are no
deeper than a dozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obstap.adql import tree
from obstap.adql.limits import CHAIN, PAIRED
from obstap.adql.tokens import Source, Token

__all__ = ["chained"]

_FAMILIES = {"+": "+", "-": "+", "||": "||", "*": "*", "/": ""}
"""Operators whose operands may be computed in any grouping; a division is in no family."""

_OPPOSITE = {"+": "-", "-": "+"}


def chained(operands: Sequence[tree.Value], operators: Sequence[Token], source: Source) -> tree.Value:
    """The value of operands with operators of one precedence between them.

    Raises
    ------
    vo.errors.QueryError
        At an operator, when too many must be computed one after the other.
    """
    left, steps = operands[0], 0
    for first, last in _runs(operators):
        words = [operator.word for operator in operators[first:last]]
        if last - first >= PAIRED and _FAMILIES[words[0]]:
            left = _paired((left, *operands[first + 1 : last + 1]), words)
            continue
        for index in range(first, last):
            steps += 1
            if steps > CHAIN:
                raise source.error(
                    f"More than {CHAIN} operators follow one another here.",
                    operators[index].place,
                    "Put parts of the expression in parentheses.",
                )
            left = _joined(operators[index].word, left, operands[index + 1])
    return left


def _runs(operators: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """First and last (excluded) index of each run of operators of one family."""
    first = 0
    for index in range(1, len(operators) + 1):
        if index == len(operators) or _FAMILIES[operators[index].word] != _FAMILIES[operators[first].word]:
            yield first, index
            first = index


def _paired(operands: Sequence[tree.Value], words: Sequence[str], *, negative: bool = False) -> tree.Value:
    """A balanced tree; `negative` says that a minus stands before the whole, which turns the signs within it."""
    if not words:
        return operands[0]
    middle = len(operands) // 2
    word = words[middle - 1]
    if negative:
        word = _OPPOSITE.get(word, word)
    left = _paired(operands[:middle], words[: middle - 1], negative=negative)
    right = _paired(operands[middle:], words[middle:], negative=negative ^ (word == "-"))
    return _joined(word, left, right)


def _joined(word: str, left: tree.Value, right: tree.Value) -> tree.Arithmetic:
    return tree.Arithmetic(word, left, right, left.place.to(right.place))
