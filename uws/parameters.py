"""Parameters of a job: one spelling of each name, values checked against the definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobdefs.checking import check
from jobdefs.definition import Definition
from vo.errors import ParameterError

__all__ = ["check_complete", "check_partial", "merge"]

Values = dict[str, list[str]]

MAX_NAME = 100
"""Longest name of a parameter."""


def check_partial(definition: Definition, given: Mapping[str, Sequence[str]]) -> Values:
    """What was given, under the definition's spelling of the names, if nothing in it is wrong.

    Parameters that are still missing are no error yet.

    Raises
    ------
    vo.errors.ParameterErrors
        When a name is unknown to a closed definition, or a value does not fit. Open definitions judge when they run.
    vo.errors.ParameterError
        When a name or a value cannot be stored.
    """
    values = _spelt(definition, given)
    _refuse_unstorable(values)
    if not definition.open:
        check(definition, values, complete=False)
    return values


def check_complete(definition: Definition, given: Mapping[str, Sequence[str]]) -> Values:
    """The values with which a job runs.

    Raises
    ------
    vo.errors.ParameterErrors
        When a value is wrong or missing.
    """
    values = _spelt(definition, given)
    return values if definition.open else check(definition, values, complete=True)


def merge(
    definition: Definition,
    old: Mapping[str, Sequence[str]],
    new: Mapping[str, Sequence[str]],
    *,
    replace: bool = False,
) -> Values:
    """`old` with the values of `new` in place of its own.

    Multiple parameters of an open definition accumulate, as UPLOAD does (TAP 1.1 §2.7.6), unless `replace` is set.
    """
    merged = _spelt(definition, old)
    names = {name.lower(): name for name in merged}
    for name, values in _spelt(definition, new).items():
        key = names.setdefault(name.lower(), name)
        known = definition.parameter(key)
        accumulates = not replace and definition.open and known is not None and known.multiple
        merged[key] = [*merged.get(key, []), *values] if accumulates else values
    return merged


def _refuse_unstorable(values: Mapping[str, Sequence[str]]) -> None:
    """Databases store no NUL, and a name is a word."""
    for name, given in values.items():
        if not name.isprintable() or len(name) > MAX_NAME:
            raise ParameterError(repr(name[:40]), f"A name must be at most {MAX_NAME} printable characters.")
        if any("\0" in value for value in given):
            raise ParameterError(name, "A value must not contain the character NUL.")


def _spelt(definition: Definition, given: Mapping[str, Sequence[str]]) -> Values:
    """Names are case-insensitive (DALI 1.1 §3.1): one spelling each, the definition's own where it has one."""
    spelling: dict[str, str] = {parameter.name.lower(): parameter.name for parameter in definition.parameters}
    spelt: Values = {}
    for name, values in given.items():
        key = spelling.setdefault(name.lower(), name)
        spelt.setdefault(key, []).extend(values)
    return spelt
