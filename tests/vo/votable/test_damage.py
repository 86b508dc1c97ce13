"""Whatever happens to a document, it is read or refused in words."""

from __future__ import annotations

import base64
import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vo.votable.documents import binary, binary2, counted, document, read, tabledata
from tests.vo.votable.test_reading import field
from vo.errors import UsageError

FIELDS = (
    field("int", inner='<VALUES null="-1"/>')
    + field("char", "*")
    + field("double", "2")
    + field("unicodeChar", "3")
    + field("boolean")
    + field("bit", "*")
    + field("long", "2x*")
)
ROW = (
    struct.pack(">i", 7)
    + counted(b"text")
    + struct.pack(">2d", 0.5, 1e300)
    + "abα".encode("utf-16-be")
    + b"T"
    + struct.pack(">i", 5)
    + b"\xa8"
    + struct.pack(">i2q", 2, 1, -1)
)
CELLS = ("7", "text &amp; α", "0.5 1e300", "abα", "T", "10101", "1 -1")
DOCUMENTS = {
    "tabledata": document(FIELDS, tabledata(*[CELLS] * 3)),
    "binary": document(FIELDS, binary(ROW * 3)),
    "binary2": document(FIELDS, binary2((b"\x00" + ROW) * 3)),
}
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"<?x", b"<TR>", b"</TD>", b"<TD>", b"\x00", b"\xff"]
    ),
)


def mutated(data: bytes, place: int, cut: int, piece: bytes) -> bytes:
    place %= len(data)
    return data[:place] + piece + data[place + cut :]


@pytest.mark.parametrize("serialisation", DOCUMENTS)
def test_as_they_are(serialisation: str) -> None:
    assert len(read(DOCUMENTS[serialisation])) == 3


@pytest.mark.parametrize("serialisation", DOCUMENTS)
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 20), PIECES), min_size=1, max_size=4))
@settings(max_examples=200)
def test_damaged_documents(serialisation: str, changes: list[tuple[int, int, bytes]]) -> None:
    data = DOCUMENTS[serialisation]
    for change in changes:
        data = mutated(data, *change)
    attempt(data)


@pytest.mark.parametrize("masked", [False, True])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=4
    )
)
@settings(max_examples=200)
def test_damaged_rows(masked: bool, changes: list[tuple[int, int, bytes]]) -> None:
    data = ((b"\x00" if masked else b"") + ROW) * 3
    for change in changes:
        data = mutated(data, *change)
    attempt(document(FIELDS, (binary2 if masked else binary)(data)))


@given(
    cells=st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<&\ufffe\uffff")),
        min_size=7,
        max_size=7,
    )
)
def test_cells_of_any_text(cells: list[str]) -> None:
    attempt(document(FIELDS, tabledata(tuple(cells))))


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")
@given(stream=st.binary(max_size=200))
def test_fits_files_that_are_none(stream: bytes) -> None:
    data = base64.b64encode(b"SIMPLE  =                    T" + stream).decode()
    attempt(document(FIELDS, f'<FITS><STREAM encoding="base64">{data}</STREAM></FITS>'))


def attempt(data: bytes) -> None:
    """Read the document; only errors for its author may come."""
    with suppress(UsageError):
        read(data)
