"""One catalogue in every format, and what it must be when it is published."""

from __future__ import annotations

import csv
import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import MaskedColumn, Table

DESCRIPTION = "Sources of a trial"

COLUMNS = {
    "srcid": ("long", "", "", "meta.id;meta.main", "Number of the source"),
    "name": ("char", "*", "", "meta.id", "Name of the source"),
    "ra": ("double", "", "deg", "pos.eq.ra;meta.main", "Right ascension"),
    "dec": ("double", "", "deg", "pos.eq.dec;meta.main", "Declination"),
    "flux": ("float", "", "erg.s**-1.cm**-2", "phot.flux", "Flux, 0.2 to 12 keV"),
    "counts": ("int", "", "", "phot.count", "Counts"),
    "quality": ("short", "", "", "meta.code.qual", "How good it is"),
    "extended": ("boolean", "", "", "meta.code", "Whether it is extended"),
    "seen": ("char", "*", "", "time.epoch", "When it was seen first"),
    "bands": ("float", "3", "", "", "Counts in three bands"),
    "size": ("double", "", "arcsec", "phys.angSize", "Extent, a reserved word"),
    "s_region": ("char", "*", "", "", "Region of the source"),
}
"""Data type, array size, unit, UCD and description of each column."""

ROWS = [
    (1, "4XMM J0001", 10.5, -20.25, 1.5, 100, 0, True, "2001-02-03T04:05:06.5", (1, 2, 3), 1.5,
     "CIRCLE ICRS 10.5 -20.25 0.1"),
    (2, "4XMM J0002", 359.999, 89.5, None, None, 1, False, None, (4, 5, 6), 2.5, None),
    (3, None, None, None, 3.25, 0, 2, True, "2001-02-04T00:00:00", (7, 8, 9), None, "UNION ICRS (CIRCLE 1 1 1)"),
    (4, "Vela", 128.836, -45.176, 4.5, -7, 3, False, "2010-01-01T12:00:00", (0.5, 0.25, 0.125), 4.5,
     "Polygon ICRS 1 1 2 1 2 2"),
]  # fmt: skip

NUMPY = {"long": "i8", "int": "i4", "short": "i2", "float": "f4", "double": "f8", "boolean": "?"}

TIMES = {
    text: datetime.fromisoformat(text)
    for text in ("2001-02-03T04:05:06.5", "2001-02-04T00:00:00", "2010-01-01T12:00:00")
}

PUBLISHED = [
    (
        *(list(value) if isinstance(value, tuple) else TIMES.get(value, value) for value in row[:-1]),
        "POLYGON ICRS 1 1 2 1 2 2" if row[0] == 4 else row[-1],
    )
    for row in ROWS
]
"""The rows as queries give them."""


def table() -> Table:
    """The catalogue as astropy has it."""
    made = Table(meta={"description": DESCRIPTION})
    for place, (name, (datatype, _, unit, ucd, description)) in enumerate(COLUMNS.items()):
        values = [row[place] for row in ROWS]
        mask = [value is None for value in values]
        if datatype == "char":
            column = MaskedColumn(["" if value is None else value for value in values], mask=mask)
        elif isinstance(values[0], tuple):
            column = MaskedColumn(np.array(values, NUMPY[datatype]))
        else:
            column = MaskedColumn([0 if value is None else value for value in values], mask=mask, dtype=NUMPY[datatype])
        column.description = description
        if unit:
            column.unit = unit
        if ucd:
            column.meta["ucd"] = ucd
        made[name] = column
    return made


