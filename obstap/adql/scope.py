"""Which columns a name can mean at a place of a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from obstap.adql import bound, tree
from obstap.adql.tokens import Source
from vo.wording import did_you_mean

__all__ = ["Named", "Scope", "Visible"]


class Visible(NamedTuple):
    """A column that can be named without its table."""

    name: str
    value: bound.Value


@dataclass(frozen=True, slots=True)
class Named:
    """A relation with the name by which its columns can be qualified: schema and table, or an alias alone."""

    parts: tuple[str, ...]
    relation: bound.Relation
    columns: tuple[Visible, ...]
    doubled: frozenset[str] = frozenset()
    """Lower-case names that several columns of the relation share."""

    def matches(self, qualifier: Sequence[tree.Name]) -> bool:
        """Whether a qualifier names this relation."""
        if len(qualifier) > len(self.parts):
            return False
        return all(map(tree.Name.matches, reversed(qualifier), reversed(self.parts)))

    @property
    def text(self) -> str:
        """The name as users write it."""
        return ".".join(self.parts)


@dataclass(slots=True)
class Scope:
    """The relations of one FROM clause, and those of the queries around it."""

    source: Source
    named: list[Named]
    visible: list[Visible]
    outer: Scope | None = None
    aliases: frozenset[str] = frozenset()
    """Lower-case names that the select list gives to values; they mean nothing to its other clauses."""
    _index: dict[str, list[Visible]] = field(default_factory=dict)

    def find(self, node: tree.ColumnName) -> bound.Value:
        """What a column name means.

        Raises
        ------
        vo.errors.QueryError
            When it means nothing, or more than one thing.
        """
        scope: Scope | None = self
        while scope is not None:
            found = scope._candidates(node)
            if len(found) == 1:
                return found[0].value
            if found:
                raise self._ambiguous(node, found)
            scope = scope.outer
        raise self._unknown(node)

    def relations(self) -> set[int]:
        """The identities of this clause's own relations."""
        return {id(named.relation) for named in self.named}

    def qualified(self, qualifier: Sequence[tree.Name]) -> Named | None:
        """The relation of this clause that a qualifier names."""
        return next((named for named in self.named if named.matches(qualifier)), None)

    def _candidates(self, node: tree.ColumnName) -> list[Visible]:
        *qualifier, name = node.parts
        if qualifier:
            named = self.qualified(qualifier)
            if named is None:
                return []
            found = [column for column in named.columns if name.matches(column.name)]
            return found * 2 if name.text.lower() in named.doubled else found
        if not self._index:
            self._fill()
        found = self._index.get(name.text.lower(), [])
        return [column for column in found if column.name == name.text] if name.quoted else found

    def _fill(self) -> None:
        for column in self.visible:
            self._index.setdefault(column.name.lower(), []).append(column)
        for named in self.named:
            for name in named.doubled & self._index.keys():
                self._index[name] *= 2

    def _ambiguous(self, node: tree.ColumnName, found: Iterable[Visible]) -> Exception:
        tables = {
            named.text: None
            for column in found
            for named in self.named
            if isinstance(column.value, bound.Field) and column.value.relation is named.relation
        }
        choices = [f"{table}.{node.parts[-1].text}" for table in tables]
        hint = f"Write {' or '.join(choices)}." if len(choices) > 1 else "Give the columns different names with AS."
        return self.source.error(f"{node.text} can mean several columns.", node.place, hint)

    def _unknown(self, node: tree.ColumnName) -> Exception:
        *qualifier, name = node.parts
        scopes = list(self._chain())
        if qualifier:
            named = next((found for scope in scopes if (found := scope.qualified(qualifier))), None)
            table = ".".join(part.text for part in qualifier)
            if named is None:
                names = [entry.text for scope in scopes for entry in scope.named]
                place = qualifier[0].place.to(qualifier[-1].place)
                return self.source.error(f"No table {table} in this query.", place, did_you_mean(table, names))
            columns = [column.name for column in named.columns]
            return self.source.error(
                f"{table} has no column {name.text}.", name.place, did_you_mean(name.text, columns)
            )
        columns = [column.name for scope in scopes for column in scope.visible]
        if name.quoted and (same := [column for column in columns if column.lower() == name.text.lower()]):
            return self.source.error(
                f'There is no column "{name.text}".', name.place, f"Quoted names keep their case: {same[0]}."
            )
        hint = did_you_mean(name.text, columns)
        if name.text.lower() in self.aliases:
            hint = "Names given with AS cannot be used here; repeat the expression."
        return self.source.error(f"There is no column {name.text}.", name.place, hint)

    def _chain(self) -> Iterable[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer
