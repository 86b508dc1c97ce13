"""Metadata of ``ivoa.obscore`` and ``ivoa.obscore_hea``, read from the data files beside this module.

`columns.csv` holds the 60 columns of ObsCore 1.1 (REC 2017-05-09, tables 4 to 6) with two choices:

* ``bib_reference`` has the UCD ``meta.bib.bibcode``. The REC prints ``meta.bib``, but validators compare with the
  longer word, and it says what the column holds.
* ``o_stat_error`` has no unit. The REC prints ``o_unit``, the name of the column that tells the unit of each row.

`hea_columns.csv` holds the columns of the note "ObsCore Extension for High Energy Astrophysics" (PEN 1.0,
2026-08-03). The note prints unit and type of ``energy_min`` and ``energy_max`` in each other's place; here both are
numbers in eV. It leaves the UCD of ``t_intervals`` open, and so does this table. It defines no utypes.

The flag `indexed` tells where a query is really quicker: positions (stored in HEALPix order) and the key.
"""

from __future__ import annotations

import csv
from importlib import resources

from obstap.metadata import Column, ForeignKey, Position, Region, Table

__all__ = ["OBSCORE", "OBSCORE_HEA", "REQUIRED"]


def _records(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _columns(records: list[dict[str, str]]) -> tuple[Column, ...]:
    texts = ("name", "datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description")
    flags = ("principal", "indexed", "std")
    return tuple(
        Column(**{name: record[name] for name in texts}, **{name: record[name] == "1" for name in flags})
        for record in records
    )


_OBSCORE_RECORDS = _records("columns.csv")

REQUIRED = frozenset(record["name"] for record in _OBSCORE_RECORDS if record["required"] == "1")
"""Columns of ObsCore in which NULL is forbidden (ObsCore 1.1 table 6)."""

OBSCORE = Table(
    name="ivoa.obscore",
    columns=_columns(_OBSCORE_RECORDS),
    description="Observations and their data products in the terms of the ObsCore data model, version 1.1",
    utype="ivo://ivoa.net/std/obscore#table-1.1",
    index=1,
    key="obs_publisher_did",
    hidden={
        "_hpx": "BIGINT",
        "_region": "DOUBLE[]",
        "_region_x": "DOUBLE",
        "_region_y": "DOUBLE",
        "_region_z": "DOUBLE",
        "_region_radius": "DOUBLE",
    },
    positions=(Position(lon="s_ra", lat="s_dec", cell="_hpx"),),
    regions=(
        Region(text="s_region", shape="_region", x="_region_x", y="_region_y", z="_region_z", radius="_region_radius"),
    ),
    url_prefixed=("access_url",),
)
"""The table of observations."""

OBSCORE_HEA = Table(
    name="ivoa.obscore_hea",
    columns=_columns(_records("hea_columns.csv")),
    description="What ivoa.obscore does not say about high-energy data; joined to it by obs_publisher_did",
    index=2,
    key="obs_publisher_did",
    foreign_keys=(
        ForeignKey(
            target="ivoa.obscore",
            columns=(("obs_publisher_did", "obs_publisher_did"),),
            description="The observation that the row describes",
        ),
    ),
)
"""The high-energy extension of the table of observations, at most one row for each."""
