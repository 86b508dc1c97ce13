"""A selection: an expression made ready for the rows of one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from vo.errors import AthanorError, UsageError

from .attributes import expand_text
from .blocks import Block, BlockOpener
from .celestial import CELESTIAL, Projection, find_projection
from .compiler import Compiler
from .conditions import Test
from .constraints import constraints_of
from .dss import Constraint
from .filters import combine_rows, good_times, mask_inside, region_rows
from .parser import CONDITION, NUMBER, TEXT, parse
from .rows import RetypedError, Rows
from .syntax import Column, FileFilter, Node, Number, Shape, columns_of, transformed
from .tokens import Source

__all__ = ["Selection", "compile_selection"]

STRETCH = 131_072
"""Rows that are evaluated at a time: few enough for all intermediate arrays to stay in the cache."""


class Selection:
    """A condition on the rows of a table.

    Attributes
    ----------
    text
        The expression as it was given.
    expanded
        The expression with attributes replaced by their values, as SLCTEXPR records it.
    columns
        The columns that `evaluate` needs, by the table's own spelling.
    dss
        The filters of the data subspace, or None when the expression is no plain conjunction of filters; an empty
        list when it selects every row.
    """

    def __init__(
        self, text: str, expanded: str, tree: Node, blocks: Mapping[str, Block], dss: list[Constraint] | None
    ) -> None:
        self.text = text
        self.expanded = expanded
        self.columns = columns_of(tree)
        self.dss = dss
        self._tree = tree
        self._blocks = blocks
        self._plan: Test | None = None
        self._types: dict[str, np.dtype] = {}

    def evaluate(self, data: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which rows fulfil the condition.

        Parameters
        ----------
        data
            Column → values of a chunk of rows, all of the same length; scaled (TZERO, TSCAL). Columns that no test
            comes to are not asked for.

        Returns
        -------
        numpy.ndarray
            Booleans, one a row.

        Raises
        ------
        vo.errors.QueryError
            When a column has a type that the expression can't take.
        """
        if self._plan is None:
            self._compile(data)
        try:
            return self._evaluate(data)
        except RetypedError:
            self._compile(data)
            return self._evaluate(data)

    def _evaluate(self, data: Mapping[str, np.ndarray]) -> np.ndarray:
        plan = self._plan
        count = len(data[self.columns[0] if self.columns else next(iter(data))])
        if plan.value is not None:
            return np.full(count, plan.value)
        if count <= STRETCH * 3 // 2:
            return plan.run(Rows(data, 0, count, self._types))
        result = np.empty(count, dtype=bool)
        for start in range(0, count, STRETCH):
            stop = min(start + STRETCH, count)
            result[start:stop] = plan.run(Rows(data, start, stop, self._types))
        return result

    def _compile(self, data: Mapping[str, np.ndarray]) -> None:
        source = Source(self.text)

        def fail(message: str, node: Node) -> Exception:
            return source.error(message, node.start, node.end)

        types: dict[str, np.dtype] = {}
        for name in self.columns:
            values = data[name]
            if values.ndim != 1:
                raise source.error(f"{name} is a vector column; the language takes one value a row.", 0, 1)
            types[name] = values.dtype.newbyteorder("=")
        self._types = types
        self._plan = Compiler(types, self._blocks, fail).condition(self._tree)


def compile_selection(
    text: str, *, header: Mapping[str, object], columns: Sequence[str], open_table: BlockOpener | None = None
) -> Selection:
    """Make an expression ready for a table.

    Parameters
    ----------
    text
        The expression, in selectlib's language.
    header
        Header of the table: attributes ``#NAME``, types of the columns (TTYPEn, TFORMn), the sky projection.
    columns
        Names of the columns.
    open_table
        Opens what `gti`, `region` and `mask` name; called once for each block specifier, which it is given as it was
        written (see `split_blockspec`). None refuses such filters.

    Raises
    ------
    vo.errors.QueryError
        With the place of the mistake and, where there is one, the nearest right thing.
    """
    source = Source(text)
    tree = parse(text, header=header, columns=columns, kinds=_kinds(header, columns))
    resolver = _Resolver(source, header, columns, open_table)
    tree = transformed(tree, resolver.resolve)
    _check_columns(tree, columns, source)
    dss = constraints_of(tree, resolver.blocks, _real_columns(header))
    return Selection(text, expand_text(text, header), tree, resolver.blocks, dss)


def _form(header: Mapping[str, object], number: int) -> str:
    return str(header.get(f"TFORM{number}", "")).strip().lstrip("0123456789").upper()[:1]


