"""ADQL 2.0 and 2.1: from a query's text to the engine's SQL.

The steps are one file each: tokens → parse → check → resolve → translate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from obstap.adql.bound import Query
from obstap.adql.check import check, deepest
from obstap.adql.dialects import DIALECTS
from obstap.adql.features import FEATURES, VERSIONS
from obstap.adql.parse import parse
from obstap.adql.reads import Reads, reads_of
from obstap.adql.resolve import resolve
from obstap.adql.tokens import Source
from obstap.adql.translate import Translator
from obstap.metadata import Column, Table
from vo.errors import ParameterError

__all__ = ["FEATURES", "VERSIONS", "Reads", "Translation", "reads_of", "translate"]

_LANGUAGES = {"ADQL": "2.1", **{f"ADQL-{version}": version for version in VERSIONS}}


@dataclass(frozen=True, slots=True)
class Translation:
    """A query in the engine's terms.

    Parameters
    ----------
    sql
        Selects exactly `columns`.
    columns
        What is told of the answer's columns; their names are unique in any case of letters.
    tables
        The published tables that are read, by their lower-case ``schema.table`` names.
    meaning
        The query with its names resolved; see `reads_of`.
    """

    sql: str
    columns: tuple[Column, ...]
    tables: frozenset[str]
    meaning: Query = field(compare=False, repr=False)


def translate(
    query: str,
    tables: Mapping[str, Table],
    *,
    physical: Callable[[str], str],
    base_url: str,
    lang: str = "ADQL",
    engine: str = "duckdb",
) -> Translation:
    """Translate an ADQL query.

    Parameters
    ----------
    tables
        The published tables by their lower-case ``schema.table`` names.
    physical
        Gives the engine's quoted name of a table by its lower-case name.
    base_url
        URL of the service without a final slash; paths in columns with URLs are told below it.
    lang
        ADQL (which is 2.1), ADQL-2.0 or ADQL-2.1, in any case of letters.
    engine
        Whose SQL is written: `obstap.stores.Snapshot.engine`.

    Raises
    ------
    vo.errors.QueryError
        When the query is not right or too large, with the place and what would be right.
    vo.errors.ParameterError
        When the language is unknown.
    """
    version = _LANGUAGES.get(lang.upper())
    if version is None:
        raise ParameterError("LANG", f"the query language {lang!r} is unknown; use {', '.join(_LANGUAGES)}.")
    source = Source(query)
    translator = Translator(DIALECTS[engine], physical=physical, base_url=base_url)
    parsed = parse(source)
    try:
        check(parsed, source, version)
        resolved = resolve(parsed, source, tables)
        sql = translator.whole(resolved)
    except RecursionError as error:
        raise source.error("The query is nested too deeply.", deepest(parsed)) from error
    return Translation(sql, tuple(item.about for item in resolved.items), frozenset(translator.tables), resolved)
