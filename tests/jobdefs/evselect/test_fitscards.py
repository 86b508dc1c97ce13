"""Headers: what is written reads back, here and by astropy; what is read is copied to the letter."""

from __future__ import annotations

import warnings

import pytest
from astropy.io import fits
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jobdefs.tasks.fitscards import Card, Header

TEXT = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=300).map(str.rstrip)
VALUES = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(min_value=-(10**15), max_value=10**15),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
)


@given(VALUES, TEXT)
def test_cards_are_read_back_as_they_were_written(value, comment):
    card = Card("SOMETHIN", value, comment[:30])
    assert all(len(record) == 80 for record in card.records)
    read = Header.parse(Header([card]).to_bytes().decode("ascii")).card("SOMETHIN")
    assert read.value == value


@given(VALUES)
@example("it's")
@example("''")
def test_astropy_reads_the_same_values(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fits.verify.VerifyWarning)
        own = fits.Header([("KEY", value, "a comment")]).tostring()
        assume(fits.Header.fromstring(own)["KEY"] == value)  # astropy loses what follows a quote and a slash
        header = fits.Header.fromstring(Header([("KEY", value, "a comment")]).to_bytes().decode("ascii"))
        assert header["KEY"] == value


@pytest.mark.parametrize(
    ("card", "record"),
    [
        (Card("SIMPLE", True, "conforms"), "SIMPLE  =                    T / conforms"),
        (Card("NAXIS1", 648, "length"), "NAXIS1  =                  648 / length"),
        (Card("CRPIX1", 324.50625, "reference"), "CRPIX1  = 3.24506250000000E+02 / reference"),
        (Card("CTYPE1", "RA---TAN"), "CTYPE1  = 'RA---TAN'"),
        (Card("DSVAL1", "1", "value"), "DSVAL1  = '1       '           / value"),
        (Card("UNDEF", None), "UNDEF   ="),
        (Card("INFINITE", float("inf")), "INFINITE="),
        (Card("QUOTED", "it's"), "QUOTED  = 'it''s   '"),
        (Card("HISTORY", "Created"), "HISTORY Created"),
    ],
)
def test_records_have_the_form_of_sas(card, record):
    assert card.records == [record.ljust(80)]


def test_long_strings_continue():
    value = "evselect table=" + "x" * 90 + " expression='a b'"
    records = Card("XPROC0", value, "how").records
    assert records[0] == f"XPROC0  = '{value[:67]}&'"
    assert records[1].startswith("CONTINUE  '" + value[67:].replace("'", "''") + "' / how")
    assert fits.Header.fromstring("".join(records))["XPROC0"] == value


def test_a_doubled_quote_is_never_cut_in_two():
    for length in range(60, 70):
        value = "y" * length + "'" * 5 + "z" * 80
        header = Header.parse(Header([("KEY", value)]).to_bytes().decode())
        assert header.get("KEY") == value


def test_copied_cards_keep_their_records():
    text = "KEY     = 1.00D+01             / oddly written".ljust(80) + "END".ljust(80)
    header = Header.parse(text)
    assert header.get("key") == 10.0
    assert header.card("KEY").comment == "oddly written"
    assert Header(header).to_bytes().decode()[:80] == text[:80]


def test_set_replaces_in_place_and_keeps_the_comment():
    header = Header([("A", 1, "one"), ("B", 2)])
    header.set("A", 3)
    header.set("C", 4, "four")
    assert [(card.keyword, card.value, card.comment) for card in header] == [
        ("A", 3, "one"), ("B", 2, ""), ("C", 4, "four"),
    ]  # fmt: skip
