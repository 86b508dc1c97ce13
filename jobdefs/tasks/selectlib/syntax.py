"""The tree of a selection expression.

Nodes compare by what they mean, not by where they stand: `parse(to_text(tree)) == tree`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

__all__ = [
    "Attribute",
    "Binary",
    "Boolean",
    "Call",
    "Column",
    "FileFilter",
    "Interval",
    "Intervals",
    "Logical",
    "Node",
    "Not",
    "Number",
    "Pair",
    "Shape",
    "Text",
    "Unary",
    "columns_of",
    "to_text",
    "transformed",
]


@dataclass(frozen=True)
class Node:
    """A part of the expression.

    Parameters
    ----------
    start, end
        Place in the original text, as offsets.
    height
        Levels of nodes below and including this one.
    """

    start: int = field(default=0, compare=False, kw_only=True)
    end: int = field(default=0, compare=False, kw_only=True)
    height: int = field(default=1, compare=False, kw_only=True)


@dataclass(frozen=True)
class Number(Node):
    """A numeric constant; ``1 == 1.0`` as nodes does not hold: integers and reals behave differently."""

    value: int | float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Boolean(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True)
class Text(Node):
    """A character string constant."""

    value: str


@dataclass(frozen=True)
class Column(Node):
    """A column of the table, by the table's own spelling where the table is known."""

    name: str


@dataclass(frozen=True)
class Attribute(Node):
    """An attribute whose value is not known yet; no tree that is evaluated holds one."""

    name: str


@dataclass(frozen=True)
class Pair(Node):
    """``(a, b)``, legal only on the left of ``in``."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Unary(Node):
    """``-a``, ``+a`` or ``~a``."""

    operator: str
    operand: Node


@dataclass(frozen=True)
class Not(Node):
    """``!a``."""

    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    """An arithmetic operation or a comparison; `operator` in its C form."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Logical(Node):
    """Two or more conditions joined by ``&&`` or ``||``."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Interval(Node):
    """One interval; a bound that is None is open to infinity, `low` is `high` for a single value."""

    low: Node | None
    high: Node | None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True)
class Intervals(Node):
    """``value in interval, interval, …``."""

    value: Node
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class Call(Node):
    """A function of numbers or conditions; `name` in lower case."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Shape(Node):
    """A geometric figure; `name` in lower case, without synonyms, `numbers` its constants."""

    name: str
    numbers: tuple[Node, ...]
    x: Node
    y: Node


@dataclass(frozen=True)
class FileFilter(Node):
    """``gti``, ``region``, ``mask`` or ``image``; `coordinates` is empty where the file names the columns."""

    name: str
    source: str
    numbers: tuple[Node, ...]
    coordinates: tuple[Node, ...]


_PRECEDENCE = {
    "||": 1, "&&": 2, "!": 3, "==": 4, "!=": 4, "<": 5, "<=": 5, ">": 5, ">=": 5, "in": 5,
    "|": 6, "^": 7, "&": 8, "<<": 9, ">>": 9, "+": 10, "-": 10, "*": 11, "/": 11, "%": 11, "unary": 12, "**": 13,
}  # fmt: skip


def _level(node: Node) -> int:
    match node:
        case Logical(operator=operator) | Binary(operator=operator):
            return _PRECEDENCE[operator]
        case Not():
            return _PRECEDENCE["!"]
        case Intervals(intervals=intervals):
            return _PRECEDENCE["in"] if len(intervals) == 1 else 0
        case Unary():
            return _PRECEDENCE["unary"]
        case Number(value=value) if value < 0:
            return _PRECEDENCE["unary"]
    return 99


def _inside(node: Node, level: int) -> str:
    text = to_text(node)
    return f"({text})" if _level(node) < level else text


def _interval_text(interval: Interval) -> str:
    if interval.low is not None and interval.low == interval.high:
        return f"[{to_text(interval.low)}]"
    low = "" if interval.low is None else to_text(interval.low)
    high = "" if interval.high is None else to_text(interval.high)
    return f"{'(' if interval.low_open else '['}{low}:{high}{')' if interval.high_open else ']'}"


def _quoted(text: str) -> str:
    return "'" + text + "'" if "'" not in text else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def to_text(node: Node) -> str:
    """The expression in C form, with only the parentheses that it needs."""
    match node:
        case Number(value=value):
            return repr(value)
        case Boolean(value=value):
            return "true" if value else "false"
        case Text(value=value):
            return _quoted(value)
        case Column(name=name):
            return name
        case Attribute(name=name):
            return f"#{name}"
        case Pair(items=items):
            return f"({', '.join(map(to_text, items))})"
        case Unary(operator=operator, operand=operand):
            return f"{operator}{_inside(operand, _PRECEDENCE['unary'])}"
        case Not(operand=operand):
            return f"!{_inside(operand, 99)}"
        case Logical(operator=operator, operands=operands):
            level = _PRECEDENCE[operator] + 1
            return f" {operator} ".join(_inside(operand, level) for operand in operands)
        case Binary(operator="**", left=left, right=right):
            return f"{_inside(left, 14)}**{_inside(right, 12)}"
        case Binary(operator=operator, left=left, right=right):
            level = _PRECEDENCE[operator]
            return f"{_inside(left, level)} {operator} {_inside(right, level + 1)}"
        case Intervals(value=value, intervals=intervals):
            return f"{_inside(value, 6)} in {','.join(map(_interval_text, intervals))}"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(_inside(argument, 1) for argument in arguments)})"
        case Shape(name=name, numbers=numbers, x=x, y=y):
            return f"{name}({','.join(map(to_text, (*numbers, x, y)))})"
        case FileFilter(name=name, source=source, numbers=numbers, coordinates=coordinates):
            return f"{name}({','.join((source, *map(to_text, (*numbers, *coordinates))))})"
    raise TypeError(f"{type(node).__name__} has no text of its own")


def transformed(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with `change` made to every node, from the leaves up."""
    changes = {}
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Node):
            changes[item.name] = transformed(value, change)
        elif isinstance(value, tuple):
            changes[item.name] = tuple(transformed(part, change) for part in value)
    return change(replace(node, **changes) if changes else node)


def columns_of(node: Node) -> tuple[str, ...]:
    """The columns that take part, in the order of their first use."""
    found: dict[str, None] = {}

    def note(part: Node) -> Node:
        if isinstance(part, Column):
            found.setdefault(part.name)
        return part

    transformed(node, note)
    return tuple(found)