def _numbered(header: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """Name in capitals and type letter of each column that the header describes."""
    for number in range(1, int(str(header.get("TFIELDS", 0))) + 1):
        name = str(header.get(f"TTYPE{number}", "")).strip().upper()
        form = _form(header, number)
        if name and form:
            yield name, form


def _kinds(header: Mapping[str, object], columns: Sequence[str]) -> dict[str, str]:
    by_upper = {name.upper(): name for name in columns}
    words = {"L": CONDITION, "A": TEXT} | dict.fromkeys("BIJKED", NUMBER)
    return {by_upper[name]: words[form] for name, form in _numbered(header) if name in by_upper and form in words}


def _real_columns(header: Mapping[str, object]) -> frozenset[str] | None:
    """Capitalised names of columns that hold reals; None when the header does not describe the columns."""
    found = dict(_numbered(header))
    return frozenset(name for name, form in found.items() if form in "ED") if found else None


_CHECKS: dict[str, Callable[[Block], object]] = {
    "gti": good_times,
    "region": lambda block: combine_rows(region_rows(block)),
    "mask": lambda block: mask_inside(block, (0.0, 0.0)),
}
"""What finds a block to be of the wrong kind before the first row is read."""


def _check_columns(tree: Node, columns: Sequence[str], source: Source) -> None:
    """Refuse RA and DEC that are neither columns nor in a figure on the sky."""

    def check(node: Node) -> Node:
        if isinstance(node, Column) and node.name not in columns:
            hint = "Positions on the sky are tested by figures: (RA,DEC) in CIRCLE(ra,dec,radius)."
            raise source.error(f"The table has no column {node.name}.", node.start, node.end, hint=hint)
        return node

    transformed(tree, check)


class _Resolver:
    """Brings in what a tree refers to: blocks of file filters, sky pixels."""

    def __init__(
        self, source: Source, header: Mapping[str, object], columns: Sequence[str], open_table: BlockOpener | None
    ) -> None:
        self.source = source
        self.header = header
        self.columns = {name.upper(): name for name in columns}
        self.open_table = open_table
        self.blocks: dict[str, Block] = {}

    def resolve(self, node: Node) -> Node:
        """The node as it is evaluated."""
        try:
            if isinstance(node, FileFilter):
                return self._opened(node)
            if isinstance(node, Shape):
                return self._in_pixels(node)
        except AthanorError as error:
            raise self.source.error(error.message, node.start, node.end, hint=error.hint) from error
        return node

    def _opened(self, node: FileFilter) -> FileFilter:
        """The filter with its block at hand, and with the columns that a region table names itself (MFORM1)."""
        if self.open_table is None:
            raise UsageError(f"{node.name}() can't be used here: no files are at hand.")
        if node.source not in self.blocks:
            self.blocks[node.source] = self.open_table(node.source)
        block = self.blocks[node.source]
        _CHECKS[node.name](block)
        if node.coordinates:
            return node
        names = [name.strip().upper() for name in str(block.header.get("MFORM1", "")).split(",")]
        if len(names) != 2 or not all(name in self.columns for name in names):
            raise UsageError(
                "The region table does not say which columns of the table it is about (MFORM1).",
                hint="Name them: region(file,X,Y).",
            )
        place = {"start": node.start, "end": node.end}
        return replace(node, coordinates=tuple(Column(self.columns[name], **place) for name in names))

    def _in_pixels(self, node: Shape) -> Shape:
        """A figure in RA and DEC in sky pixels, or on the sphere where the table has columns of these names."""
        names = tuple(item.name.upper() for item in (node.x, node.y) if isinstance(item, Column))
        if names == ("RA", "DEC") and set(names) <= self.columns.keys() and node.name in CELESTIAL:
            return replace(node, name=f"sky {node.name}")
        if not ({"RA", "DEC"} - self.columns.keys()) & set(names):
            return node
        if names != ("RA", "DEC"):
            raise UsageError("Positions on the sky are given as (RA,DEC).")
        projection: Projection | None = find_projection(self.header, list(self.columns.values()))
        if projection is None:
            raise UsageError(
                "The table has neither columns RA and DEC nor sky pixels X and Y with a projection (REFXCRPX …)."
            )
        numbers = projection.figure(node.name, [item.value for item in node.numbers if isinstance(item, Number)])
        place = {"start": node.start, "end": node.end}
        return replace(
            node,
            numbers=tuple(Number(number, **place) for number in numbers),
            x=Column(projection.x, **place),
            y=Column(projection.y, **place),
        )
