"""Resolved queries as an engine's SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from obstap.adql import bound, coverage, nearby
from obstap.adql.bound import Kind
from obstap.adql.constants import fixed, number, numbers
from obstap.adql.crossmatch import UPLOADS, Pairing, Pairings, pairings
from obstap.adql.dialects import Dialect
from obstap.adql.kinds import GEOMETRY, NUMBERS
from obstap.adql.limits import RANGES, WIDEST
from obstap.adql.lists import gathered
from obstap.adql.nearby import MARGIN
from obstap.adql.wholerows import whole_table
from obstap.metadata import Region
from vo.moc import Moc
from vo.regions import TOLERANCE, bounding_cone

__all__ = ["Translator"]

_NUMERIC = NUMBERS | {Kind.NULL}

_NOTHING = 1e-100
"""Degrees far below all precision, whose squares are too small for an engine."""

_HALF_SKY = 90.0
"""Degrees beyond which the haversine of a distance is less precise than the distance."""

_NEAR = "athanor_near"
"""The column of cells near a position."""


class Translator:
    """Writes SQL.

    Parameters
    ----------
    physical
        Gives the engine's quoted name of a published table.
    base_url
        URL of the service without a final slash.
    """

    def __init__(self, dialect: Dialect, *, physical: Callable[[str], str], base_url: str) -> None:
        self._dialect = dialect
        self._physical = physical
        self._base_url = base_url
        self._quote = dialect.identifier
        self._ranges = RANGES[1]
        self._pairings = Pairings()
        self._keyed = False  # whether the query has columns as terms of GROUP BY: then only they may be named
        self._uploads: set[str] = set()
        self.tables: set[str] = set()

    def whole(self, query: bound.Query) -> str:
        """The SQL of a whole query."""
        withs = ", ".join(f"{name} AS ({self.query(inner)})" for name, inner in query.withs)
        return f"WITH {withs} {self.query(query)}" if withs else self.query(query)

    # queries

    def query(self, query: bound.Query) -> str:
        """The SQL of a query with its order."""
        body, keyed = query.body, self._keyed
        self._keyed = isinstance(body, bound.Select) and any(isinstance(key, bound.Field) for key in body.group_by)
        if isinstance(body, bound.Select):
            text, top = self._select(body), body.top
        elif isinstance(body, bound.SetOperation):
            every = " ALL" if body.every else ""
            text, top = f"({self.query(body.left)}) {body.operator}{every} ({self.query(body.right)})", None
        else:
            text, top = f"SELECT * FROM ({self.query(body)}) AS q", None  # noqa: S608 - made of checked parts
        if query.order_by:
            text += f" ORDER BY {', '.join(self._order(term, descends) for term, descends in query.order_by)}"
        if top is not None:
            text += f" LIMIT {top}"
        if query.offset is not None:
            text += f" OFFSET {query.offset}"
        self._keyed = keyed
        return text

    def _order(self, term: int | bound.Value, descends: bool) -> str:
        text = str(term) if isinstance(term, int) else self._dialect.ordered(self.value(term), term.kind)
        return f"{text}{' DESC' if descends else ''} NULLS LAST"

    def _select(self, select: bound.Select) -> str:
        outer = self._pairings
        self._pairings = pairings(select) if self._dialect.near_cells else outer
        text = self._select_text(select)
        self._pairings = outer
        return text

    def _select_text(self, select: bound.Select) -> str:
        text = f"SELECT {'DISTINCT ' if select.distinct else ''}{self._whole_rows(select) or self._items(select)}"
        text += f" FROM {', '.join(self._source(source) for source in select.sources)}"
        if select.where is not None:
            text += f" WHERE {self.condition(select.where)}"
        if select.group_by:
            text += f" GROUP BY {', '.join(self.value(value) for value in select.group_by)}"
        if select.having is not None:
            text += f" HAVING {self.condition(select.having)}"
        return text

    def _items(self, select: bound.Select) -> str:
        items = [f"{self._output(item.value)} AS {self._quote(item.name)}" for item in select.items]
        items += [f"{self._field(field)} AS {self._quote(name)}" for name, field in select.extras]
        return ", ".join(items)

    def _whole_rows(self, select: bound.Select) -> str:
        """All columns of a wide table in the engine's short way, where it has one; else nothing."""
        relation = whole_table(select) if self._dialect.whole_rows else None
        if relation is None:
            return ""
        fields = [name for _, name in relation.columns if name in relation.url_prefixed]
        prefix, alias = self._dialect.text(self._base_url + "/"), relation.alias
        urls = [f"({prefix} || {alias}.{self._quote(name)}) AS {self._quote(name)}" for name in fields]
        return self._dialect.whole_rows.format(alias, ", ".join(map(self._quote, relation.hidden)), ", ".join(urls))

    def _output(self, value: bound.Value) -> str:
        """A column of the answer, in exactly the type that is told of it."""
        if type(value) is bound.Field:
            return self._field(value)
        text = self.value(value)
        if isinstance(value, bound.Cast) or value.kind in GEOMETRY or value.kind is Kind.OTHER:
            return text
        return self._dialect.cast(text, value.kind, value.kind)

    def _source(self, source: bound.TableSource) -> str:
        if isinstance(source, bound.Join):
            left, right = self._source(source.left), self._source(source.right)
            if isinstance(source.right, bound.Join):
                right = f"({right})"
            return f"{left} {source.kind} JOIN {right} ON {self._on(source)}"
        if isinstance(source, bound.Table):
            self.tables.add(source.name)
            if source.name.startswith(UPLOADS):
                self._uploads.add(source.relation.alias)
            inner = self._physical(source.name)
        else:
            inner = source.query if isinstance(source.query, str) else f"({self.query(source.query)})"
        pairing = self._pairings.by_relation.get(id(source.relation))
        if pairing is not None:
            inner = self._near_cells(pairing, inner if isinstance(source, bound.Table) else f"{inner} AS q")
        return f"{inner} AS {source.relation.alias}"

    def _near_cells(self, pairing: Pairing, table: str) -> str:
        """A source whose rows come once for each cell near their position; none that are far from a client's table."""
        condition = ""
        order, radius = str(pairing.order), self._literal(pairing.radius + MARGIN)
        if pairing.upload:
            column = self._quote(pairing.other_position.cell)
            near = self._dialect.near_cells.format(self._physical(pairing.upload), column, order, radius, _NEAR, "")
            own = self._dialect.cell(self._quote(pairing.near_position.cell), pairing.order)
            condition = f" WHERE {own} IN (SELECT {_NEAR} FROM {near} AS u)"  # noqa: S608 - made of checked parts
        cell = self._quote(pairing.near_position.cell)
        return self._dialect.near_cells.format(table, cell, order, radius, _NEAR, condition)

    def _on(self, join: bound.Join) -> str:
        condition = self.condition(join.on)
        if join.kind != "FULL" or _has_equality(join.on):
            return condition
        return self._dialect.full_join(self._any_column(join.left), self._any_column(join.right), condition)

    def _any_column(self, source: bound.TableSource) -> str:
        while isinstance(source, bound.Join):
            source = source.left
        relation = source.relation
        return f"{relation.alias}.{self._quote(relation.columns[0][1])}"

    # values

    def value(self, value: bound.Value) -> str:
        """The SQL of a value."""
        return _VALUES[type(value)](self, value)

    def _constant(self, constant: bound.Constant) -> str:
        value, kind = constant.value, constant.kind
        if value is None:
            return "NULL"
        if kind in NUMBERS:
            return self._dialect.number(value, kind)
        if kind is Kind.BOOLEAN:
            return "TRUE" if value else "FALSE"
        return self._dialect.time(value) if kind is Kind.TIME else self._dialect.text(value)

    def _field(self, field: bound.Field) -> str:
        text = f"{field.relation.alias}.{self._quote(field.column)}"
        if field.column in field.relation.url_prefixed:
            return f"({self._dialect.text(self._base_url + '/')} || {text})"
        return text

    def _shape(self, shape: bound.Shape) -> str:
        parts = [self._coordinate(part) for part in shape.parts]
        if shape.box:
            return self._dialect.call("BOX", shape.kind, parts)
        text = self._dialect.shape(parts)
        moving = [
            part
            for part, value in zip(parts, shape.parts, strict=True)
            if not isinstance(value, bound.Constant) or value.kind is Kind.NULL
        ]
        if not moving:
            return text
        return f"CASE WHEN {' AND '.join(f'{part} IS NOT NULL' for part in moving)} THEN {text} END"

    def _as(self, value: bound.Value, kind: Kind) -> str:
        """A number as one of this kind."""
        if isinstance(value, bound.Constant) and value.kind is not Kind.NULL:
            return self._dialect.number(value.value, kind)
        text = self.value(value)
        return text if value.kind is kind else self._dialect.cast(text, value.kind, kind)

    def _literal(self, value: float) -> str:
        return self._dialect.number(value, Kind.DOUBLE)

    def _double(self, value: bound.Value) -> str:
        return self._as(value, Kind.DOUBLE)

    def _coordinate(self, value: bound.Value) -> str:
        """A number of degrees."""
        if isinstance(value, bound.Constant) and value.kind in NUMBERS:
            return self._literal(_coordinate(value.value))
        return self._double(value)

    def _call(self, call: bound.Call) -> str:
        name = call.name
        if call.kind is Kind.NULL:  # made of nothing but NULL
            return "NULL"
        if name in ("CONTAINS", "INTERSECTS"):
            return self._dialect.cast(self._holds(call), Kind.BOOLEAN, Kind.INT)
        if name in ("COORD1", "COORD2"):
            return self._dialect.element(self.value(call.arguments[0]), int(name[-1]))
        if name == "IVO_HEALPIX_INDEX" and (text := self._parent_cell(*call.arguments)):
            return text
        if name == "DISTANCE":
            return self._distance(call.arguments)
        arguments = [self._argument(call, argument) for argument in call.arguments]
        if name == "COALESCE":
            return f"coalesce({', '.join(arguments)})"
        if name in ("ROUND", "TRUNCATE") and len(arguments) == 2:
            arguments[1] = str(call.arguments[1].value)
        safe = len(arguments) == 2 and _is_not_zero(call.arguments[1])
        return self._dialect.call(name, call.kind, arguments, safe=safe)

    def _argument(self, call: bound.Call, argument: bound.Value) -> str:
        """An argument; numbers are widened to the result's type before anything is computed."""
        if call.kind in NUMBERS and argument.kind in _NUMERIC and not call.name.startswith("IVO_"):
            return self._as(argument, call.kind)
        return self.value(argument)

    def _aggregate(self, aggregate: bound.Aggregate) -> str:
        arguments = [self._aggregated(argument, aggregate.kind) for argument in aggregate.arguments] or ["*"]
        return self._dialect.aggregate(aggregate.name, aggregate.kind, arguments, distinct=aggregate.distinct)

    def _aggregated(self, argument: bound.Value, kind: Kind) -> str:
        text = self.value(argument)
        return text if argument.kind is not Kind.NULL else self._dialect.cast(text, Kind.NULL, kind)

    def _cast(self, cast: bound.Cast) -> str:
        text = self.value(cast.operand)
        if cast.operand.kind is not cast.kind:
            text = self._dialect.cast(text, cast.operand.kind, cast.kind)
        return text if cast.length is None else f"left({text}, {cast.length})"

    def _scalar_query(self, query: bound.ScalarQuery) -> str:
        return f"({self.query(query.query)})"

    # conditions

    def condition(self, condition: bound.Predicate) -> str:
        """The SQL of a condition."""
        return _CONDITIONS[type(condition)](self, condition)

    def _comparison(self, comparison: bound.Comparison) -> str:
        if (near := nearby.near(comparison)) is not None:
            return self._within(near, self._pairings.by_condition.get(id(comparison)))
        if (truth := nearby.truth(comparison)) is not None:
            call, holds = truth
            return self._holds(call) if holds else f"NOT {self._holds(call)}"
        left, operator, right = nearby.oriented(comparison)
        if operator in ("=", "<>"):
            return f"{self.value(left)} {operator} {self.value(right)}"
        return f"{self._dialect.ordered(self.value(left), left.kind)} {operator} {self.value(right)}"

    def _within(self, near: nearby.Near, pairing: Pairing | None = None) -> str:
        """That two positions are near each other, exactly, and a cheap test before it."""
        exact = self._nearer(near)
        if pairing is not None:
            column = f"{pairing.other.alias}.{self._quote(pairing.other_position.cell)}"
            cell = self._dialect.cell(column, pairing.order)
            return f"({cell} = {pairing.near.alias}.{_NEAR} AND {self._near(near)} AND {exact})"
        cheap = self._in_cone(near.parts, near.radius) or self._near(near)
        return f"({cheap} AND {exact})" if cheap else exact

    def _nearer(self, near: nearby.Near) -> str:
        """The exact test: up to `_HALF_SKY` of haversines, which are as precise and half the work."""
        if not _NOTHING < near.radius <= _HALF_SKY:
            return f"{self._distance(near.parts)} {near.operator} {self._literal(near.radius)}"
        text = self._dialect.call("HAVERSINE", Kind.DOUBLE, [self._coordinate(part) for part in near.parts])
        return f"{text} {near.operator} {self._literal(math.sin(math.radians(near.radius) / 2) ** 2)}"

    def _distance(self, parts: Sequence[bound.Value]) -> str:
        return self._dialect.call("DISTANCE", Kind.DOUBLE, [self._coordinate(part) for part in parts])

    def _in_cone(self, parts: Sequence[bound.Value], radius: float) -> str:
        """That an indexed position is near a fixed one; empty where there is no such pair."""
        for position, other in ((parts[:2], parts[2:]), (parts[2:], parts[:2])):
            found, centre = nearby.indexed(*position), numbers(other)
            if found is not None and centre is not None:
                most = min(RANGES[0], self._ranges // 16)
                cone = (*map(_coordinate, centre), radius)
                text, cost = self._dialect.in_cone(position[0].relation.alias, found, cone, most)
                self._ranges -= cost
                return text
        return ""

    def _near(self, near: nearby.Near) -> str:
        """That two moving positions are near each other, in a way in which the engine can join on it.

        Where both are indexed the engine may choose, but for a client's table, which is the smaller one.
        """
        parts, tests = near.parts, {}
        for position, other in ((parts[:2], parts[2:]), (parts[2:], parts[:2])):
            if (found := nearby.indexed(*position)) is not None:
                alias = position[0].relation.alias
                tests[alias] = self._dialect.near(alias, found, *map(self._coordinate, other), near.radius)
        large = {alias: test for alias, test in tests.items() if alias not in self._uploads}
        chosen = " AND ".join(filter(None, (large or tests).values()))
        return chosen or nearby.band(self._double, self._literal, parts, near.radius)

    def _holds(self, call: bound.Call) -> str:
        """CONTAINS or INTERSECTS as a truth value."""
        first, second = call.arguments
        if second.kind is Kind.MOC:
            return self._against_moc(call.name, first, second.value)
        point = first if isinstance(first, bound.Shape) and first.kind is Kind.POINT else None
        if point is not None and isinstance(second, bound.Shape) and second.kind is Kind.CIRCLE:
            return self._in_circle(point, second)
        exact = self._dialect.call(call.name, Kind.BOOLEAN, [self.value(argument) for argument in call.arguments])
        if point is not None and nearby.indexed(*point.parts) and (shape := fixed(second)) is not None:
            return self._in_shape(point, shape, exact)
        for one, other in ((first, second), (second, first)):
            shape = fixed(other)
            region = one.shape_of if isinstance(one, bound.Field) else None
            if shape is not None and region is not None:
                return self._touching(one, region, shape, exact)
            if region is not None and (circle := _moving_circle(other)) is not None:
                place = self._coordinate(circle[0]), self._coordinate(circle[1])
                return self._dialect.meeting(one.relation.alias, region, place, circle[2], exact)
        return exact

    def _in_circle(self, point: bound.Shape, circle: bound.Shape) -> str:
        parts = (*point.parts, *circle.parts[:2])
        radius = numbers(circle.parts[2:])
        if radius is not None:
            return self._within(nearby.Near(parts, "<=", radius[0] + TOLERANCE))
        return f"{self._distance(parts)} <= {self._double(circle.parts[2])} + {self._literal(TOLERANCE)}"

    def _in_shape(self, point: bound.Shape, shape: Sequence[float], exact: str) -> str:
        """That an indexed position is in a shape; the exact test is made in the shape's bounding cone only."""
        lon, lat, radius = nearby.around(shape)
        parts = (*point.parts, number(lon), number(lat))
        limit = self._literal(radius)
        distance = self._distance(parts)
        test = f"CASE WHEN {distance} <= {limit} THEN {exact} WHEN {distance} > {limit} THEN FALSE END"
        cheap = self._in_cone(parts, radius)
        return f"({cheap} AND {test})" if cheap else test

    def _against_moc(self, name: str, shape: bound.Value, moc: Moc) -> str:
        """That a position or region lies in a MOC, or touches it."""
        if shape.kind is Kind.POINT:
            if isinstance(shape, bound.Shape) and (column := self._cell(*shape.parts)):
                text, cost = coverage.indexed_in_moc(self._dialect, moc, column, min(RANGES[0], self._ranges))
                self._ranges -= cost
                return text
            return coverage.in_moc(self._dialect, moc, *self._position(shape))
        region = shape.shape_of if isinstance(shape, bound.Field) else None
        touching = partial(self._dialect.touching, shape.relation.alias, region) if region else None
        return coverage.region_and_moc(self._dialect, name, moc, self.value(shape), touching)

    def _position(self, point: bound.Value) -> tuple[str, str]:
        if isinstance(point, bound.Shape):
            return self._double(point.parts[0]), self._double(point.parts[1])
        text = self.value(point)
        return self._dialect.element(text, 1), self._dialect.element(text, 2)

    def _cell(self, lon: bound.Value, lat: bound.Value) -> str:
        """The column with the cells of a position; empty where there is none."""
        found = nearby.indexed(lon, lat)
        return "" if found is None else f"{lon.relation.alias}.{self._quote(found.cell)}"

    def _parent_cell(self, order: bound.Value, lon: bound.Value, lat: bound.Value) -> str:
        """The cell of an order, from the table's own column of cells where it may be named."""
        column = self._cell(lon, lat)
        if not column or self._keyed or not isinstance(order, bound.Constant):
            return ""
        return f"CASE WHEN {column} >= 0 THEN {self._dialect.cell(column, order.value)} END"

    def _touching(self, field: bound.Field, region: Region, shape: Sequence[float], exact: str) -> str:
        """The exact test for regions whose bounding cones are near the shape's; NULL where the region is."""
        cone = tuple(float(value) for value in bounding_cone(shape))
        return self._dialect.touching(field.relation.alias, region, cone, exact)

    def _between(self, between: bound.Between) -> str:
        limits = f"{self.value(between.low)} AND {self.value(between.high)}"
        operand = self._dialect.ordered(self.value(between.operand), between.operand.kind)
        return f"{operand} {_no(between)}BETWEEN {limits}"

    def _in_list(self, test: bound.InList) -> str:
        return f"{self.value(test.operand)} {_no(test)}IN ({', '.join(self.value(value) for value in test.values)})"

    def _in_query(self, test: bound.InQuery) -> str:
        return f"{self.value(test.operand)} {_no(test)}IN ({self.query(test.query)})"

    def _like(self, like: bound.Like) -> str:
        operand, pattern = self.value(like.operand), self.value(like.pattern)
        return self._dialect.like(operand, pattern, negated=like.negated, folds=like.folds)

    def _is_null(self, test: bound.IsNull) -> str:
        return f"{self.value(test.operand)} IS {_no(test)}NULL"

    def _exists(self, exists: bound.Exists) -> str:
        return f"EXISTS ({self.query(exists.query)})"

    def _junction(self, junction: bound.Junction) -> str:
        operands = gathered(junction)
        text = f" {junction.operator} ".join(self.condition(operand) for operand in operands)
        return f"({text})" if len(operands) > 1 else text

    def _not(self, negation: bound.Not) -> str:
        return f"NOT {self.condition(negation.operand)}"


def _coordinate(value: float) -> float:
    """A number of degrees, 0 where it is as good as that."""
    return 0.0 if abs(value) < _NOTHING else float(value)


def _is_not_zero(value: bound.Value) -> bool:
    return isinstance(value, bound.Constant) and value.value not in (None, 0)


def _moving_circle(value: bound.Value) -> tuple[bound.Value, bound.Value, float] | None:
    """Centre and radius of a POINT, or of a CIRCLE of a constant radius that is not too wide."""
    if not isinstance(value, bound.Shape) or value.kind not in (Kind.POINT, Kind.CIRCLE):
        return None
    radius = numbers(value.parts[2:])
    if radius is None or max(radius, default=0.0) > WIDEST:
        return None
    return value.parts[0], value.parts[1], radius[0] if radius else 0.0


def _has_equality(condition: bound.Predicate) -> bool:
    """Whether an equality of columns of two relations must hold."""
    if isinstance(condition, bound.Junction) and condition.operator == "AND":
        return any(map(_has_equality, condition.operands))
    if not isinstance(condition, bound.Comparison) or condition.operator != "=":
        return False
    left, right = condition.left, condition.right
    return isinstance(left, bound.Field) and isinstance(right, bound.Field) and left.relation is not right.relation


def _no(test: bound.Between | bound.InList | bound.InQuery | bound.IsNull) -> str:
    return "NOT " if test.negated else ""


_VALUES = {
    bound.Constant: Translator._constant,
    bound.Field: Translator._field,
    bound.Shape: Translator._shape,
    bound.Call: Translator._call,
    bound.Aggregate: Translator._aggregate,
    bound.Cast: Translator._cast,
    bound.ScalarQuery: Translator._scalar_query,
}

_CONDITIONS = {
    bound.Comparison: Translator._comparison,
    bound.Between: Translator._between,
    bound.InList: Translator._in_list,
    bound.InQuery: Translator._in_query,
    bound.Like: Translator._like,
    bound.IsNull: Translator._is_null,
    bound.Exists: Translator._exists,
    bound.Junction: Translator._junction,
    bound.Not: Translator._not,
}
