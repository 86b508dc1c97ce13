"""Tables that astropy writes are read as astropy reads them."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
from astropy.io.votable import parse_single_table
from astropy.io.votable.tree import Field as AstropyField
from astropy.io.votable.tree import Resource, TableElement, VOTableFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vo.votable.documents import value_of
from vo.votable import open_votable

KINDS = {"unsignedByte": "u1", "short": "i2", "int": "i4", "long": "i8", "float": "f4", "double": "f8", "boolean": "?"}
NUMBERS = {
    "unsignedByte": st.integers(0, 255),
    "short": st.integers(-(2**15), 2**15 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "boolean": st.booleans(),
}
# Carriage returns are not kept by XML, and NUL ends a text in binary.
LETTERS = st.characters(codec="utf-16-be", exclude_characters="\r\0", exclude_categories=("Cs", "Cc"))
TEXTS = {"char": st.text(st.characters(codec="ascii", exclude_categories=("Cc",))), "unicodeChar": st.text(LETTERS)}


@st.composite
def columns(draw: st.DrawFn, rows: int) -> tuple[str, str, list[Any], list[bool]]:
    """Data type, array size, values, and which are missing."""
    datatype = draw(st.sampled_from([*NUMBERS, *TEXTS]))
    if datatype in TEXTS:
        values = draw(st.lists(TEXTS[datatype], min_size=rows, max_size=rows))
        return datatype, "*", values, [False] * rows
    arraysize = draw(st.sampled_from(["", "*", "3"]))
    if not arraysize:
        values = draw(st.lists(NUMBERS[datatype], min_size=rows, max_size=rows))
        return datatype, "", values, draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    sizes = {"min_size": 3, "max_size": 3} if arraysize == "3" else {"min_size": 1, "max_size": 4}
    values = draw(st.lists(st.lists(NUMBERS[datatype], **sizes), min_size=rows, max_size=rows))
    return datatype, arraysize, values, [False] * rows


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[str, str, list[Any], list[bool]]]:
    rows = draw(st.integers(0, 5))
    return draw(st.lists(columns(rows), min_size=1, max_size=9))


def written(table: list[tuple[str, str, list[Any], list[bool]]], serialisation: str) -> bytes:
    file = VOTableFile(version="1.4")
    element = TableElement(file)
    resource = Resource()
    resource.tables.append(element)
    file.resources.append(resource)
    for number, (datatype, arraysize, _, _) in enumerate(table):
        element.fields.append(
            AstropyField(file, ID=f"c{number}", name=f"c{number}", datatype=datatype, arraysize=arraysize or None)
        )
    element.create_arrays(len(table[0][2]))
    for row in range(len(table[0][2])):
        element.array[row] = tuple(
            np.ma.array(values[row], mask=False, dtype=KINDS[datatype])
            if isinstance(values[row], list)
            else values[row]
            for datatype, _, values, _ in table
        )
        # Without a mask there is no way to say that such a value is missing but by a null of the field.
        masks = serialisation != "binary"
        element.array.mask[row] = tuple(
            np.zeros(3, bool) if arraysize == "3" else masks and missing[row] for _, arraysize, _, missing in table
        )
    stream = io.BytesIO()
    # astropy 8.0.2 has another writer of TABLEDATA, in C, which writes beyond its buffer when a row has 256 characters.
    file.to_xml(stream, tabledata_format=serialisation, _debug_python_based_parser=True)
    return stream.getvalue()


def plain(value: Any) -> Any:
    """A value of astropy's as we give it."""
    if np.ma.is_masked(value) and np.ndim(value) == 0:
        return None
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


@pytest.mark.parametrize("serialisation", ["tabledata", "binary", "binary2"])
@given(table=tables())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_values(serialisation: str, table: list[tuple[str, str, list[Any], list[bool]]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = written(table, serialisation)
        theirs = parse_single_table(io.BytesIO(data))
    ours = open_votable(io.BytesIO(data))
    assert [(field.name, field.datatype, field.arraysize) for field in ours.fields] == [
        (field.name, field.datatype, field.arraysize or "") for field in theirs.fields
    ]
    blocks = list(ours)
    assert sum(block.rows for block in blocks) == len(theirs.array)
    for block in blocks:
        for number, (field, values) in enumerate(zip(ours.fields, block.columns, strict=True)):
            found = [value_of(field, values, row) for row in range(block.rows)]
            expected = [plain(value) for value in theirs.array[f"c{number}"]]
            if values.offsets is not None and serialisation != "binary2":
                expected = [value or None for value in expected]
            if field.datatype in ("float", "double"):
                # Without a mask NaN is how a missing value is written, and astropy masks it everywhere.
                # What it reads from XML in arrays of variable size it leaves in double precision.
                kind = np.dtype(KINDS[field.datatype])
                expected, found = ([_blank(value, kind) for value in side] for side in (expected, found))
            if field.layout.text:
                # astropy drops the blanks around a text in XML, and takes one of blanks alone for none.
                dropped = " \t\r\n" if serialisation == "tabledata" else ""
                expected, found = (
                    [value.strip(dropped) if value and value.strip() else None for value in side]
                    for side in (expected, found)
                )
            np.testing.assert_equal(found, expected)


def _blank(value: Any, kind: np.dtype) -> Any:
    """A missing value as not a number."""
    if isinstance(value, list):
        return [_blank(element, kind) for element in value]
    return np.nan if value is None else kind.type(value).item()
