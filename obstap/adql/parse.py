"""Queries: from tokens to the syntax tree (the grammar of ADQL 2.1, appendix A)."""

from __future__ import annotations

from obstap.adql import tree
from obstap.adql.limits import SELECTS, TABLES, TERMS
from obstap.adql.parse_values import ValueParser
from obstap.adql.tokens import Place, Source

__all__ = ["parse"]


def parse(source: Source) -> tree.Query:
    """The syntax tree of a query.

    Raises
    ------
    vo.errors.QueryError
        Where the text departs from the grammar, and where it is larger or nested deeper than is allowed.
    """
    parser = _Parser(source)
    try:
        return parser.whole()
    except RecursionError as error:
        raise source.error("The query is nested too deeply.", parser.token.place) from error


class _Parser(ValueParser):
    _selects = 0
    _tables = 0

    def whole(self) -> tree.Query:
        if self.token.kind == "end":
            raise self.source.error("The query is empty.", self.token.place)
        withs = self._withs() if self.token.word == "WITH" else ()
        if self.token.word != "SELECT" and not self.opens_query():
            raise self.source.error(
                f"{self.token.text or 'This'} cannot begin a query; queries begin with SELECT or WITH.",
                self.token.place,
            )
        query = self._query(withs)
        if self.token.kind != "end":
            raise self.unexpected("the end of the query")
        return query

    def subquery(self) -> tuple[tree.Query, Place]:
        """The query in parentheses that stands here, and the place of both."""
        start = self.expect("(", "before a sub-query").place
        with self.nested():
            if self.token.word == "WITH":
                raise self.source.error("WITH may stand only at the beginning of the whole query.", self.token.place)
            query = self._query(())
            end = self.expect(")", "after the sub-query")
        return query, start.to(end.place)

    def _withs(self) -> tuple[tree.With, ...]:
        self.advance()
        if self.token.word == "RECURSIVE":
            raise self.source.error("Recursive queries are not part of ADQL.", self.token.place)
        withs = [self._with()]
        while self.accept(","):
            withs.append(self._with())
        return tuple(withs)

    def _with(self) -> tree.With:
        name = self.name("the name of a query")
        self.expect("AS", "after the name of a query")
        query, _ = self.subquery()
        return tree.With(name, query)

    def _query(self, withs: tuple[tree.With, ...]) -> tree.Query:
        start = self.token.place
        body = self._set_expression()
        order_by: tuple[tree.Order, ...] = ()
        offset = offset_place = None
        if self.accept("ORDER"):
            self.expect("BY", "after ORDER")
            order_by = self._order_by()
        if word := self.accept("OFFSET"):
            offset, offset_place = self.whole_number("after OFFSET"), word.place
        return tree.Query(body, order_by, offset, self.place_since(start), offset_place, withs)

    def _set_expression(self) -> tree.Select | tree.SetOperation | tree.Query:
        left = self._set_term()
        while operator := self.accept("UNION", "EXCEPT"):
            every = bool(self.accept("ALL"))
            right = self._set_term()
            left = tree.SetOperation(operator.word, every, left, right, left.place.to(right.place))
        return left

    def _set_term(self) -> tree.Select | tree.SetOperation | tree.Query:
        left = self._set_primary()
        while self.accept("INTERSECT"):
            every = bool(self.accept("ALL"))
            right = self._set_primary()
            left = tree.SetOperation("INTERSECT", every, left, right, left.place.to(right.place))
        return left

    def _set_primary(self) -> tree.Select | tree.SetOperation | tree.Query:
        if self.token.word == "(":
            query, _ = self.subquery()
            return query if query.order_by or query.offset is not None else query.body
        return self._select()

    def _select(self) -> tree.Select:
        start = self.expect("SELECT", "").place
        self._selects += 1
        if self._selects > SELECTS:
            raise self.source.error(f"The query has more than the {SELECTS} SELECTs that are allowed.", start)
        quantifier = self.accept("DISTINCT", "ALL")
        top = self.whole_number("after TOP") if self.accept("TOP") else None
        if top is not None and self.token.word in ("DISTINCT", "ALL"):
            raise self.unexpected("the select list (DISTINCT comes before TOP)")
        items = self._items()
        if self.token.word == "INTO":
            raise self.source.error("INTO is not part of ADQL: queries only read.", self.token.place)
        self.expect("FROM", "with the tables to read")
        sources = [self._source()]
        while self.accept(","):
            sources.append(self._source())
        where = self.condition("WHERE") if self.accept("WHERE") else None
        group_by: tuple[tree.Value, ...] = ()
        if self.accept("GROUP"):
            self.expect("BY", "after GROUP")
            group_by = self.listed()
            if len(group_by) > TERMS:
                raise self.source.error(f"GROUP BY takes at most {TERMS} terms.", group_by[TERMS].place)
        having = self.condition("HAVING") if self.accept("HAVING") else None
        return tree.Select(
            distinct=quantifier is not None and quantifier.word == "DISTINCT",
            top=top,
            items=items,
            sources=tuple(sources),
            where=where,
            group_by=group_by,
            having=having,
            place=self.place_since(start),
        )

    def _items(self) -> tuple[tree.Star | tree.Output, ...]:
        items = [self._item()]
        while self.accept(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> tree.Star | tree.Output:
        if star := self.accept("*"):
            return tree.Star((), star.place)
        if qualifier := self._star_qualifier():
            return tree.Star(qualifier, qualifier[0].place.to(self.tokens[self.index - 1].place))
        if self.token.word == "FROM":
            raise self.unexpected("a column or expression to select")
        value = self.value()
        alias = self._alias("the name of a column")
        return tree.Output(value, alias, value.place if alias is None else value.place.to(alias.place))

    def _star_qualifier(self) -> tuple[tree.Name, ...]:
        """The names before ``.*``, read with it, or none if none stand here."""
        index = self.index
        while self.tokens[index].kind in ("name", "quoted") and self.tokens[index + 1].word == ".":
            index += 2
        if index == self.index or self.tokens[index].word != "*":
            return ()
        names = []
        while self.token.word != "*":
            names.append(self.name("a table"))
            self.expect(".", "")
        self.advance()
        return tuple(names)

    def _alias(self, purpose: str) -> tree.Name | None:
        if self.accept("AS") or self.at_name():
            return self.name(purpose)
        return None

    def _order_by(self) -> tuple[tree.Order, ...]:
        terms = []
        while True:
            value = self.value()
            if len(terms) == TERMS:
                raise self.source.error(f"ORDER BY takes at most {TERMS} terms.", value.place)
            direction = self.accept("ASC", "DESC")
            terms.append(tree.Order(value, direction is not None and direction.word == "DESC"))
            if self.token.word == "NULLS":
                raise self.source.error(
                    "NULLS is not part of ADQL.", self.token.place, "NULL comes last in either direction."
                )
            if not self.accept(","):
                return tuple(terms)

    def _source(self) -> tree.TableSource:
        left = self._table()
        while self.token.word in ("NATURAL", "INNER", "LEFT", "RIGHT", "FULL", "JOIN"):
            left = self._join(left)
        return left

    def _join(self, left: tree.TableSource) -> tree.Join:
        natural = bool(self.accept("NATURAL"))
        kind = self.accept("INNER", "LEFT", "RIGHT", "FULL")
        if kind is not None and kind.word != "INNER":
            self.accept("OUTER")
        join = self.expect("JOIN", "between the tables")
        right = self._table()
        on, using = None, ()
        if self.token.word in ("ON", "USING") and natural:
            raise self.source.error(
                f"A NATURAL JOIN takes no {self.token.word}: it joins on all columns of the same name.",
                self.token.place,
            )
        if self.accept("ON"):
            on = self.condition("ON")
        elif self.accept("USING"):
            using = self._column_list()
        elif not natural:
            raise self.source.error(
                "This JOIN has neither ON nor USING.",
                join.place,
                "Write JOIN … ON a = b, JOIN … USING (a) or NATURAL JOIN.",
            )
        word = "INNER" if kind is None else kind.word
        return tree.Join(word, natural, left, right, on, using, self.place_since(left.place))

    def _column_list(self) -> tuple[tree.Name, ...]:
        self.expect("(", "after USING")
        names = [self.name("a column")]
        while self.accept(","):
            names.append(self.name("a column"))
        self.expect(")", "after the columns of USING")
        return tuple(names)

    def _table(self) -> tree.TableSource:
        start = self.token.place
        if self.token.word == "(":
            if self.opens_query():
                return self._derived()
            with self.nested():
                self.advance()
                source = self._source()
                self.expect(")", "after the joined tables")
            if not isinstance(source, tree.Join):
                raise self.source.error("Only joins and sub-queries stand in parentheses here.", source.place)
            return source
        parts = [self.name("a table")]
        while self.accept("."):
            parts.append(self.name("a table"))
        if self.token.word == "(":
            raise self.source.error("ADQL has no functions that give tables.", self.place_since(start))
        place = self.place_since(start)
        self._tables += 1
        if self._tables > TABLES:
            raise self.source.error(f"The query names more than the {TABLES} tables that are allowed.", place)
        return tree.TableName(tuple(parts), self._alias("the name of a table"), place)

    def _derived(self) -> tree.Derived:
        query, place = self.subquery()
        alias = self._alias("the name of a sub-query")
        if alias is None:
            raise self.source.error("A sub-query in FROM needs a name: write (SELECT …) AS name.", place)
        return tree.Derived(query, alias, place.to(alias.place))
