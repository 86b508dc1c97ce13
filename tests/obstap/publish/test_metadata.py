"""What VOTables and Parquet files tell beside their columns: tables, frames, astropy's header."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from tests.obstap.publish import samples
from tests.obstap.publish.conftest import published, rows


def votable(path: Path, *, system: str = "ICRS", equinox: str = "") -> Path:
    year = f' equinox="{equinox}"' if equinox else ""
    path.write_text(
        f"""<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>
<COOSYS ID="sky" system="{system}"{year}/>
<TABLE name="first" ID="t1"><FIELD name="n" datatype="int"/>
<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE>
<TABLE name="second" ID="t2" utype="a:b.c"><DESCRIPTION>The second</DESCRIPTION>
<FIELD name="lon" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main" ref="sky"/>
<FIELD name="lat" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main" ref="sky"/>
<DATA><TABLEDATA><TR><TD>10</TD><TD>20</TD></TR></TABLEDATA></DATA></TABLE>
</RESOURCE></VOTABLE>"""
    )
    return path


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [((), ["n"]), *((("--hdu", name), ["lon", "lat"]) for name in ("second", "t2", "1")), (("--hdu", "0"), ["n"])],
)
def test_one_of_several_tables(arguments, columns, publish, archive, tmp_path):
    publish(votable(tmp_path / "c.vot"), *arguments)
    found = published(archive)
    assert [column.name for column in found.columns] == columns
    assert (found.description, found.utype) == (("The second", "a:b.c") if columns[0] == "lon" else ("", ""))


def test_the_first_table_with_rows_says_what_it_is(publish, archive, tmp_path):
    path = votable(tmp_path / "c.vot")
    path.write_text(path.read_text().replace("<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA>", ""))
    out, _ = publish(path)
    assert "position: lon, lat" in out
    assert published(archive).utype == "a:b.c"


def test_a_table_that_is_not_there(publish, tmp_path):
    with pytest.raises(CommandError, match="the document has no TABLE 'third' with FIELDs"):
        publish(votable(tmp_path / "c.vot"), "--hdu", "third")
    with pytest.raises(CommandError, match="--hdu: only FITS files and VOTables hold several tables"):
        publish(samples.write_csv(tmp_path / "c.csv"), "--hdu", "1")


@pytest.mark.parametrize(
    ("system", "equinox", "position"),
    [
        ("ICRS", "", "lon, lat"),
        ("eq_FK5", "J2000", "lon, lat"),
        ("eq_FK5", "", "lon, lat"),
        ("eq_FK5", "J1975", "none"),
        ("eq_FK4", "B1950", "none"),
        ("galactic", "", "none"),
    ],
)
def test_frames(system, equinox, position, publish, tmp_path):
    out, err = publish(votable(tmp_path / "c.vot", system=system, equinox=equinox), "--hdu", "second")
    assert f"position: {position}" in out
    assert ("is in the frame" in err) is (position == "none")


def test_the_header_of_astropy_in_parquet(publish, archive, tmp_path):
    import pyarrow.parquet as pq

    path = samples.write_parquet(tmp_path / "c.parquet")
    header = samples.write_ecsv(tmp_path / "c.ecsv").read_text().splitlines()
    text = "\n".join(line[2:] for line in header if line.startswith("# ") and line not in ("# %ECSV 1.0", "# ---"))
    plain = pq.read_table(path).replace_schema_metadata({"table_meta_yaml": text})
    pq.write_table(plain, path)
    publish(path)
    found = published(archive)
    assert found.description == samples.DESCRIPTION
    assert {column.name: (column.unit, column.ucd, column.description) for column in found.columns} == {
        name: told[2:] for name, told in samples.COLUMNS.items()
    }


def with_votable(path: Path, document: str) -> Path:
    """A Parquet file with this among its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"n": [1]}, metadata={"IVOA.VOTable-Parquet.content": document}), path)
    return path


@pytest.mark.parametrize(
    "table",
    [
        "",
        '<TABLE><FIELD name="other" datatype="int"/></TABLE>',
        '<TABLE><FIELD name="n" datatype="int"/><FIELD name="m" datatype="int"/></TABLE>',
    ],
)
def test_a_votable_of_another_table_is_left_aside(table, publish, archive, tmp_path):
    document = f"<VOTABLE><RESOURCE>{table}</RESOURCE></VOTABLE>"
    _, err = publish(with_votable(tmp_path / "c.parquet", document))
    assert "The VOTable among the file's metadata does not describe its columns; it is left aside." in err
    assert [column.name for column in published(archive).columns] == ["n"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("nothing", "The VOTable with the metadata cannot be read: line 1, column 1: it is no well-formed XML"),
        ("<!DOCTYPE v><VOTABLE/>", "cannot be read: it has a document type declaration"),
    ],
)
def test_a_votable_that_is_broken(document, message, publish, tmp_path):
    with pytest.raises(CommandError, match=message):
        publish(with_votable(tmp_path / "c.parquet", document))


def test_types_that_only_parquet_has(publish, archive, tmp_path):
    import datetime
    import decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    day = datetime.date(2020, 1, 2)
    table = pa.table(
        {
            "u": pa.array([2**32 - 1], pa.uint32()),
            "h": pa.array([1.5], pa.float16()),
            "m": pa.array([decimal.Decimal("1.25")], pa.decimal128(5, 2)),
            "c": pa.array(["a"]).dictionary_encode(),
            "day": pa.array([day]),
            "t": pa.array([datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.UTC)], pa.timestamp("ns", "Europe/Berlin")),
            "v": pa.array([[1, None]], pa.list_(pa.float64())),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    publish(tmp_path / "c.parquet")
    ((u, h, m, c, found_day, t, v),) = rows("SELECT * FROM trial.sources")
    assert (u, h, m, c) == (2**32 - 1, 1.5, 1.25, "a")
    assert found_day.isoformat() == "2020-01-02T00:00:00"
    assert t.isoformat() == "2020-01-02T03:00:00"
    assert v[0] == 1
    assert str(v[1]) == "nan"
