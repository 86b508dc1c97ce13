"""Parameters of requests as DALI 1.1 has them."""

from __future__ import annotations

import pytest

from vo.dali import Parameters, parse_maxrec
from vo.errors import ParameterError


def test_names_have_no_case():
    given = Parameters([("Query", "SELECT 1"), ("LANG", "ADQL")])
    assert given.single("QUERY") == given.single("query") == "SELECT 1"
    assert "lang" in given
    assert "maxrec" not in given
    assert list(given) == ["QUERY", "LANG"]


def test_values_keep_their_order():
    given = Parameters.from_lists({"ID": ["b", "a"], "id": ["c"]})
    assert given.all("ID") == ["b", "a", "c"]
    assert given.all("POS") == []


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([], ""),
        ([("FORMAT", "")], ""),
        ([("FORMAT", " csv ")], "csv"),
        ([("RESPONSEFORMAT", "csv")], "csv"),
        ([("RESPONSEFORMAT", "csv"), ("FORMAT", "csv")], "csv"),
        ([("RESPONSEFORMAT", ""), ("responseformat", "csv")], "csv"),
    ],
)
def test_single(pairs, value):
    assert Parameters(pairs).single("RESPONSEFORMAT", "FORMAT") == value


def test_different_values_of_a_single_parameter_are_an_error():
    with pytest.raises(ParameterError, match="LANG: it is given 2 times with different values; give it once"):
        Parameters([("LANG", "ADQL"), ("lang", "ADQL-2.0")]).single("LANG")


@pytest.mark.parametrize("pairs", [[], [("QUERY", " ")]])
def test_required(pairs):
    with pytest.raises(ParameterError, match="QUERY: it is required: the query"):
        Parameters(pairs).required("QUERY", "the query")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("0", 0),
        ("007", 7),
        ("20000000", 20_000_000),
        ("9" * 18, 10**18 - 1),
        ("9" * 9999, 10**18),
        ("0" * 9999, 0),
    ],
)
def test_maxrec(text, value):
    assert parse_maxrec(text) == value


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "1e3", "ten", "²", "१", "1 000"])
def test_maxrec_that_is_no_number_of_rows(text):
    with pytest.raises(ParameterError, match=r"MAXREC: .* is no number of rows; give a whole number of at least 0"):
        parse_maxrec(text)
