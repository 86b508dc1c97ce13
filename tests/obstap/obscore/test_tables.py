"""The metadata of ObsCore."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from obstap.arrow import arrow_schema
from obstap.metadata import Table
from obstap.obscore import OBSCORE, OBSCORE_HEA, REQUIRED

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference"
BOTH = pytest.mark.parametrize("table", [OBSCORE, OBSCORE_HEA], ids=lambda table: table.name)


def reference(name: str) -> list[dict[str, str]]:
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"the column lists of the standards are not beside this tree ({path})")
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_obscore_is_that_of_the_standard():
    rows = reference("obscore_columns.csv")
    assert [column.name for column in OBSCORE.columns] == [row["column"] for row in rows]
    for column, row in zip(OBSCORE.columns, rows, strict=True):
        expected = {
            "datatype": row["votable_datatype"],
            "arraysize": row["votable_arraysize"],
            "xtype": row["xtype"],
            "unit": row["stilts_unit"],
            "ucd": row["stilts_ucd"],
            "utype": row["utype"],
            "principal": row["principal"] == "1",
            "std": row["std"] == "1",
        }
        if column.name == "o_stat_error":
            expected["unit"] = ""
        assert {name: getattr(column, name) for name in expected} == expected, column.name
        assert column.description != row["description"]
    assert {row["column"] for row in rows if row["not_null"] == "yes"} == REQUIRED


def test_extension_is_that_of_the_note():
    rows = reference("obscore_hea_columns.csv")
    assert [column.name for column in OBSCORE_HEA.columns] == ["obs_publisher_did", *(row["column"] for row in rows)]
    types = {"int": "long", "float": "double", "string": "char", "TMOC": "char"}
    for row in rows:
        column = OBSCORE_HEA.column(row["column"])
        unit, kind = row["unit_col_as_printed"], row["type_col_as_printed"]
        if column.name in ("energy_min", "energy_max"):
            unit, kind = kind, unit
        assert column.datatype == types[kind]
        assert column.unit == ("" if unit == "unitless" else unit)
        assert column.ucd == ("" if row["ucd"] == "TBD" else row["ucd"])
        assert column.utype == ""
        assert column.std


@BOTH
def test_consistency(table: Table):
    names = [column.name for column in table.columns]
    assert len({name.lower() for name in names}) == len(names)
    assert not set(names) & set(table.hidden)
    assert table.name == table.name.lower()
    assert table.column(table.key).indexed
    for column in table.columns:
        assert column.description
        assert not column.description.endswith(".")
        assert bool(column.arraysize) == (column.datatype == "char"), column.name
        assert column.utype.startswith("obscore:") or table is OBSCORE_HEA
    for key in table.foreign_keys:
        for source, target in key.columns:
            assert table.column(source).datatype == OBSCORE.column(target).datatype


def test_what_the_engine_needs():
    assert len(OBSCORE.columns) == 60
    (position,) = OBSCORE.positions
    (region,) = OBSCORE.regions
    hidden = {position.cell, region.shape, region.x, region.y, region.z, region.radius}
    assert hidden == set(OBSCORE.hidden)
    assert {column.name for column in OBSCORE.columns if column.indexed} == {"s_ra", "s_dec", "obs_publisher_did"}
    assert OBSCORE.url_prefixed == ("access_url",)


def test_arrow_schema():
    schema = arrow_schema(OBSCORE)
    assert schema.names[:3] == ["dataproduct_type", "calib_level", "obs_collection"]
    assert schema.names[60:] == ["_hpx", "_region", "_region_x", "_region_y", "_region_z", "_region_radius"]
    types = {
        "dataproduct_type": pa.string(),
        "calib_level": pa.int32(),
        "access_estsize": pa.int64(),
        "s_ra": pa.float64(),
        "s_region": pa.string(),
        "obs_release_date": pa.timestamp("us"),
        "_hpx": pa.int64(),
        "_region": pa.list_(pa.float64()),
        "_region_radius": pa.float64(),
    }
    assert {name: schema.field(name).type for name in types} == types


@BOTH
def test_metadata_survive_a_manifest(table: Table):
    assert Table.from_dict(table.to_dict()) == table
