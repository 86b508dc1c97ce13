"""A selection: an expression made ready for the rows of one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .attributes import expand_text
from .blocks import Block, BlockOpener
from .celestial import Projection
from .compiler import Compiler
from .conditions import Test
from .constraints import constraints_of
from .dss import Constraint
from .parser import CONDITION, NUMBER, TEXT, parse
from .resolver import Resolver, check_columns
from .rows import RetypedError, Rows
from .syntax import Node, columns_of, transformed
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
        self,
        text: str,
        expanded: str,
        tree: Node,
        blocks: Mapping[str, Block],
        dss: list[Constraint] | None,
        *,
        projection: Projection | None = None,
    ) -> None:
        self.text = text
        self.expanded = expanded
        self.columns = columns_of(tree)
        self.dss = dss
        self._tree = tree
        self._blocks = blocks
        self._projection = projection
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
        self._plan = Compiler(types, self._blocks, fail, self._projection).condition(self._tree)


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
        Opens what `gti`, `region`, `mask` and `IMAGE` name; called once for each block specifier, which it is given
        as it was written (see `split_blockspec`). None refuses such filters.

    Raises
    ------
    vo.errors.QueryError
        With the place of the mistake and, where there is one, the nearest right thing.
    """
    source = Source(text)
    tree = parse(text, header=header, columns=columns, kinds=_kinds(header, columns))
    resolver = Resolver(source, header, columns, open_table)
    tree = transformed(tree, resolver.resolve)
    check_columns(tree, columns, source)
    dss = constraints_of(tree, resolver.blocks, _real_columns(header))
    return Selection(text, expand_text(text, header), tree, resolver.blocks, dss, projection=resolver.projection)


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
