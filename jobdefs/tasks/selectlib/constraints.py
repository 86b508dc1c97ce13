"""From the tree of a selection to the filters of a data subspace.

Forms are those of files written by SAS: ranges ``lo:hi``, bit patterns ``b00xx…`` with the most significant bit first
and as many bits as the mask has, tables for good times and regions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import product

from vo.wording import plain

from .blocks import Block
from .constants import fold
from .dss import Constraint, RegionRow
from .skyfigures import PREFIX
from .syntax import Binary, Boolean, Column, FileFilter, Intervals, Logical, Node, Not, Number, Shape

__all__ = ["axis_name", "constraints_of"]

_MAX_COMPONENTS = 64

Bounds = tuple[float, float, bool, bool]
"""Low, high (infinite for no bound), whether the low and the high end are open."""

_AXES = {("X", "Y"): "POS", ("RAWX", "RAWY"): "RAW", ("DETX", "DETY"): "DET"}


class _InexpressibleError(Exception):
    """The data subspace has no form for this."""


def axis_name(x: str, y: str) -> str:
    """DSTYP of a pair of columns: ``POS(X,Y)``."""
    pair = (x.upper(), y.upper())
    return f"{_AXES.get(pair, 'POS')}({','.join(pair)})"


def constraints_of(tree: Node, blocks: Mapping[str, Block], reals: frozenset[str] | None) -> list[Constraint] | None:
    """The filters that the selection amounts to.

    Parameters
    ----------
    blocks
        Block specifier → block.
    reals
        Capitalised names of columns that hold reals; None when types are not known. Open bounds of integers are
        closed.

    Returns
    -------
    list or None
        One filter for each axis (several for good times of several tables); None when the selection is no plain
        conjunction.
    """
    try:
        return _collect(_members(tree), blocks, reals)
    except _InexpressibleError:
        return None


def _members(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Logical) and node.operator == "&&":
        return tuple(member for operand in node.operands for member in _members(operand))
    return (node,)


def _collect(members: Iterable[Node], blocks: Mapping[str, Block], reals: frozenset[str] | None) -> list[Constraint]:
    ranges: dict[str, list[Bounds]] = {}
    bits: dict[str, tuple[int, int]] = {}
    regions: dict[tuple[str, str], list[Node]] = {}
    order: dict[object, Constraint | None] = {}
    for member in members:
        if member == Boolean(True):
            continue
        if isinstance(member, FileFilter):
            order[member] = _file_filter(member, blocks)
        elif pair := _region_columns(member):
            regions.setdefault(pair, []).append(member)
            order.setdefault(pair)
        elif pattern := _bits(member):
            column, mask, value = pattern
            bits[column] = _joined_bits(bits.get(column), mask, value)
            order.setdefault(("bits", column))
        else:
            column, found = _ranges(member)
            found = _closed(found) if reals is not None and column.upper() not in reals else found
            ranges[column] = _intersection(ranges[column], found) if column in ranges else _union(found)
            order.setdefault(("range", column))
    made: dict[object, Constraint] = {
        **{("range", column): _range_constraint(column, found) for column, found in ranges.items()},
        **{("bits", column): _bits_constraint(column, *pattern) for column, pattern in bits.items()},
        **{pair: _region_constraint(pair, nodes) for pair, nodes in regions.items()},
    }
    return [constraint or made[key] for key, constraint in order.items()]


# ranges


def _ranges(node: Node) -> tuple[str, list[Bounds]]:
    """The column and the intervals that a condition on one column allows."""
    match node:
        case Logical(operator="||", operands=operands):
            found = [_ranges(operand) for operand in operands]
            if len({column for column, _ in found}) == 1:
                return found[0][0], [bounds for _, part in found for bounds in part]
        case Intervals(value=Column(name=name), intervals=intervals):
            return name, [
                (
                    -math.inf if item.low is None else _constant(item.low),
                    math.inf if item.high is None else _constant(item.high),
                    item.low_open,
                    item.high_open,
                )
                for item in intervals
            ]
        case Binary(operator=operator, left=Column(name=name), right=right):
            return name, [_comparison(operator, _constant(right))]
        case Binary(operator=operator, left=left, right=Column(name=name)):
            swapped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
            return name, [_comparison(swapped, _constant(left))]
    raise _InexpressibleError


def _constant(node: Node) -> float:
    value = fold(node)
    if value is None or not math.isfinite(value):
        raise _InexpressibleError
    return value


def _comparison(operator: str, value: float) -> Bounds:
    forms: dict[str, Bounds] = {
        "==": (value, value, False, False),
        "<": (-math.inf, value, False, True),
        "<=": (-math.inf, value, False, False),
        ">": (value, math.inf, True, False),
        ">=": (value, math.inf, False, False),
    }
    if operator not in forms:
        raise _InexpressibleError
    return forms[operator]


def _closed(found: Iterable[Bounds]) -> list[Bounds]:
    """The same integers, between closed integral bounds."""
    result = []
    for low, high, low_open, high_open in found:
        if math.isfinite(low):
            low = math.floor(low) + 1 if low_open else math.ceil(low)  # noqa: PLW2901
        if math.isfinite(high):
            high = math.ceil(high) - 1 if high_open else math.floor(high)  # noqa: PLW2901
        if low <= high:
            result.append((low, high, False, False))
    return _union(result)


def _union(found: Iterable[Bounds]) -> list[Bounds]:
    merged: list[Bounds] = []
    for low, high, low_open, high_open in sorted(found, key=lambda item: (item[0], item[2])):
        if merged:
            first, last, first_open, last_open = merged[-1]
            if low < last or (low == last and not (low_open and last_open)):
                if high > last or (high == last and not high_open):
                    merged[-1] = (first, high, first_open, high_open)
                continue
        merged.append((low, high, low_open, high_open))
    if not merged:
        raise _InexpressibleError
    return merged


def _intersection(one: Iterable[Bounds], other: Iterable[Bounds]) -> list[Bounds]:
    result = []
    for (low, high, low_open, high_open), (low2, high2, low_open2, high_open2) in product(one, other):
        first, first_open = max((low, low_open), (low2, low_open2))
        last, last_closed = min((high, not high_open), (high2, not high_open2))
        if first < last or (first == last and not first_open and last_closed):
            result.append((first, last, first_open, not last_closed))
    return _union(result)


def _end(value: float) -> str:
    return "" if math.isinf(value) else plain(value)


def _range_text(bounds: Bounds) -> str:
    low, high, low_open, high_open = bounds
    if low == high:
        return plain(low)
    text = f"{_end(low)}:{_end(high)}"
    return f"{'(' if low_open else '['}{text}{')' if high_open else ']'}" if low_open or high_open else text


def _range_constraint(column: str, found: Iterable[Bounds]) -> Constraint:
    return Constraint(axis=column.upper(), kind="range", value=",".join(map(_range_text, found)), columns=(column,))


# bits


def _bits(node: Node) -> tuple[str, int, int] | None:
    """Column, mask and wanted bits of ``(FLAG & mask) == value``."""
    if not (isinstance(node, Binary) and node.operator in {"==", "!="}):
        return None
    for test, value in ((node.left, fold(node.right)), (node.right, fold(node.left))):
        if not (isinstance(test, Binary) and test.operator == "&" and isinstance(value, int)):
            continue
        for column, mask in ((test.left, fold(test.right)), (test.right, fold(test.left))):
            if isinstance(column, Column) and isinstance(mask, int) and mask > 0:
                return _bit_pattern(column.name, mask, value, node.operator)
    return None


def _bit_pattern(column: str, mask: int, value: int, operator: str) -> tuple[str, int, int]:
    if operator == "!=":
        if value != 0 or mask & (mask - 1):
            raise _InexpressibleError
        value = mask
    if value & ~mask:
        raise _InexpressibleError
    return column, mask, value


def _joined_bits(old: tuple[int, int] | None, mask: int, value: int) -> tuple[int, int]:
    if old is None:
        return mask, value
    common = old[0] & mask
    if old[1] & common != value & common:
        raise _InexpressibleError
    return old[0] | mask, old[1] | value


def _bits_constraint(column: str, mask: int, value: int) -> Constraint:
    digits = (
        ("1" if value >> bit & 1 else "0") if mask >> bit & 1 else "x" for bit in reversed(range(mask.bit_length()))
    )
    return Constraint(axis=column.upper(), kind="bits", value="b" + "".join(digits), form="X", columns=(column,))


# files


def _file_filter(node: FileFilter, blocks: Mapping[str, Block]) -> Constraint:
    names = tuple(item.name for item in node.coordinates if isinstance(item, Column))
    if len(names) != len(node.coordinates) or any(fold(number) for number in node.numbers):
        raise _InexpressibleError
    axis = names[0].upper() if node.name == "gti" else axis_name(*names)
    is_image = node.name in {"mask", "image"}
    kind, value = ("mask", "IMAGE") if is_image else (node.name, "TABLE")
    return Constraint(axis=axis, kind=kind, value=value, columns=names, source=node.source, table=blocks[node.source])


# figures


def _region_columns(node: Node) -> tuple[str, str] | None:
    """The pair of columns that a combination of figures is about; None when it is anything else."""
    match node:
        case Shape(x=Column(name=x), y=Column(name=y)):
            return x, y
        case Not(operand=operand):
            return _region_columns(operand)
        case Logical(operands=operands):
            pairs = {_region_columns(operand) for operand in operands}
            return pairs.pop() if len(pairs) == 1 else None
    return None


def _components(node: Node, wanted: bool) -> list[list[tuple[Shape, bool]]]:
    """A combination of figures as components, of which one must hold: figures, and whether each is included."""
    match node:
        case Shape():
            return [[(node, wanted)]]
        case Not(operand=operand):
            return _components(operand, not wanted)
        case Logical(operator=operator, operands=operands):
            parts = [_components(operand, wanted) for operand in operands]
            if (operator == "||") == wanted:
                result = [component for part in parts for component in part]
            elif math.prod(len(part) for part in parts) > _MAX_COMPONENTS:
                raise _InexpressibleError
            else:
                result = [[item for component in choice for item in component] for choice in product(*parts)]
            if len(result) > _MAX_COMPONENTS:
                raise _InexpressibleError
            return result
    raise _InexpressibleError


def _region_constraint(pair: tuple[str, str], nodes: list[Node]) -> Constraint:
    whole = nodes[0] if len(nodes) == 1 else Logical("&&", tuple(nodes))
    rows = tuple(
        _row(shape, included, number)
        for number, component in enumerate(_components(whole, True), start=1)
        for shape, included in component
    )
    return Constraint(axis=axis_name(*pair), kind="region", value="TABLE", columns=pair, region=rows)


def _row(node: Shape, included: bool, component: int) -> RegionRow:
    values = tuple(float(number.value) for number in node.numbers if isinstance(number, Number))
    name, x, y, r, rotang = _columns_of_row(node.name.removeprefix(PREFIX), values)
    return RegionRow(name if included else f"!{name}", x, y, r, rotang, component)


_Row = tuple[str, tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...]]


def _columns_of_row(name: str, values: tuple[float, ...]) -> _Row:
    """Name and columns of a figure in a region table (CXC region convention)."""
    x, y = values[0:1], values[1:2]
    match name:
        case "polygon" | "polygon2":
            return "POLYGON", values[0::2], values[1::2], (), ()
        case "rectangle":
            rotation = values[4:5] if values[4] else ()
            return "ROTRECTANGLE" if rotation else "RECTANGLE", values[0:4:2], values[1:4:2], (), rotation
        case "line":
            return "LINE", values[0::2], values[1::2], (), ()
        case "point":
            return "POINT", x, y, (), ()
        case "circle":
            return "CIRCLE", x, y, values[2:3], ()
        case "annulus":
            return "ANNULUS", x, y, values[2:4], ()
        case "sector":
            return "SECTOR", x, y, (), values[2:4]
        case "ellipse":
            return "ELLIPSE", x, y, values[2:4], values[4:5]
        case "elliptannulus":
            return "ELLIPTANNULUS", x, y, values[2:6], values[6:8]
    full = tuple(2 * value for value in values[2:4])
    plain = "BOX" if name == "box" else "DIAMOND"
    return (f"ROT{plain}", x, y, full, values[4:5]) if values[4] else (plain, x, y, full, ())
