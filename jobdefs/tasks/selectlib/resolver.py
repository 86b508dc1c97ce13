"""What a tree refers to is brought in: blocks of file filters, columns that files name, sky pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from vo.errors import AthanorError, UsageError

from .blocks import Block, BlockOpener
from .celestial import Projection, find_projection
from .compiler import column_names
from .filters import combine_rows, good_times, region_rows
from .images import axes_of, image_inside
from .skyfigures import PREFIX, make_sky_figure
from .syntax import Column, FileFilter, Node, Number, Shape, transformed
from .tokens import Source

__all__ = ["Resolver", "check_columns"]

_SKY = ("RA", "DEC")
_NO_SKY = "The table has neither columns RA and DEC nor sky pixels X and Y with a projection (REFXCRPX …)."


def check_columns(tree: Node, columns: Sequence[str], source: Source) -> None:
    """Refuse RA and DEC that are neither columns nor in a figure on the sky."""

    def check(node: Node) -> Node:
        if isinstance(node, Column) and node.name not in columns:
            hint = "Positions on the sky are tested by figures: (RA,DEC) in CIRCLE(ra,dec,radius)."
            raise source.error(f"The table has no column {node.name}.", node.start, node.end, hint=hint)
        return node

    transformed(tree, check)


class Resolver:
    """Resolves the nodes of one expression on one table.

    Attributes
    ----------
    blocks
        Block specifier → block, of the filters resolved so far.
    """

    def __init__(
        self, source: Source, header: Mapping[str, object], columns: Sequence[str], open_table: BlockOpener | None
    ) -> None:
        self.source = source
        self.header = header
        self.columns = {name.upper(): name for name in columns}
        self.open_table = open_table
        self.blocks: dict[str, Block] = {}

    @cached_property
    def projection(self) -> Projection | None:
        """The projection of the table's sky pixels; None when it has none, or one that is not known."""
        try:
            return find_projection(self.header, list(self.columns.values()))
        except UsageError:
            return None

    def resolve(self, node: Node) -> Node:
        """The node as it is evaluated."""
        try:
            if isinstance(node, FileFilter):
                return self._opened(node)
            if isinstance(node, Shape):
                return self._on_sky(node)
        except AthanorError as error:
            raise self.source.error(error.message, node.start, node.end, hint=error.hint) from error
        return node

    def _opened(self, node: FileFilter) -> FileFilter:
        """The filter with its block at hand, and with the columns that a region table or an image names itself."""
        if self.open_table is None:
            raise UsageError(f"{node.name}() can't be used here: no files are at hand.")
        if node.source not in self.blocks:
            self.blocks[node.source] = self.open_table(node.source)
        block = self.blocks[node.source]
        if node.name == "gti":
            good_times(block)
            return node
        if node.name == "region":
            rows = region_rows(block)
            node = node if node.coordinates else self._with_columns(node, self._region_columns(block))
            combine_rows(rows, on_sky=_is_sky(node))
            return node
        if node.name == "image":
            node = node if node.coordinates else self._with_columns(node, axes_of(block))
            node = self._in_sky_pixels(node)
        image_inside(block, column_names(node), self.projection, named=node.name == "image")
        return node

    def _region_columns(self, block: Block) -> tuple[str, str]:
        """The columns that a region table is about (MFORM1)."""
        names = [name.strip().upper() for name in str(block.header.get("MFORM1", "")).split(",")]
        if len(names) != 2 or not all(name in self.columns for name in names):
            raise UsageError(
                "The region table does not say which columns of the table it is about (MFORM1).",
                hint="Name them: region(file,X,Y).",
            )
        return names[0], names[1]

    def _with_columns(self, node: FileFilter, names: tuple[str, str]) -> FileFilter:
        place = {"start": node.start, "end": node.end}
        columns = (self.columns.get(name, name) for name in names)
        return replace(node, coordinates=tuple(Column(name, **place) for name in columns))

    def _in_sky_pixels(self, node: FileFilter) -> FileFilter:
        """An image in RA and DEC is tested by X and Y where the table has no columns RA and DEC."""
        if not _is_sky(node) or set(_SKY) <= self.columns.keys():
            return node
        if self.projection is None:
            raise UsageError(_NO_SKY)
        return self._with_columns(node, (self.projection.x.upper(), self.projection.y.upper()))

    def _on_sky(self, node: Shape) -> Shape:
        """A figure in RA and DEC in sky pixels, or on the sphere where the table has columns of these names."""
        names = tuple(item.name.upper() for item in (node.x, node.y) if isinstance(item, Column))
        numbers = tuple(float(item.value) for item in node.numbers if isinstance(item, Number))
        if names == _SKY and set(names) <= self.columns.keys():
            make_sky_figure(node.name, numbers)
            return replace(node, name=f"{PREFIX}{node.name}")
        if not (set(_SKY) - self.columns.keys()) & set(names):
            return node
        if names != _SKY:
            raise UsageError("Positions on the sky are given as (RA,DEC).")
        projection = find_projection(self.header, list(self.columns.values()))
        if projection is None:
            raise UsageError(_NO_SKY)
        place = {"start": node.start, "end": node.end}
        return replace(
            node,
            numbers=tuple(Number(number, **place) for number in projection.figure(node.name, numbers)),
            x=Column(projection.x, **place),
            y=Column(projection.y, **place),
        )


def _is_sky(node: FileFilter) -> bool:
    return tuple(map(str.upper, column_names(node))) == _SKY
