"""Queries: which tables and columns their names mean, and what their answers look like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from obstap.adql import bound, tree
from obstap.adql.bound import Kind
from obstap.adql.grouping import check_grouping, has_aggregate
from obstap.adql.hidden import pass_on
from obstap.adql.kinds import NUMBERS, column_of, described, kind_of, widest
from obstap.adql.limits import COLUMNS
from obstap.adql.resolve_udfs import UdfResolver
from obstap.adql.resolve_values import Context
from obstap.adql.scope import Named, Scope, Visible
from obstap.adql.tokens import Place, Source
from obstap.metadata import Table
from vo.errors import QueryError
from vo.wording import did_you_mean

__all__ = ["resolve"]

_REMEMBERED = 256
"""Tables, and"""

_ALIASES = 8
"""aliases of each, whose columns are kept from one query to the next."""


class _Layouts:
    """What queries ask of tables, remembered by identity because tables have no hash."""

    def __init__(self) -> None:
        self._tables: dict[int, tuple[Table, dict[str, tuple[bound.Relation, tuple[Visible, ...]]]]] = {}

    def of(self, table: Table, alias: str) -> tuple[bound.Relation, tuple[Visible, ...]]:
        """A table as a relation of this alias, and its columns."""
        known = self._tables.get(id(table))
        if known is None:
            if len(self._tables) >= _REMEMBERED:
                self._tables.clear()
            known = self._tables[id(table)] = table, {}
        found = known[1].get(alias)
        if found is None:
            relation = _relation(table, alias)
            found = relation, _visible(relation, map(kind_of, table.columns))
            if len(known[1]) < _ALIASES:
                known[1][alias] = found
        return found


_layouts = _Layouts()


def _relation(table: Table, alias: str) -> bound.Relation:
    return bound.Relation(
        alias,
        tuple((column, column.name) for column in table.columns),
        table.positions,
        {region.text: region for region in table.regions},
        frozenset(table.url_prefixed),
        tuple(table.hidden),
    )


def resolve(query: tree.Query, source: Source, tables: Mapping[str, Table]) -> bound.Query:
    """A query with all names resolved and all types known.

    Parameters
    ----------
    tables
        The published tables by their lower-case ``schema.table`` names.

    Raises
    ------
    vo.errors.QueryError
        At the first name that means nothing or several things, and at values of the wrong type.
    """
    return _Resolver(source, tables).whole(query)


class _Resolver(UdfResolver):
    def __init__(self, source: Source, tables: Mapping[str, Table]) -> None:
        super().__init__(source)
        self._tables = tables
        self._withs: list[tuple[tree.Name, bound.Query]] = []
        self._count = 0
        self._columns = 0

    def whole(self, node: tree.Query) -> bound.Query:
        withs = []
        for entry in node.withs:
            if any(entry.name.matches(name.text) for name, _ in self._withs):
                raise self.source.error(f"There are two queries named {entry.name.text}.", entry.name.place)
            query = self._query(entry.query, None, inner=True)
            self._withs.append((entry.name, query))
            withs.append((f"w{len(withs) + 1}", query))
        result = self._query(node, None)
        result.withs = withs
        return result

    def query(self, node: tree.Query, outer: Scope | None) -> bound.Query:
        """A sub-query."""
        return self._query(node, outer)

    def _query(self, node: tree.Query, outer: Scope | None, *, inner: bool = False) -> bound.Query:
        if isinstance(node.body, tree.Select):
            return self._ordered_select(node, node.body, outer, inner=inner)
        body = self._body(node.body, outer)
        order_by = [(self._output_number(term.value, body.items), term.descending) for term in node.order_by]
        return bound.Query(body, body.items, order_by, node.offset)

    def _body(
        self, node: tree.Select | tree.SetOperation | tree.Query, outer: Scope | None
    ) -> bound.Query | bound.SetOperation:
        if isinstance(node, tree.SetOperation):
            return self._set_operation(node, outer)
        if isinstance(node, tree.Select):
            node = tree.Query(node, (), None, node.place)
        return self._query(node, outer)

    # SELECT

    def _ordered_select(
        self, node: tree.Query, select: tree.Select, outer: Scope | None, *, inner: bool
    ) -> bound.Query:
        sources, named, visible = self._sources(select.sources, outer)
        scope = Scope(self.source, named, visible, outer, _aliases(select))
        items, places = self._items(select, Context(scope))
        where = None if select.where is None else self.condition(select.where, Context(scope, "WHERE"))
        group_by = [self._group_term(term, select, items, scope) for term in select.group_by]
        having = None if select.having is None else self.condition(select.having, Context(scope))
        order_by = [(self._order_term(term, items, scope, select), term.descending) for term in node.order_by]
        body = bound.Select(select.distinct, select.top, items, sources, where, group_by, having)
        terms = [(term, place.value.place) for (term, _), place in zip(order_by, node.order_by, strict=True)]
        grouped = self._check_groups(body, places, terms, scope)
        if inner and not grouped and not select.distinct:
            pass_on(body)
        return bound.Query(body, items, order_by, node.offset)

    def _check_groups(
        self, body: bound.Select, places: Sequence[Place], order: Sequence[tuple[object, Place]], scope: Scope
    ) -> bool:
        """Whether rows are grouped; if so, values that are not the same in a whole group are refused."""
        values = [(item.value, place) for item, place in zip(body.items, places, strict=True)]
        values += [(term, place) for term, place in order if not isinstance(term, int)]
        computed = [value for value, _ in values if type(value) is not bound.Field]
        if not body.group_by and body.having is None and not any(map(has_aggregate, computed)):
            return False
        own = scope.relations()
        for value, place in values:
            check_grouping(value, body.group_by, own, self.source, place)
        if body.having is not None:
            check_grouping(body.having, body.group_by, own, self.source, places[0])
        return True

    def _items(self, select: tree.Select, context: Context) -> tuple[list[bound.Item], list[Place]]:
        names = _Names()
        items, places = [], []
        for node in select.items:
            if isinstance(node, tree.Star):
                for column in self._star(node, context.scope):
                    items.append(_item(names.unique(column.name), column.value))
                    places.append(node.place)
            else:
                value = self.value(node.value, context)
                name = node.alias.text if node.alias is not None else names.of(node.value, value)
                items.append(_item(names.unique(name), value))
                places.append(node.value.place)
            if self._columns + len(items) > COLUMNS:
                raise self.source.error(
                    f"The SELECTs of the query have more than the {COLUMNS:,} columns that are allowed.", node.place
                )
        self._columns += len(items)
        return items, places

    def _star(self, node: tree.Star, scope: Scope) -> Sequence[Visible]:
        if not node.qualifier:
            return scope.visible
        named = scope.qualified(node.qualifier)
        if named is None:
            name = ".".join(part.text for part in node.qualifier)
            known = [entry.text for entry in scope.named]
            raise self.source.error(f"No table {name} in this query.", node.place, did_you_mean(name, known))
        return named.columns

    def _group_term(
        self, node: tree.Value, select: tree.Select, items: Sequence[bound.Item], scope: Scope
    ) -> bound.Value:
        context = Context(scope, "GROUP BY")
        try:
            value = self.value(node, context)
        except QueryError:
            value = self._aliased(node, select, items)
            if value is None:
                raise
            if has_aggregate(value):
                raise self.source.error("Rows cannot be grouped by an aggregate.", node.place) from None
        if isinstance(value, bound.Constant):
            raise self.source.error(
                "GROUP BY takes columns and expressions, not constants or numbers of columns.", node.place
            )
        return value

    def _aliased(self, node: tree.Value, select: tree.Select, items: Sequence[bound.Item]) -> bound.Value | None:
        """The value of the select list that was given this name, where a name is no column."""
        if not isinstance(node, tree.ColumnName) or len(node.parts) > 1:
            return None
        (name,) = node.parts
        if any(isinstance(item, tree.Star) for item in select.items):
            return None
        for output, item in zip(select.items, items, strict=True):
            if output.alias is not None and name.matches(output.alias.text):
                return item.value
        return None

    # ORDER BY

    def _order_term(
        self, term: tree.Order, items: Sequence[bound.Item], scope: Scope, select: tree.Select
    ) -> int | bound.Value:
        node = term.value
        if isinstance(node, tree.Number) or _names_output(node, items):
            return self._output_number(node, items)
        value = self.value(node, Context(scope))
        for index, item in enumerate(items, start=1):
            if item.value == value:
                return index
        if isinstance(value, bound.Constant):
            raise self.source.error(
                "ORDER BY a constant has no effect.", node.place, "Numbers mean columns of the answer."
            )
        if select.distinct:
            raise self.source.error("With DISTINCT, ORDER BY takes columns of the answer only.", node.place)
        return value

    def _output_number(self, node: tree.Value, items: Sequence[bound.Item]) -> int:
        if isinstance(node, tree.Number):
            if not isinstance(node.value, int) or not 1 <= node.value <= len(items):
                raise self.source.error(
                    f"ORDER BY {node.value}: the answer has the columns 1 to {len(items)}.", node.place
                )
            return node.value
        if not isinstance(node, tree.ColumnName) or len(node.parts) > 1:
            raise self.source.error(
                "The result of UNION, EXCEPT or INTERSECT is ordered by names or numbers of its columns.", node.place
            )
        (name,) = node.parts
        found = [index for index, item in enumerate(items, start=1) if name.matches(item.name)]
        if not found:
            hint = did_you_mean(name.text, [item.name for item in items])
            raise self.source.error(f"The answer has no column {name.text}.", node.place, hint)
        return found[0]

    # UNION, EXCEPT, INTERSECT

    def _set_operation(self, node: tree.SetOperation, outer: Scope | None) -> bound.SetOperation:
        left, right = (self._operand(side, outer) for side in (node.left, node.right))
        if len(left.items) != len(right.items):
            raise self.source.error(
                f"The operands of {node.operator} must have the same number of columns; "
                f"they have {len(left.items)} and {len(right.items)}.",
                node.right.place,
            )
        kinds = [
            self._common_kind(node, index, one.value.kind, other.value.kind)
            for index, (one, other) in enumerate(zip(left.items, right.items, strict=True), start=1)
        ]
        _convert(left, kinds)
        _convert(right, kinds)
        return bound.SetOperation(node.operator, node.every, left, right)

    def _operand(self, node: tree.Select | tree.SetOperation | tree.Query, outer: Scope | None) -> bound.Query:
        body = self._body(node, outer)
        return body if isinstance(body, bound.Query) else bound.Query(body, body.items, [], None)

    def _common_kind(self, node: tree.SetOperation, index: int, left: Kind, right: Kind) -> Kind:
        if left is right or right is Kind.NULL:
            return left
        if left is Kind.NULL:
            return right
        if left in NUMBERS and right in NUMBERS:
            return widest(left, right)
        raise self.source.error(
            f"Column {index} is {described(left)} before {node.operator} and {described(right)} behind it.",
            node.right.place,
        )

    # FROM

    def _sources(
        self, nodes: Sequence[tree.TableSource], outer: Scope | None
    ) -> tuple[list[bound.TableSource], list[Named], list[Visible]]:
        sources, named, visible = [], [], []
        for node in nodes:
            source, more_named, more_visible = self._source(node, outer)
            self._check_names(named, more_named, node.place)
            sources.append(source)
            named += more_named
            visible += more_visible
        return sources, named, visible

    def _source(
        self, node: tree.TableSource, outer: Scope | None
    ) -> tuple[bound.TableSource, list[Named], list[Visible]]:
        if isinstance(node, tree.Join):
            return self._join(node, outer)
        source, named = self._derived(node, outer) if isinstance(node, tree.Derived) else self._table(node)
        return source, [named], list(named.columns)

    def _check_names(self, before: Sequence[Named], more: Sequence[Named], place: Place) -> None:
        taken = {tuple(part.lower() for part in named.parts) for named in before}
        for named in more:
            if tuple(part.lower() for part in named.parts) in taken:
                raise self.source.error(
                    f"Two tables of this query are named {named.text}.", place, "Give one of them a name with AS."
                )

    def _table(self, node: tree.TableName) -> tuple[bound.TableSource, Named]:
        if len(node.parts) == 1:
            for index, (name, query) in enumerate(self._withs, start=1):
                if node.parts[0].matches(name.text):
                    alias = node.alias or node.parts[0]
                    relation = self._relation_of(query)
                    return bound.Derived(f"w{index}", relation), _named((alias.text,), relation, _kinds(query))
        table = self._published(node)
        relation, columns = _layouts.of(table, self._alias())
        parts = tuple(table.name.split(".", 1)) if node.alias is None else (node.alias.text,)
        return bound.Table(table.name.lower(), relation), Named(parts, relation, columns)

    def _published(self, node: tree.TableName) -> Table:
        parts = node.parts
        if len(parts) == 2:
            table = self._tables.get(".".join(part.text for part in parts).lower())
            if table is not None and all(map(tree.Name.matches, parts, table.name.split(".", 1))):
                return table
        text = ".".join(part.text for part in parts)
        names = [table.name for table in self._tables.values()]
        last = parts[-1].text.lower()
        same = [name for name in names if name.lower().partition(".")[2] == last]
        hint = f"Did you mean {same[0]}?" if same else did_you_mean(text, names)
        if not hint and (near := did_you_mean(f"ivoa.{last}", names)):
            hint = near
        raise self.source.error(f"There is no table {text}.", node.place, hint)

    def _derived(self, node: tree.Derived, outer: Scope | None) -> tuple[bound.TableSource, Named]:
        query = self._query(node.query, outer, inner=True)
        relation = self._relation_of(query)
        return bound.Derived(query, relation), _named((node.alias.text,), relation, _kinds(query))

    def _relation_of(self, query: bound.Query) -> bound.Relation:
        columns = tuple((item.about, item.name) for item in query.items)
        if not isinstance(query.body, bound.Select):
            return bound.Relation(self._alias(), columns)
        return bound.Relation(self._alias(), columns, query.body.positions, query.body.regions)

    def _alias(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def _join(self, node: tree.Join, outer: Scope | None) -> tuple[bound.TableSource, list[Named], list[Visible]]:
        left, left_named, left_visible = self._source(node.left, outer)
        right, right_named, right_visible = self._source(node.right, outer)
        self._check_names(left_named, right_named, node.right.place)
        named = left_named + right_named
        if node.on is not None:
            visible = left_visible + right_visible
            scope = Scope(self.source, named, visible, outer)
            on = self.condition(node.on, Context(scope, "ON"))
            return bound.Join(node.kind, left, right, on), named, visible
        pairs = self._pairs(node, left_visible, right_visible)
        on = _conjunction([bound.Comparison("=", one.value, other.value) for one, other in pairs])
        merged = [Visible(one.name, _merged(node.kind, one.value, other.value)) for one, other in pairs]
        gone = {id(column.value) for pair in pairs for column in pair}
        rest = [column for column in left_visible + right_visible if id(column.value) not in gone]
        return bound.Join(node.kind, left, right, on), named, merged + rest

    def _pairs(
        self, node: tree.Join, left: Sequence[Visible], right: Sequence[Visible]
    ) -> list[tuple[Visible, Visible]]:
        """The columns that a NATURAL JOIN or USING joins on."""
        if node.natural:
            names = {column.name.lower() for column in right}
            wanted = [tree.Name(column.name, False, node.place) for column in left if column.name.lower() in names]
            if not wanted:
                raise self.source.error("These tables have no column name in common.", node.place, "Join them with ON.")
        else:
            wanted = node.using
        pairs = []
        for name in wanted:
            one, other = (self._joined_column(name, side) for side in (left, right))
            self._require_comparable(one.value.kind, other.value.kind, name.place)
            pairs.append((one, other))
        return pairs

    def _joined_column(self, name: tree.Name, columns: Sequence[Visible]) -> Visible:
        found = [column for column in columns if name.matches(column.name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise self.source.error(f"{name.text} can mean several columns of one side of the join.", name.place)
        hint = did_you_mean(name.text, [column.name for column in columns])
        raise self.source.error(f"One side of the join has no column {name.text}.", name.place, hint)


def _aliases(select: tree.Select) -> frozenset[str]:
    outputs = (item for item in select.items if isinstance(item, tree.Output))
    return frozenset(output.alias.text.lower() for output in outputs if output.alias is not None)


class _Names:
    """Names of the columns of an answer: unique in any case of letters."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._expressions = 0

    def of(self, node: tree.Value, value: bound.Value) -> str:
        """The name of a value that was given none."""
        if isinstance(node, tree.Cast) and isinstance(node.operand, tree.ColumnName):
            node = node.operand
        if isinstance(node, tree.ColumnName):
            return value.about.name if isinstance(value, bound.Field) else node.parts[-1].text
        if isinstance(node, tree.Call):
            return node.name.lower()
        self._expressions += 1
        return f"expr_{self._expressions}"

    def unique(self, name: str) -> str:
        """The name, with a number where it is taken."""
        key = name.lower()
        if key not in self._taken:
            self._taken[key] = 1
            return name
        wanted, number = name, self._taken[key]
        while wanted.lower() in self._taken:
            number += 1
            wanted = f"{name}_{number}"
        self._taken[key] = number
        self._taken.setdefault(wanted.lower(), 1)
        return wanted


