"""The same catalogue in every format is the same published table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from obstap.metadata import Column, Position, Region, Table
from obstap.tap.query import fetch
from tests.obstap.publish import samples
from tests.obstap.publish.conftest import published, rows

EXPECTED = Table(
    name="trial.sources",
    columns=tuple(
        Column(
            name,
            datatype,
            arraysize,
            {"seen": "timestamp", "s_region": "adql:REGION"}.get(name, ""),
            unit,
            ucd,
            description=description,
            indexed=name in ("srcid", "ra", "dec"),
            principal=name in ("srcid", "ra", "dec"),
        )
        for name, (datatype, arraysize, unit, ucd, description) in samples.COLUMNS.items()
    ),
    description=samples.DESCRIPTION,
    key="srcid",
    hidden={
        "_hpx": "BIGINT", "_region": "DOUBLE[]", "_region_x": "DOUBLE", "_region_y": "DOUBLE", "_region_z": "DOUBLE",
        "_region_radius": "DOUBLE",
    },
    positions=(Position("ra", "dec", "_hpx"),),
    regions=(Region("s_region", "_region", "_region_x", "_region_y", "_region_z", "_region_radius"),),
)  # fmt: skip


def fits_file(folder: Path) -> list[str]:
    return [str(samples.write_fits(folder / "c.fits")), "--description", samples.DESCRIPTION]


def fits_gz(folder: Path) -> list[str]:
    import gzip

    path = samples.write_fits(folder / "c.fits")
    packed = folder / "c.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return [str(packed), "--description", samples.DESCRIPTION]


def votable(folder: Path) -> list[str]:
    return [str(samples.write_votable(folder / "c.vot"))]


def votable_binary(folder: Path) -> list[str]:
    return [str(samples.write_votable(folder / "c.vot", "binary"))]


def votable_binary2(folder: Path) -> list[str]:
    return [str(samples.write_votable(folder / "c.xml", "binary2"))]


def parquet(folder: Path) -> list[str]:
    return [str(samples.write_parquet(folder / "c.parquet")), "--description", samples.DESCRIPTION]


def voparquet(folder: Path) -> list[str]:
    return [str(samples.write_voparquet(folder / "c.parquet"))]


def ecsv(folder: Path) -> list[str]:
    return [str(samples.write_ecsv(folder / "c.ecsv"))]


def ecsv_commas(folder: Path) -> list[str]:
    return [str(samples.write_ecsv(folder / "c.ecsv", ","))]


def csv_toml(folder: Path) -> list[str]:
    return [
        str(samples.write_csv(folder / "c.csv")),
        "--metadata",
        str(samples.write_metadata(folder / "m.toml")),
    ]


def tsv_csv(folder: Path) -> list[str]:
    path = samples.write_csv(folder / "c.tsv", "\t")
    return [
        str(path),
        "--metadata",
        str(samples.write_metadata(folder / "m.csv")),
        "--description",
        samples.DESCRIPTION,
    ]


FORMATS = [
    *(fits_file, fits_gz, votable, votable_binary, votable_binary2, parquet, voparquet, ecsv, ecsv_commas),
    *(csv_toml, tsv_csv),
]


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_the_same_table_from_every_format(write, publish, archive, tmp_path):
    out, err = publish(*write(tmp_path))
    assert out == (
        "trial.sources published: 4 rows, 12 columns\n"
        "position: ra, dec (by the UCDs pos.eq.ra;meta.main and pos.eq.dec;meta.main)\n"
        "key: srcid (by its UCD meta.id;meta.main)\n"
        "region: s_region\n"
    )
    unit = "warning: The unit 'erg / (s cm2)', which flux has, is published as 'erg.s**-1.cm**-2'.\n"
    assert err.replace(unit, "") == (
        "warning: 1 row without a position between 0 and 360, -90 and 90 degrees: searches around a position do not"
        " find them.\n"
        "warning: Column s_region: 1 text is no CIRCLE, BOX or POLYGON in ICRS: searches by region do not find such"
        " rows.\n"
    )
    found = published(archive)
    # astropy writes every text into a VOTable as one of all letters.
    columns = tuple(replace(c, datatype="char") if c.datatype == "unicodeChar" else c for c in found.columns)
    assert replace(found, columns=columns) == EXPECTED
    assert rows("SELECT * FROM trial.sources ORDER BY srcid") == samples.PUBLISHED


def test_what_queries_tell_of_the_columns(publish, archive, tmp_path):
    publish(*fits_file(tmp_path))
    answer = fetch('SELECT flux, "size", seen FROM trial.sources', base_url="http://testserver")
    assert [(column.name, column.unit, column.ucd, column.xtype) for column in answer.columns] == [
        ("flux", "erg.s**-1.cm**-2", "phot.flux", ""),
        ("size", "arcsec", "phys.angSize", ""),
        ("seen", "", "time.epoch", "timestamp"),
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("DISTANCE(POINT(ra, dec), POINT(128.8, -45.2)) < 1", [4]),
        ("1 = CONTAINS(POINT(ra, dec), CIRCLE(0, 90, 1))", [2]),
        ("1 = CONTAINS(POINT(10.5, -20.2), s_region)", [1]),
        ("1 = INTERSECTS(s_region, CIRCLE(1.6, 1.5, 0.01))", [4]),
        ("flux IS NULL", [2]),
        ("counts IS NULL", [2]),
        ("name IS NULL", [3]),
        ("seen > '2001-02-03T12:00:00'", [3, 4]),
        ('"size" > 2', [2, 4]),
    ],
)
def test_it_can_be_searched(condition, found, publish, tmp_path):
    publish(*fits_file(tmp_path))
    adql = f"SELECT srcid FROM trial.sources WHERE {condition} ORDER BY srcid"
    assert [number for (number,) in rows(adql)] == found