def write_fits(path: Path) -> Path:
    columns = []
    for name, (datatype, arraysize, unit, _, _) in COLUMNS.items():
        values = table()[name]
        letter = {"long": "K", "int": "J", "short": "I", "float": "E", "double": "D", "boolean": "L"}.get(datatype, "")
        more = {"unit": unit} if unit else {}
        if datatype == "char":
            data, form = values.filled(""), "40A"
        elif datatype == "int":
            data, form, more = values.filled(-999), "J", {**more, "null": -999}
        elif datatype in ("float", "double") and not arraysize:
            data, form = values.filled(np.nan), letter
        else:
            data, form = values.data, f"{arraysize}{letter}"
        columns.append(fits.Column(name, form, array=np.asarray(data), **more))
    hdu = fits.BinTableHDU.from_columns(columns, name="SOURCES")
    for number, (_, _, _, ucd, description) in enumerate(COLUMNS.values(), start=1):
        hdu.header[f"TUCD{number}"] = ucd
        hdu.header[f"TCOMM{number}"] = description
    hdu.header["RADESYS"] = "ICRS"
    hdu.writeto(path)
    return path


def write_votable(path: Path, tabledata_format: str = "tabledata") -> Path:
    from astropy.io.votable import from_table

    made = table()
    for column in made.itercols():
        if column.unit is not None:
            column.unit = None
    document = from_table(made)
    document.description = None
    told = document.get_first_table()
    told.description = DESCRIPTION
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy writes VOTables with CDS units, we with VOUnits
        for field in told.fields:
            field.unit = COLUMNS[field.name][2] or None
            field.ucd = COLUMNS[field.name][3] or None
            if field.datatype == "bit":
                field.datatype = "boolean"
            if field.name == "counts":
                field.values.null = -999
        document.to_xml(str(path), tabledata_format=tabledata_format)
    return path


def write_voparquet(path: Path) -> Path:
    """A Parquet file with a VOTable without rows among its metadata."""
    import pyarrow.parquet as pq

    head = write_votable(path.with_suffix(".vot")).read_text()
    start, end = head.index("<DATA>"), head.index("</DATA>") + len("</DATA>")
    plain = _arrow()
    metadata = {"IVOA.VOTable-Parquet.version": "1.0", "IVOA.VOTable-Parquet.content": head[:start] + head[end:]}
    pq.write_table(plain.replace_schema_metadata(metadata), path)
    return path


def write_parquet(path: Path) -> Path:
    """A Parquet file whose columns describe themselves."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = _arrow()
    fields = [
        field.with_metadata({"unit": told[2], "ucd": told[3], "description": told[4]})
        for field, told in zip(plain.schema, COLUMNS.values(), strict=True)
    ]
    pq.write_table(plain.cast(pa.schema(fields)), path)
    return path


def _arrow():
    import pyarrow as pa

    kinds = {
        "long": pa.int64(), "int": pa.int32(), "short": pa.int16(), "float": pa.float32(), "double": pa.float64(),
        "boolean": pa.bool_(), "char": pa.string(),
    }  # fmt: skip
    arrays = {}
    for place, (name, (datatype, arraysize, *_)) in enumerate(COLUMNS.items()):
        kind = kinds[datatype]
        if arraysize == "3":
            kind = pa.list_(kind, 3)
        arrays[name] = pa.array([row[place] for row in ROWS], kind)
    return pa.table(arrays)


def write_ecsv(path: Path, delimiter: str = " ") -> Path:
    table().write(path, format="ascii.ecsv", delimiter=delimiter)
    return path


def write_csv(path: Path, delimiter: str = ",") -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(COLUMNS)
        for row in ROWS:
            writer.writerow(" ".join(map(str, cell)) if isinstance(cell, tuple) else cell for cell in row)
    return path


def write_metadata(path: Path) -> Path:
    """The description that a CSV file lacks, as .csv or as .toml."""
    if path.suffix == ".toml":
        lines = ["[table]", f'description = "{DESCRIPTION}"']
        for name, (datatype, arraysize, unit, ucd, description) in COLUMNS.items():
            lines += [f"[columns.{name}]", f'datatype = "{datatype}"', f'arraysize = "{arraysize}"']
            lines += [f'unit = "{unit}"', f'ucd = "{ucd}"', f'description = "{description}"']
        path.write_text("\n".join(lines))
        return path
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["name", "datatype", "arraysize", "unit", "ucd", "description"])
        writer.writerows((name, *told) for name, told in COLUMNS.items())
    return path
