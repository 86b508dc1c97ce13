"""What an engine's SQL must say of itself.

A function is added by an entry in `obstap.adql.functions.FUNCTIONS` and one of the same name in `functions` (or
`aggregates`) of every dialect; those that the engine does not have itself are made by its store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from obstap.adql.bound import Kind
from obstap.metadata import Position, Region
from obstap.names import delimited, literal
from vo.healpix import ORDER

__all__ = ["Cone", "Dialect"]

Cone = tuple[float, float, float]
"""Longitude, latitude and radius in degrees."""


class Dialect(ABC):
    """An engine's SQL. Templates take the arguments as {0}, {1} and so on."""

    functions: Mapping[str, str]
    """Templates of operators and functions by their names in `obstap.adql.bound`."""

    typed: Mapping[tuple[str, Kind], str] = {}
    """Templates of those whose form depends on the kind of the result."""

    shorter: Mapping[str, str] = {}
    """Templates of functions that are called without their last, optional argument."""

    safe: Mapping[str, str] = {}
    """Templates of divisions by what is known not to be 0, where there is a shorter form; not of `typed` ones."""

    aggregates: Mapping[str, str]
    """Templates of aggregates; {distinct} is where DISTINCT may stand."""

    types: Mapping[Kind, str]
    """Names of types, for casts."""

    whole_rows = ""
    """Template of all columns of a table in their order, for a short way to select many.

    {0} is the table's alias, {1} the names of columns to leave out, {2} the values that take the place of columns, each
    with AS and the name. Where it is empty, columns are always listed.
    """

    near_cells = ""
    """Template of the source of rows that come once for each cell near a position, where positions are joined so.

    {0} is a table, {1} the column with the cell, {2} the order of the near cells, {3} the radius in degrees, {4} the
    name of the column of near cells, {5} a condition. Where it is empty, positions are joined by `near`.
    """

    arcs: int
    """Arcs of the borders of a MOC that regions are compared with at once."""

    # values

    def identifier(self, name: str) -> str:
        """A name in quotes."""
        return delimited(name)

    def text(self, value: str) -> str:
        """A text in quotes."""
        return literal(value)

    @abstractmethod
    def number(self, value: int | float, kind: Kind) -> str:
        """A number that the engine reads as exactly this one, in parentheses where it is negative."""

    def time(self, value: str) -> str:
        """A time, given as ISO 8601 with a space."""
        return f"TIMESTAMP {self.text(value)}"

    @abstractmethod
    def shape(self, parts: Sequence[str]) -> str:
        """A region of numbers."""

    @abstractmethod
    def element(self, shape: str, number: int) -> str:
        """A coordinate of a region, counted from 1."""

    @abstractmethod
    def numbers(self, numbers: Sequence[str]) -> str:
        """Many numbers, as one constant."""

    def call(self, name: str, kind: Kind, arguments: Sequence[str], *, safe: bool = False) -> str:
        """An operator or function whose result is of this kind; `safe` says that a divisor is not 0."""
        template = self.typed.get((name, kind))
        if template is None and len(arguments) == 1:
            template = self.shorter.get(name)
        if template is None and safe:
            template = self.safe.get(name)
        return (template or self.functions[name]).format(*arguments)

    def aggregate(self, name: str, kind: Kind, arguments: Sequence[str], *, distinct: bool) -> str:
        """An aggregate whose result is of this kind."""
        template = self.typed.get((name, kind)) or self.aggregates[name]
        return template.format(*arguments, distinct="DISTINCT " if distinct else "")

    def cast(self, text: str, given: Kind, wanted: Kind) -> str:  # noqa: ARG002 - some engines need it
        """A value of one kind as one of another."""
        return f"CAST({text} AS {self.types[wanted]})"

    # conditions and order

    def ordered(self, text: str, kind: Kind) -> str:  # noqa: ARG002 - for engines whose order of texts must be said
        """A value of this kind where its order matters."""
        return text

    @abstractmethod
    def like(self, operand: str, pattern: str, *, negated: bool, folds: bool) -> str:
        """That a text matches a pattern in which nothing escapes % and _; `folds` makes all letters lower case."""

    def full_join(self, left: str, right: str, on: str) -> str:  # noqa: ARG002 - for engines that take few conditions
        """The condition of a FULL JOIN whose equalities are not enough for the engine.

        `left` and `right` are a column of either side.
        """
        return on

    # the sky

    @abstractmethod
    def in_cone(self, alias: str, position: Position, cone: Cone, most: int) -> tuple[str, int]:
        """A cheap test, for an index, that a table's position may lie in a cone.

        Parameters
        ----------
        most
            What the test may cost, in ranges of cells.

        Returns
        -------
        tuple of str and int
            The test, empty where it would not help, and what it costs.
        """

    @abstractmethod
    def touching(self, alias: str, region: Region, cone: tuple[float, float, float, float], exact: str) -> str:
        """The exact test of a table's region, made only where its bounding cone may touch another.

        `cone` is as `vo.regions.bounding_cone` gives it. The whole is NULL where the region is.
        """

    @abstractmethod
    def meeting(self, alias: str, region: Region, place: tuple[str, str], radius: float, exact: str) -> str:
        """The exact test of a table's region, made only where its bounding cone may touch a moving circle.

        `place` is the centre of the circle, longitude and latitude; `radius` is in degrees, at most `WIDEST`. The
        whole is NULL where the region or the place is.
        """

    def cell(self, column: str, order: int) -> str:
        """The HEALPix cell of an order that holds one of order 29."""
        return f"({column} >> {2 * (ORDER - order)})"

    def near(self, indexed: str, position: Position, lon: str, lat: str, radius: float) -> str:  # noqa: ARG002
        """A cheap test, for an index, that a table's position may be near another, moving one; empty if there is none.

        `indexed` is the table's alias, `radius` in degrees.
        """
        return ""
