"""From a file to a published table: what is chosen before the rows flow, and the rows as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from obstap.adql.kinds import comparable, kind_of
from obstap.arrow import arrow_schema
from obstap.hidden import Tally, hidden_arrays, searchable
from obstap.metadata import IDENTIFIER_UCD, Column, ForeignKey, Table
from obstap.positions import Chosen, choose_position, find
from obstap.publish.convert import convert
from obstap.publish.describe import checked_columns, checked_name
from obstap.publish.infer import is_unique, settle
from obstap.publish.source import Source
from vo.errors import UsageError
from vo.wording import did_you_mean

__all__ = ["Choices", "Plan", "make_plan"]

KEY_TYPES = frozenset({"short", "int", "long", "char", "unicodeChar"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator decides; what is left out is taken from the file or found.

    Parameters
    ----------
    name
        ``schema.table``.
    key
        The column that tells rows apart; None to look for it, empty for none.
    position
        The columns of right ascension and declination.
    foreign_keys
        Texts such as ``srcid -> xmm.catalogue.srcid``.
    """

    name: str
    description: str = ""
    utype: str = ""
    key: str | None = None
    position: Sequence[str] | None = None
    foreign_keys: Sequence[str] = ()
    indexed: Sequence[str] = ()
    principal: Sequence[str] = ()


@dataclass(slots=True)
class Plan:
    """A table that can be published, and what is to be told of it."""

    table: Table
    source: Source
    position: Chosen
    key_reason: str
    warnings: list[str]
    tally: Tally = field(default_factory=Tally)

    def batches(self, progress: Callable[[int], object] = lambda _rows: None) -> Iterator[pa.RecordBatch]:
        """The rows with their hidden columns; `progress` is told how many came.

        Raises
        ------
        vo.errors.UsageError
            When the file is broken or a value does not fit its column.
        """
        self.tally = Tally()
        schema = arrow_schema(self.table)
        for batch in self.source.batches():
            visible = [convert(array, column) for array, column in zip(batch.columns, self.table.columns, strict=True)]
            shown, hidden = hidden_arrays(self.table, visible, self.tally)
            yield pa.RecordBatch.from_arrays([*shown, *hidden], schema=schema)
            self.tally.rows += batch.num_rows
            progress(batch.num_rows)


def make_plan(source: Source, choices: Choices, published: Mapping[str, Table]) -> Plan:
    """Decide how the table of a file is published.

    Parameters
    ----------
    published
        The published tables by lower-case name, for foreign keys and the spelling of schemas.

    Raises
    ------
    vo.errors.UsageError
        When the file or the choices cannot be published; the message says why.
    """
    warn = list(source.notes)
    name = _spelled(checked_name(choices.name), published)
    columns = settle(source, checked_columns(source.columns, warn))
    source.columns = columns
    position = choose_position(columns, source.frames, choices.position, warn)
    key, key_reason = _key(source, columns, choices.key, warn)
    columns = _flagged(columns, choices, key, position)
    description = choices.description or source.description
    if not description:
        warn.append("The table has no description; give it one by --description.")
    table = Table(name, columns, description, choices.utype or source.utype, key=key, origin=source.origin)
    table = _with_xtypes(searchable(table, position.lon, position.lat))
    keys = tuple(_foreign_key(text, table, published, warn) for text in choices.foreign_keys)
    return Plan(replace(table, foreign_keys=keys), source, position, key_reason, warn)


def _spelled(name: str, published: Mapping[str, Table]) -> str:
    """The name with its schema spelled as it is published already."""
    schema, _, table = name.partition(".")
    known = next((other.schema for other in published.values() if other.schema.lower() == schema.lower()), schema)
    return f"{known}.{table}"


def _key(source: Source, columns: Sequence[Column], given: str | None, warn: list[str]) -> tuple[str, str]:
    if given is not None:
        if not given:
            return "", "none, by --key ''"
        column = find(given, columns, "--key")
        if column.datatype not in KEY_TYPES or column.xtype == "timestamp" or column.is_array:
            raise UsageError(
                f"--key: column {column.name} is of type {column.datatype}; a key is a whole number or text."
            )
        return column.name, "given by --key"
    found = [
        column
        for column in columns
        if column.ucd.lower() == IDENTIFIER_UCD and column.datatype in KEY_TYPES and not column.is_array
    ]
    if len(found) != 1:
        return "", "none"
    if not is_unique(source, found[0]):
        warn.append(f"Column {found[0].name} has the UCD {IDENTIFIER_UCD} but its values are not unique; it is no key.")
        return "", "none"
    return found[0].name, f"by its UCD {IDENTIFIER_UCD}"


def _flagged(columns: Sequence[Column], choices: Choices, key: str, position: Chosen) -> tuple[Column, ...]:
    """The columns with the flags of TAP_SCHEMA: what the engine finds quickly, and what is worth showing first."""
    indexed = {find(name, columns, "--index").name for name in choices.indexed} | {key, position.lon, position.lat}
    principal = {find(name, columns, "--principal").name for name in choices.principal}
    if not principal and not any(column.principal for column in columns):
        principal = {key, position.lon, position.lat}
        principal |= {column.name for column in columns if column.ucd.lower().endswith(";meta.main")}
    return tuple(
        replace(
            column,
            indexed=column.indexed or column.name in indexed,
            principal=column.principal or column.name in principal,
        )
        for column in columns
    )


def _with_xtypes(table: Table) -> Table:
    """The table with its columns of regions marked as such."""
    regions = {region.text for region in table.regions}
    marked = (replace(column, xtype="adql:REGION") if column.name in regions else column for column in table.columns)
    return replace(table, columns=tuple(marked))


def _foreign_key(text: str, table: Table, published: Mapping[str, Table], warn: list[str]) -> ForeignKey:
    source_name, arrow, target_text = (part.strip() for part in text.partition("->"))
    schema, _, rest = target_text.partition(".")
    name, dot, target_name = rest.partition(".")
    if not (arrow and source_name and schema and dot and target_name):
        raise UsageError(f"--foreign-key: {text!r} must be of the form 'column -> schema.table.column'.")
    column = find(source_name, table.columns, "--foreign-key")
    known = {**published, table.name.lower(): table}
    target = known.get(f"{schema}.{name}".lower())
    if target is None:
        names = [other.name for other in known.values()]
        raise UsageError(
            f"--foreign-key: there is no table {schema}.{name}.", hint=did_you_mean(f"{schema}.{name}", names)
        )
    other = find(target_name, target.columns, f"--foreign-key ({target.name})")
    if not comparable(kind_of(column), kind_of(other)):
        raise UsageError(
            f"--foreign-key: {column.name} ({column.datatype}) and {target.name}.{other.name} ({other.datatype}) "
            "cannot be compared."
        )
    if column.datatype != other.datatype:
        warn.append(
            f"Column {column.name} ({column.datatype}) points to {target.name}.{other.name} ({other.datatype}): clients"
            " expect the same type."
        )
    return ForeignKey(target.name, ((column.name, other.name),))
