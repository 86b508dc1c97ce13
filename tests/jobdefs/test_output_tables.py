"""A table that a task writes may be named with its block: ``file:BLOCK``."""

from __future__ import annotations

import pytest

from jobdefs.activation import active_outputs
from jobdefs.checking import check
from jobdefs.definition import Definition, Output, Parameter
from vo.errors import ParameterErrors

TASK = Definition(
    name="clock",
    version="1",
    title="Clock",
    command=("clock", "{*}"),
    parameters=(
        Parameter(name="gtiset", type="table", description="", default="gti.ds"),
        Parameter(name="outset", type="dataset", description="", default="out.ds"),
    ),
    outputs=(Output(name="gti", role="gti", media_type="application/fits", parameter="gtiset"),),
)


def test_the_file_of_the_result_is_named_without_the_block():
    values = check(TASK, {"gtiset": ["times.fits:ALLGTI"]}, complete=True)
    assert values == {"gtiset": ["times.fits:ALLGTI"]}
    assert active_outputs(TASK, values) == {"gti": "times.fits"}
    assert active_outputs(TASK, {}) == {"gti": "gti.ds"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gtiset", "../gti.ds:A"),
        ("gtiset", "gti.ds:"),
        ("gtiset", "gti.ds:A:B"),
        ("gtiset", "gti.ds:../x"),
        ("gtiset", "inputs:A"),
        ("outset", "out.ds:A"),
    ],
)
def test_other_names_are_refused(name, value):
    with pytest.raises(ParameterErrors, match=f"{name}: '{value}' is no plain file name"):
        check(TASK, {name: [value]}, complete=True)
