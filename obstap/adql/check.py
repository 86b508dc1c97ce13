"""What can be judged before names are known: functions and their numbers of arguments, and the version of ADQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass

from obstap.adql import tree
from obstap.adql.functions import FUNCTIONS, REFUSED
from obstap.adql.tokens import Place, Source
from vo.wording import nearest

__all__ = ["check", "deepest"]

_WITH_COOSYS = frozenset({"BOX", "CIRCLE", "POINT", "POLYGON"})


def check(query: tree.Query, source: Source, version: str) -> None:
    """Refuse unknown functions, wrong numbers of arguments and, for version 2.0, what 2.1 brought.

    Raises
    ------
    vo.errors.QueryError
        At the function or construct.
    """
    _Checker(source, version).visit(query)


def deepest(query: tree.Query) -> Place:
    """The place of the part that is nested most deeply."""
    place, most = query.place, 0
    waiting: list[tuple[object, int]] = [(query, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > most and hasattr(node, "place"):
            place, most = node.place, depth
        for name in _children(type(node)):
            child = getattr(node, name)
            waiting += [(part, depth + 1) for part in (child if type(child) is tuple else (child,))]
    return place


class _Checker:
    def __init__(self, source: Source, version: str) -> None:
        self._source = source
        self._old = version == "2.0"

    def visit(self, node: object) -> None:
        rule = _RULES.get(type(node))
        if rule is not None:
            rule(self, node)
        for name in _children(type(node)):
            child = getattr(node, name)
            if type(child) is tuple:
                for element in child:
                    self.visit(element)
            elif child is not None:
                self.visit(child)

    def _call(self, node: tree.Call) -> None:
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise self._unknown(node)
        given = len(node.arguments)
        most = given if function.most is None else function.most
        if not node.star and not function.least <= given <= most:
            raise self._source.error(
                f"{node.name} is called with {given or 'no'} argument{'' if given == 1 else 's'}.",
                node.place,
                f"Write {function.usage}.",
            )
        if self._old:
            self._check_old_call(node, function.since)

    def _check_old_call(self, node: tree.Call, since: str) -> None:
        if since != "2.0":
            raise self._too_new(node.name, node.name_place)
        if node.name in _WITH_COOSYS and not isinstance(node.arguments[0], tree.Text):
            raise self._too_new(f"{node.name} without a coordinate system as first argument", node.place)
        if node.name == "DISTANCE" and len(node.arguments) != 2:
            raise self._too_new("DISTANCE of four numbers", node.place)
        if (node.name == "CIRCLE" and len(node.arguments) != 4) or (node.name == "BOX" and len(node.arguments) != 5):
            raise self._too_new(f"{node.name} with a POINT as its centre", node.place)

    def _query(self, node: tree.Query) -> None:
        if not self._old:
            return
        if node.withs:
            raise self._too_new("WITH", node.withs[0].name.place)
        if node.offset_place is not None:
            raise self._too_new("OFFSET", node.offset_place)
        for term in node.order_by:
            if not isinstance(term.value, tree.ColumnName | tree.Number):
                raise self._too_new("ORDER BY an expression", term.value.place)

    def _select(self, node: tree.Select) -> None:
        for value in node.group_by if self._old else ():
            if not isinstance(value, tree.ColumnName):
                raise self._too_new("GROUP BY an expression", value.place)

    def _set_operation(self, node: tree.SetOperation) -> None:
        if self._old:
            raise self._too_new(node.operator, node.right.place)

    def _like(self, node: tree.Like) -> None:
        if self._old and node.folds:
            raise self._too_new("ILIKE", node.place)

    def _cast(self, node: tree.Cast) -> None:
        if self._old:
            raise self._too_new("CAST", node.place)

    def _too_new(self, what: str, place: Place) -> Exception:
        return self._source.error(f"{what} is not part of ADQL 2.0.", place, "Ask with LANG=ADQL or LANG=ADQL-2.1.")

    def _unknown(self, node: tree.Call) -> Exception:
        if node.name in REFUSED:
            return self._source.error(f"{node.name} is not supported.", node.name_place, REFUSED[node.name])
        near = nearest(node.name, FUNCTIONS)
        hint = f"Did you mean {FUNCTIONS[near].usage}?" if near else ""
        return self._source.error(f"There is no function {node.name}.", node.name_place, hint)


_RULES = {
    tree.Call: _Checker._call,
    tree.Query: _Checker._query,
    tree.Select: _Checker._select,
    tree.SetOperation: _Checker._set_operation,
    tree.Like: _Checker._like,
    tree.Cast: _Checker._cast,
}

_CHILDREN: dict[type, tuple[str, ...]] = {}


def _children(kind: type) -> Iterable[str]:
    """The fields of a node that may hold nodes."""
    if kind not in _CHILDREN:
        _CHILDREN[kind] = tuple(
            field.name
            for field in (fields(kind) if is_dataclass(kind) and kind is not tree.Name else ())
            if not field.name.endswith("place") and field.type not in ("str", "int | None", "bool", "int | float")
        )
    return _CHILDREN[kind]