def _item(name: str, value: bound.Value) -> bound.Item:
    about = value.about
    return bound.Item(name, value, about if about.name == name else replace(about, name=name))


def _named(parts: tuple[str, ...], relation: bound.Relation, kinds: Iterable[Kind]) -> Named:
    return Named(parts, relation, _visible(relation, kinds))


def _visible(relation: bound.Relation, kinds: Iterable[Kind]) -> tuple[Visible, ...]:
    return tuple(
        Visible(column.name, bound.Field(relation, name, kind, column))
        for (column, name), kind in zip(relation.columns, kinds, strict=True)
    )


def _kinds(query: bound.Query) -> list[Kind]:
    return [item.value.kind for item in query.items]


def _names_output(node: tree.Value, items: Sequence[bound.Item]) -> bool:
    return (
        isinstance(node, tree.ColumnName)
        and len(node.parts) == 1
        and any(node.parts[0].matches(item.name) for item in items)
    )


def _conjunction(conditions: list[bound.Predicate]) -> bound.Predicate:
    return conditions[0] if len(conditions) == 1 else bound.Junction("AND", tuple(conditions))


def _merged(kind: str, left: bound.Value, right: bound.Value) -> bound.Value:
    """The column that a join makes of two."""
    if kind == "FULL":
        common = left.kind if left.kind is right.kind else widest(left.kind, right.kind)
        return bound.Call("COALESCE", (left, right), common, left.about)
    return right if kind == "RIGHT" else left


def _convert(query: bound.Query | bound.Select | bound.SetOperation, kinds: Sequence[Kind]) -> None:
    """Give the columns of an operand the types that the whole has."""
    if isinstance(query, bound.Query):
        _convert(query.body, kinds)
    elif isinstance(query, bound.SetOperation):
        _convert(query.left, kinds)
        _convert(query.right, kinds)
    else:
        for item, kind in zip(query.items, kinds, strict=True):
            if item.value.kind is not kind:
                item.about = replace(column_of(kind, item.about.unit, item.about.ucd), name=item.name)
                item.value = bound.Cast(item.value, kind, item.about)
