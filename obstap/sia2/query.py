"""From the parameters of SIA 2.0 to a query of ``ivoa.obscore`` (SIA 2.0 §2.1).

Each parameter may come several times: its values are alternatives, and all parameters must hold. A row that does not
know what a parameter asks for does not satisfy it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from obstap.names import literal
from vo.constraints import SHOWN, parse_interval, parse_position
from vo.dali import Parameters
from vo.errors import ParameterError
from vo.wording import plain

__all__ = ["write_query"]

TYPES = ("image", "cube")
"""What the service finds (SIA 2.0 §2.1.17)."""

LEVELS = ("0", "1", "2", "3", "4")
"""Calibration levels (ObsCore 1.1 §3.3.2)."""

STATES = ("I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX", "POLI", "POLA")
"""Polarization states (ObsCore 1.1 §B.6.6.1)."""

Condition = Callable[[str, str], str]
"""Makes a condition of a parameter's name and one of its values."""


def write_query(parameters: Parameters) -> str:
    """The query in ADQL; values stand in it as checked numbers and quoted texts.

    Raises
    ------
    vo.errors.ParameterError
        When a value is wrong.
    """
    conditions = [f"dataproduct_type IN ({', '.join(map(literal, TYPES))})"]
    for name, condition in CONDITIONS.items():
        values = dict.fromkeys(value.strip() for value in parameters.all(name) if value.strip())
        if values:
            conditions.append(_any(condition(name, value) for value in values))
    lines = ["SELECT *", "FROM ivoa.obscore", f"WHERE {conditions[0]}"]
    return "\n".join([*lines, *(f"  AND {condition}" for condition in conditions[1:])])


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def _number(value: float) -> str:
    """A number in ADQL, the nearest to it that the language can write."""
    return repr(value) if math.isfinite(value) else plain(math.copysign(1e308, value))


def _touches(name: str, text: str) -> str:
    """POS: the region has a place in common with the observation's (SIA 2.0 §2.1.1)."""
    return _any(
        " AND ".join(f"INTERSECTS({_shape(shape)}, s_region) = 1" for shape in shapes)
        for shapes in parse_position(name, text)
    )


def _shape(shape: Sequence[float]) -> str:
    kind = "CIRCLE" if len(shape) == 3 else "POLYGON"
    return f"{kind}({', '.join(map(_number, shape))})"


def _overlaps(lower: str, upper: str) -> Condition:
    """The interval has a value in common with that between two columns."""

    def condition(name: str, text: str) -> str:
        wanted = parse_interval(name, text)
        return f"({_bound(lower, '<=', wanted.upper)} AND {_bound(upper, '>=', wanted.lower)})"

    return condition


def _includes(column: str) -> Condition:
    """The interval includes the column's value."""

    def condition(name: str, text: str) -> str:
        wanted = parse_interval(name, text)
        return f"({_bound(column, '>=', wanted.lower)} AND {_bound(column, '<=', wanted.upper)})"

    return condition


def _bound(column: str, operator: str, limit: float) -> str:
    open_end = math.inf if operator == "<=" else -math.inf
    return f"{column} IS NOT NULL" if limit == open_end else f"{column} {operator} {_number(limit)}"


def _is(column: str) -> Condition:
    """The column has exactly this text (SIA 2.0 §2.1: case counts)."""
    return lambda _, text: f"{column} = {literal(text)}"


def _names(column: str) -> Condition:
    """The column has this identifier: IVOIDs are compared without regard to case (SIA 2.0 §2.1.12)."""
    return lambda _, text: f"LOWER({column}) = LOWER({literal(text)})"


def _one_of(column: str, known: Sequence[str], *, quote: bool = True) -> Condition:
    """The column has this value, which is one of those that are known."""

    def condition(name: str, text: str) -> str:
        if text not in known:
            raise ParameterError(name, f"{text[:SHOWN]!r} is unknown; use one of {', '.join(known)}.")
        return f"{column} = {literal(text) if quote else text}"

    return condition


def _has_state(name: str, text: str) -> str:
    """POL: the state stands between slashes among those of the observation (ObsCore 1.1 §B.6.6.1)."""
    if text not in STATES:
        raise ParameterError(name, f"{text[:SHOWN]!r} is unknown; use one of {', '.join(STATES)}.")
    return f"pol_states LIKE {literal(f'%/{text}/%')}"


CONDITIONS: dict[str, Condition] = {
    "POS": _touches,
    "BAND": _overlaps("em_min", "em_max"),
    "TIME": _overlaps("t_min", "t_max"),
    "POL": _has_state,
    "FOV": _includes("s_fov"),
    "SPATRES": _includes("s_resolution"),
    "SPECRP": _includes("em_res_power"),
    "EXPTIME": _includes("t_exptime"),
    "TIMERES": _includes("t_resolution"),
    "ID": _names("obs_publisher_did"),
    "COLLECTION": _is("obs_collection"),
    "FACILITY": _is("facility_name"),
    "INSTRUMENT": _is("instrument_name"),
    "DPTYPE": _one_of("dataproduct_type", TYPES),
    "CALIB": _one_of("calib_level", LEVELS, quote=False),
    "TARGET": _is("target_name"),
    "FORMAT": _is("access_format"),
}
"""Every parameter that narrows a search, and the condition that one value of it sets; units are those of ObsCore."""
