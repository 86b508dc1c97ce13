"""Numbers and names as messages write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vo.wording import did_you_mean, nearest, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [(1048576, "1048576"), (80.0, "80"), (0.05, "0.05"), (1e-12, "1e-12"), (123456789.5, "123456789.5"), (-3, "-3"),
     (1e22, "1e+22")],
)  # fmt: skip
def test_plain(value: float, text: str) -> None:
    assert plain(value) == text


@given(st.floats(allow_nan=False))
def test_plain_is_read_back_the_same(value: float) -> None:
    assert float(plain(value)) == value


def test_nearest() -> None:
    assert nearest("PATERN", ["Time", "Pattern"]) == "Pattern"
    assert did_you_mean("tiem", ["TIME"]) == "Did you mean TIME?"
    assert nearest("xyz", ["TIME"]) == did_you_mean("xyz", ["TIME"]) == ""
    assert nearest("xyz", []) == ""
