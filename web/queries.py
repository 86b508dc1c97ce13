"""ADQL made from what a search form holds."""

from __future__ import annotations

from dataclasses import dataclass

from obstap.names import literal
from web.coordinates import wavelength

__all__ = ["DEFAULT_COLUMNS", "Cone", "Criteria", "build_adql", "observation_adql"]

DEFAULT_COLUMNS = (
    "obs_id",
    "target_name",
    "instrument_name",
    "dataproduct_type",
    "s_ra",
    "s_dec",
    "t_min",
    "t_exptime",
    "access_url",
    "access_estsize",
)
"""Columns of ivoa.obscore that a search shows when none are chosen."""


@dataclass(frozen=True, slots=True)
class Cone:
    """A circle on the sky in ICRS degrees.

    `footprint` asks for data whose field of view touches the circle instead of those that point into it.
    """

    ra: float
    dec: float
    radius: float
    footprint: bool = False


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is searched for; empty members do not restrict.

    Parameters
    ----------
    target
        A part of the target's name, upper and lower case alike; ``*`` stands for any text.
    time
        First and last Modified Julian Date, either may be None; data that overlap are found.
    energy
        Lowest and highest photon energy in keV, either may be None; data that overlap are found.
    """

    target: str = ""
    cone: Cone | None = None
    instruments: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    product_types: tuple[str, ...] = ()
    time: tuple[float | None, float | None] = (None, None)
    energy: tuple[float | None, float | None] = (None, None)
    columns: tuple[str, ...] = DEFAULT_COLUMNS


def build_adql(criteria: Criteria) -> str:
    """The query on ivoa.obscore, one condition a line."""
    select = ",\n       ".join(_in_lines(criteria.columns))
    order = "obs_collection, t_min DESC, obs_publisher_did"
    if criteria.cone:
        select += f",\n       DISTANCE(POINT(s_ra, s_dec), {_point(criteria.cone)}) AS separation"
        order = "separation, t_min DESC, obs_publisher_did"
    query = f"SELECT {select}\nFROM ivoa.obscore"
    if conditions := _conditions(criteria):
        query += "\nWHERE " + "\n  AND ".join(conditions)
    return f"{query}\nORDER BY {order}"


def observation_adql(obs_id: str) -> str:
    """The query for all products of an observation."""
    return (
        f"SELECT *\nFROM ivoa.obscore\nWHERE obs_id = {literal(obs_id)}\n"
        "ORDER BY obs_collection, dataproduct_type, instrument_name, obs_publisher_did"
    )


def _conditions(criteria: Criteria) -> list[str]:
    conditions = []
    if criteria.target:
        pattern = f"%{criteria.target.lower()}%" if "*" not in criteria.target else criteria.target.lower()
        conditions.append(f"LOWER(target_name) LIKE {literal(pattern.replace('*', '%'))}")
    if cone := criteria.cone:
        circle = f"CIRCLE({_number(cone.ra)}, {_number(cone.dec)}, {_number(cone.radius)})"
        conditions.append(
            f"1 = INTERSECTS(s_region, {circle})" if cone.footprint else f"1 = CONTAINS(POINT(s_ra, s_dec), {circle})"
        )
    for column, values in (
        ("instrument_name", criteria.instruments),
        ("obs_collection", criteria.collections),
        ("dataproduct_type", criteria.product_types),
    ):
        if values:
            conditions.append(f"{column} IN ({', '.join(literal(value) for value in values)})")
    start, end = criteria.time
    if start is not None:
        conditions.append(f"t_max >= {_number(start)}")
    if end is not None:
        conditions.append(f"t_min <= {_number(end)}")
    low, high = criteria.energy
    if low is not None:
        conditions.append(f"em_min <= {_number(wavelength(low))}")
    if high is not None:
        conditions.append(f"em_max >= {_number(wavelength(high))}")
    return conditions


def _in_lines(columns: tuple[str, ...]) -> list[str]:
    return [", ".join(columns[start : start + 5]) for start in range(0, len(columns), 5)]


def _point(cone: Cone) -> str:
    return f"POINT({_number(cone.ra)}, {_number(cone.dec)})"


def _number(value: float) -> str:
    return repr(float(f"{value:.12g}"))
