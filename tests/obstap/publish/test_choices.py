"""What the operator chooses, and what is found: names, types, positions, keys, foreign keys, flags."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from obstap.stores import get_store
from tests.obstap.publish import samples
from tests.obstap.publish.conftest import published, rows


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def described(path: Path, *lines: str) -> str:
    """A file for --metadata."""
    return str(table(path, "\n".join(("name,datatype,arraysize,xtype,unit,ucd", *lines))))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sources", "'sources' is no name of a table; write schema.table"),
        ("a.b.c", "'a.b.c' is no name of a table"),
        ("4xmm.sources", "is no name of a table"),
        ('xmm."4XMM"', "is no name of a table"),
        ("xmm.size", "The table cannot be called 'size', a reserved word of ADQL"),
        ("xmm." + "a" * 64, "The name of the table has 64 letters; 63 are allowed."),
        *(
            (f"{schema}.sources", f"The schema {schema} is the service's own")
            for schema in ("ivoa", "TAP_SCHEMA", "tap_upload", "provenance", "information_schema", "pg_catalog")
        ),
    ],
)
def test_names_that_are_refused(name, message, publish, tmp_path):
    with pytest.raises(CommandError, match=message):
        publish(table(tmp_path / "c.csv", "a\n1\n"), name=name)


def test_a_table_is_replaced_only_when_asked(publish, archive, tmp_path):
    path = table(tmp_path / "c.csv", "a\n1\n")
    publish(path)
    with pytest.raises(CommandError, match=r"There is a table trial\.sources already; give --replace"):
        publish(path, name="Trial.Sources")
    publish(table(tmp_path / "d.csv", "b\n2\n"), "--replace")
    assert rows("SELECT b FROM trial.sources") == [(2,)]


def test_a_schema_has_one_spelling(publish, archive, tmp_path):
    path = table(tmp_path / "c.csv", "a\n1\n")
    publish(path, "--schema-description", "What it holds", name="Trial.one")
    publish(path, name="TRIAL.two")
    assert rows("SELECT schema_name, description FROM tap_schema.schemas WHERE LOWER(schema_name) = 'trial'") == [
        ("Trial", "What it holds")
    ]
    assert rows("SELECT table_name FROM tap_schema.tables WHERE schema_name = 'Trial'") == [
        ("Trial.one",), ("Trial.two",),
    ]  # fmt: skip


def test_types_of_a_file_that_does_not_tell_them(publish, archive, tmp_path):
    text = (
        "i,l,d,t,when,flag,id,mixed,empty,ümlaut\n"
        "1,3000000000,1.5,abc,2020-01-02T03:04:05Z,true,007,1,,ä\n"
        '-2,,nan,"x, y",2020-01-02 03:04:05.123456789,F,008,x,,b\n'
    )
    publish(table(tmp_path / "c.csv", text))
    assert [(c.name, c.datatype, c.arraysize, c.xtype) for c in published(archive).columns] == [
        ("i", "int", "", ""),
        ("l", "long", "", ""),
        ("d", "double", "", ""),
        ("t", "char", "*", ""),
        ("when", "char", "*", "timestamp"),
        ("flag", "boolean", "", ""),
        ("id", "char", "*", ""),
        ("mixed", "char", "*", ""),
        ("empty", "char", "*", ""),
        ("ümlaut", "unicodeChar", "*", ""),
    ]
    assert rows("SELECT * FROM trial.sources ORDER BY i DESC") == [
        (1, 3_000_000_000, 1.5, "abc", datetime.fromisoformat("2020-01-02T03:04:05"), True, "007", "1", None, "ä"),
        (-2, None, None, "x, y", datetime.fromisoformat("2020-01-02T03:04:05.123456"), False, "008", "x", None, "b"),
    ]


def test_a_file_without_rows(publish, archive, tmp_path):
    out, _ = publish(table(tmp_path / "c.csv", "a,b\n"))
    assert out.startswith("trial.sources published: 0 rows, 2 columns\n")
    assert rows("SELECT * FROM trial.sources") == []


def test_names_that_need_quotes_are_kept(publish, archive, tmp_path):
    publish(table(tmp_path / "c.csv", "size,pos. error,4th,Plain\n1,2,3,4\n"))
    assert rows("SELECT column_name FROM tap_schema.columns WHERE table_name = 'trial.sources'") == [
        ('"size"',), ('"pos. error"',), ('"4th"',), ("Plain",),
    ]  # fmt: skip
    assert rows('SELECT "size", "pos. error", "4th", plain FROM trial.sources') == [(1, 2, 3, 4)]


def test_names_of_hidden_columns_are_no_ones_else(publish, archive, tmp_path):
    publish(samples.write_csv(tmp_path / "c.csv"), "--metadata", str(samples.write_metadata(tmp_path / "m.csv")))
    text = (tmp_path / "c.csv").read_text().replace("quality", "_hpx", 1).replace("bands", "_region", 1)
    publish(table(tmp_path / "d.csv", text), "--position", "ra", "dec", name="trial.more")
    assert set(published(archive, "trial.more").hidden) == {
        "__hpx", "__region", "_region_x", "_region_y", "_region_z", "_region_radius",
    }  # fmt: skip
    assert rows("SELECT srcid FROM trial.more WHERE DISTANCE(POINT(ra, dec), POINT(10.5, -20.2)) < 0.1") == [(1,)]


@pytest.mark.parametrize(
    ("columns", "position", "warning"),
    [
        ("ra,double,,,deg,\ndec,double,,,deg,", "ra, dec (by their names)", ""),
        ("RAJ2000,double,,,deg,\nDEJ2000,float,,,deg,", "RAJ2000, DEJ2000 (by their names)", ""),
        ("x,double,,,deg,pos.eq.ra\ny,double,,,deg,pos.eq.dec", "x, y (by the UCDs pos.eq.ra and pos.eq.dec)", ""),
        (
            "ra,double,,,deg,\ndec,double,,,deg,\nx,double,,,deg,pos.eq.ra;meta.main\ny,double,,,deg,pos.eq.dec;meta.main",
            "x, y (by the UCDs pos.eq.ra;meta.main and pos.eq.dec;meta.main)", "",
        ),
        ("x,double,,,deg,POS_EQ_RA_MAIN\ny,double,,,deg,POS_EQ_DEC_MAIN",
         "x, y (by the UCDs pos_eq_ra_main and pos_eq_dec_main)", "has the UCD 'POS_EQ_RA_MAIN'"),
        (
            "ra,double,,,,\ndec,double,,,,",
            "none",
            "ra and dec were not taken for the position: ra and dec have no unit, which --metadata can give.",
        ),
        ("ra,double,,,deg,\ndec,double,,,,", "none", "dec has no unit, which --metadata can give."),
        ("ra,double,,,h,\ndec,double,,,deg,", "none", "ra has the unit h"),
        ("ra,char,,,,\ndec,char,,,,", "none", "ra holds no real numbers"),
        ("glon,double,,,deg,\nglat,double,,,deg,", "none", ""),
    ],
)  # fmt: skip
def test_the_position_is_found(columns, position, warning, publish, tmp_path):
    lines = columns.split("\n")
    names = [line.partition(",")[0] for line in lines]
    path = table(tmp_path / "c.csv", ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    out, err = publish(path, "--metadata", described(tmp_path / "m.csv", *lines))
    assert f"position: {position}\n" in out
    assert warning in err


def test_the_position_is_given(publish, archive, tmp_path):
    path = table(tmp_path / "c.csv", "lon,lat,n\n10.5,-20.5,1\n-10,0,2\n361,0,3\n5,91,4\n,1,5\n360,90,6\n")
    out, err = publish(path, "--position", "LON", "lat")
    assert "position: lon, lat (given by --position)" in out
    assert "4 rows without a position between 0 and 360, -90 and 90 degrees" in err
    assert rows("SELECT n FROM trial.sources WHERE DISTANCE(POINT(lon, lat), POINT(10, -20)) < 1") == [(1,)]
    assert rows("SELECT COUNT(*) FROM trial.sources") == [(6,)]
    for arguments, message in (
        (("--position", "lon", "late"), r"--position: the table has no column 'late'\. Did you mean lat\?"),
        (("--position", "lon", "n"), "--position: column n holds no real numbers; positions are ICRS degrees."),
    ):
        with pytest.raises(CommandError, match=message):
            publish(path, *arguments, "--replace")


def test_keys(publish, archive, tmp_path):
    metadata = described(tmp_path / "m.csv", "id,long,,,,meta.id;meta.main")
    path = table(tmp_path / "c.csv", "id,name,x\n1,a,0.5\n2,b,0.5\n")
    out, _ = publish(path, "--metadata", metadata)
    assert "key: id (by its UCD meta.id;meta.main)" in out
    out, _ = publish(path, "--metadata", metadata, "--key", "name", "--replace")
    assert "key: name (given by --key)" in out
    out, _ = publish(path, "--metadata", metadata, "--key", "", "--replace")
    assert "key: none, by --key ''" in out
    out, err = publish(table(tmp_path / "d.csv", "id\n1\n1\n"), "--metadata", metadata, "--replace")
    assert "key: none" in out
    assert "its values are not unique" in err
    for arguments, message in (
        (("--key", "nam"), r"--key: the table has no column 'nam'\. Did you mean name\?"),
        (("--key", "x"), "--key: column x is of type double; a key is a whole number or text."),
    ):
        with pytest.raises(CommandError, match=message):
            publish(path, *arguments, "--replace")
    with pytest.raises(CommandError, match=r"Several rows of trial\.other have the v"):
        publish(table(tmp_path / "e.csv", "v\n1\n1\n"), "--key", "v", name="trial.other")


def test_foreign_keys(publish, archive, tmp_path):
    publish(table(tmp_path / "c.csv", "srcid,name\n1,a\n"))
    path = table(tmp_path / "d.csv", "srcid,obs_id\n1,x\n")
    wide = table(tmp_path / "e.csv", "srcid\n3000000000\n")
    _, err = publish(wide, "--foreign-key", "srcid -> trial.sources.srcid", name="trial.wide")
    assert "Column srcid (long) points to trial.sources.srcid (int): clients expect the same type." in err
    out, _ = publish(
        path, "--foreign-key", "srcid -> trial.sources.SRCID", "--foreign-key", "obs_id->ivoa.obscore.obs_id",
        name="trial.detections",
    )  # fmt: skip
    assert "foreign key: srcid -> trial.sources.srcid\nforeign key: obs_id -> ivoa.obscore.obs_id\n" in out
    sql = (
        "SELECT from_column, target_table, target_column FROM tap_schema.keys NATURAL JOIN tap_schema.key_columns "
        "WHERE from_table = 'trial.detections' ORDER BY 1"
    )
    assert rows(sql) == [("obs_id", "ivoa.obscore", "obs_id"), ("srcid", "trial.sources", "srcid")]
    for text, message in (
        ("srcid", "'srcid' must be of the form 'column -> schema.table.column'"),
        ("srcid -> trial.source.srcid", r"there is no table trial\.source\. Did you mean trial\.sources\?"),
        ("srcid -> trial.sources.srcids", r"no column 'srcids'\. Did you mean srcid\?"),
        ("scrid -> trial.sources.srcid", r"no column 'scrid'\. Did you mean srcid\?"),
        ("srcid -> trial.sources.name", r"srcid \(int\) and trial\.sources\.name \(char\) cannot be compared"),
    ):
        with pytest.raises(CommandError, match=message):
            publish(path, "--foreign-key", text, name="trial.others")


def test_flags_and_words_of_the_table(publish, archive, tmp_path):
    publish(
        table(tmp_path / "c.csv", "a,b,c\n1,2,3\n"),
        *("--index", "a", "B", "--principal", "c", "--description", "About it", "--utype", "x:y.z"),
    )
    found = published(archive)
    assert [(c.name, c.indexed, c.principal) for c in found.columns] == [
        ("a", True, False), ("b", True, False), ("c", False, True),
    ]  # fmt: skip
    assert (found.description, found.utype) == ("About it", "x:y.z")


def test_descriptions_put_right_what_a_file_says(publish, archive, tmp_path):
    metadata = table(
        tmp_path / "m.toml",
        '[table]\ndescription = "Put right"\n[columns.ra]\nunit = "deg"\nucd = "pos.eq.ra"\nprincipal = true\n'
        '[columns.quality]\ndatatype = "int"\n[columns."size"]\ndescription = "Extent"\nindexed = true\n',
    )
    publish(samples.write_votable(tmp_path / "c.vot"), "--metadata", str(metadata))
    found = published(archive)
    assert found.description == "Put right"
    assert (found.column("ra").ucd, found.column("ra").principal) == ("pos.eq.ra", True)
    assert (found.column("quality").datatype, found.column("size").description) == ("int", "Extent")
    assert found.column("size").indexed
    assert found.column("dec").ucd == "pos.eq.dec;meta.main"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.txt", "", "must be a .csv or a .toml file"),
        ("m.csv", "name,kind\na,int\n", "--metadata has a head 'kind'; it must be one of name, datatype"),
        ("m.csv", "datatype\nint\n", "the first line must name the column 'name'"),
        ("m.csv", "name,datatype\na,integer\n", "column a has the datatype 'integer'; it must be one of boolean"),
        ("m.csv", "name,datatype\na,int,x\n", "the line of column 'a' has more cells than the first line"),
        ("m.csv", "name,unit\nb,deg\n", "describes a column 'b' that the file does not have"),
        ("m.csv", "name,datatype,arraysize\na,int,many\n", "Column a has the arraysize 'many'"),
        ("m.csv", "name,datatype\na,int\n", "Column a: 'x' is no whole number of 32 bits"),
        ("m.csv", "name,datatype,arraysize\na,double,2\n", "Column a: 'x' is no list of values of type double"),
        ("m.csv", "name,datatype,xtype\na,char,timestamp\n", "Column a: 'x' is no time such as 2024-05-31T12:00:00"),
        ("m.csv", "name,datatype\na,boolean\n", r"Column a: 'x' is no boolean \(T or F\)"),
        ("m.toml", "[", "--metadata is no TOML"),
        ("m.toml", "[column.a]\n", "--metadata has a table 'column'; it must be one of table, columns"),
        ("m.toml", "[columns.a]\nunits = 'deg'\n", "--metadata says of column a 'units'; it must be one of datatype"),
        ("m.toml", "[columns]\na = 1\n", "a must be described in a table"),
    ],
)
def test_descriptions_that_are_refused(name, text, message, publish, tmp_path):
    with pytest.raises(CommandError, match=message):
        publish(table(tmp_path / "c.csv", "a\nx\n"), "--metadata", str(table(tmp_path / name, text)))


def test_a_list_of_another_length_than_declared(publish, tmp_path):
    metadata = described(tmp_path / "m.csv", "a,int,2,,,")
    with pytest.raises(CommandError, match="Column a: a value has 3 elements; each must have 2"):
        publish(table(tmp_path / "c.csv", "a\n1 2\n1 2 3\n"), "--metadata", metadata)


def test_lists_in_text(publish, archive, tmp_path):
    metadata = described(tmp_path / "m.csv", "n,int,,,,", "v,double,*,,,", "p,double,2,point,deg,")
    publish(table(tmp_path / "c.csv", 'n,v,p\n1,"[1, 2.5]",10 20\n2,[],\n3,,(1;2)\n'), "--metadata", metadata)
    assert rows("SELECT v, p FROM trial.sources ORDER BY n") == [([1, 2.5], [10, 20]), ([], None), (None, [1, 2])]
    assert rows("SELECT n FROM trial.sources WHERE 1 = CONTAINS(p, CIRCLE(1, 2, 0.1))") == [(3,)]


@pytest.mark.parametrize(
    ("line", "published_as", "warning"),
    [
        ("a,double,,,erg / (s cm2),", ("erg.s**-1.cm**-2", ""), "is published as 'erg.s**-1.cm**-2'"),
        ("a,double,,,erg/s/cm**2,", None, "is published as"),
        ("a,double,,,smoots,", ("smoots", ""), "is no VOUnit and published as it is"),
        ("a,double,,,,phot.fluxx", ("", "phot.fluxx"), "Column a has the UCD 'phot.fluxx':"),
        ("a,double,,,mag,phot.mag;em.opt.B", ("mag", "phot.mag;em.opt.B"), ""),
        ("a,double,,timestamp,,", ("", ""), "the xtype is left out"),
    ],
)
def test_doubtful_units_ucds_and_xtypes(line, published_as, warning, publish, tmp_path):
    _, err = publish(table(tmp_path / "c.csv", "a\n1\n"), "--metadata", described(tmp_path / "m.csv", line))
    column = published(get_store()).column("a")
    if published_as is not None:
        assert (column.unit, column.ucd) == published_as
    assert column.xtype == ""
    assert warning in err
    assert err.count("warning:") == 1 + bool(warning)  # and that the table has no description


def test_a_dry_run_reads_everything_and_publishes_nothing(publish, archive, tmp_path):
    out, _ = publish(samples.write_fits(tmp_path / "c.fits"), "--dry-run")
    assert out.startswith("trial.sources would be published: 4 rows, 12 columns\n")
    with archive.snapshot() as snapshot:
        assert "trial.sources" not in snapshot.tables
    with pytest.raises(CommandError, match="'x' is no whole number"):
        publish(
            table(tmp_path / "d.csv", "a\nx\n"), "--dry-run",
            "--metadata", described(tmp_path / "m.csv", "a,int,,,,"),
        )  # fmt: skip


def test_texts_with_line_breaks_and_quotes(publish, archive, tmp_path):
    with (tmp_path / "c.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["n", "text"], [1, 'two\nlines, "quoted"'], [2, " blanks "]])
    publish(tmp_path / "c.csv")
    assert rows("SELECT text FROM trial.sources ORDER BY n") == [('two\nlines, "quoted"',), (" blanks ",)]
