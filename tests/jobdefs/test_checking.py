"""Parameters against their definition."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.checking import check
from jobdefs.definition import Definition, Input, Output, Parameter
from vo.errors import ParameterErrors, QueryError

TASK = Definition(
    name="sieve",
    version="1",
    title="Sieve",
    command=("sieve", "{*}"),
    parameters=(
        Parameter(name="table", type="table", description="Events to read", required=True),
        Parameter(name="masks", type="file", description="Masks", multiple=True),
        Parameter(name="withoutSet", type="bool", description="", default="no"),
        Parameter(name="outset", type="dataset", description="", default="out.fits", parent="withoutSet"),
        Parameter(name="plotfile", type="file", description="", default="plot.png"),
        Parameter(name="expression", type="expression", description="", default="true"),
        Parameter(name="bits", type="int", description="", default="0", min=-1, max=65535),
        Parameter(name="low", type="real", description="", default="0", min=0, unit="eV"),
        Parameter(name="high", type="real", description="", default="9", max=100),
        Parameter(name="ra", type="angle", description="", default="0", min=0, max=360, unit="deg"),
        Parameter(name="begin", type="time", description="", default="0"),
        Parameter(name="mode", type="choice", description="", default="imageSize", options=("imageSize", "binSize")),
        Parameter(name="size", type="real", description="", default="1", parent="mode", parent_value="binSize"),
        Parameter(name="xcolumn", type="column", description="", default="X"),
        Parameter(name="block", type="block", description=""),
        Parameter(name="title", type="string", description="", default="none"),
        Parameter(name="bands", type="int", description="", multiple=True),
        Parameter(name="name", type="string", description="Name", required=True, parent="withoutSet"),
    ),
    inputs=(Input(parameter="table", role="events"), Input(parameter="masks", role="mask")),
    outputs=(
        Output(name="kept", role="events", media_type="application/fits", parameter="outset", when="withoutSet"),
        Output(name="plot", role="preview", media_type="image/png", parameter="plotfile"),
        Output(name="log", role="log", media_type="text/plain", pattern="*.log"),
    ),
)

VALUES = [
    ("table", "ivo://a/b?c:EVENTS", "ivo://a/b?c:EVENTS"),
    ("TABLE", " ivo://a/b?c ", "ivo://a/b?c"),
    ("withoutset", "Y", "yes"),
    ("WithOutSet", "true", "yes"),
    ("withoutset", "T", "yes"),
    ("withoutset", "FALSE", "no"),
    ("withoutset", "n", "no"),
    ("bits", "0x1F", "31"),
    ("bits", "+7", "7"),
    ("bits", "-1", "-1"),
    ("low", "1.5", "1.5"),
    ("low", ".5", ".5"),
    ("low", "1d3", "1e3"),
    ("low", "1E-3", "1E-3"),
    ("ra", "359.5", "359.5"),
    ("begin", "1.2e8", "1.2e8"),
    ("begin", "2003-05-16T12:30:00", "2003-05-16T12:30:00"),
    ("mode", "BINSIZE", "binSize"),
    ("xcolumn", "PI", "PI"),
    ("block", ":STDGTI01", ":STDGTI01"),
    ("title", ' $(rm -rf) "quoted" `x` \' ', '$(rm -rf) "quoted" `x` \''),
    ("outset", "P0124710801-PN_clean+1.fits", "P0124710801-PN_clean+1.fits"),
    ("expression", " PI in [200:500] &&\n PATTERN<=4 ", "PI in [200:500] &&\n PATTERN<=4"),
    ("expression", "#XMMEA_EP && (X,Y) in CIRCLE(#RX,#RY,600)", "#XMMEA_EP && (X,Y) in CIRCLE(#RX,#RY,600)"),
    ("expression", "gti(job:abc/gti:STDGTI,TIME)", "gti(job:abc/gti:STDGTI,TIME)"),
    ("expression", "TIME in gti(:STDGTI01)", "TIME in gti(:STDGTI01)"),
]


@pytest.mark.parametrize(("name", "value", "canonical"), VALUES)
def test_values_are_brought_into_canonical_form(name: str, value: str, canonical: str) -> None:
    assert check(TASK, {name: [value]}, complete=False) == {TASK.parameter(name).name: [canonical]}


WRONG = [
    ("withoutset", "maybe", "withoutSet: 'maybe' is neither yes nor no."),
    ("bits", "1.5", "bits: '1.5' is no integer."),
    ("bits", "1_0", "bits: '1_0' is no integer."),
    ("bits", "70000", "bits: 70000 is out of range; it must be between -1 and 65535."),
    ("bits", "0x" + "f" * 40, "bits: '0x"),
    ("low", "-1", "low: -1 is out of range; it must be at least 0 eV."),
    ("high", "101", "high: 101 is out of range; it must be at most 100."),
    ("low", "nan", "low: 'nan' is no number."),
    ("low", "inf", "low: 'inf' is no number."),
    ("low", "1e999", "low: 1e999 is too large."),
    ("low", "1,5", "low: '1,5' is no number."),
    ("ra", "361", "ra: 361 is out of range; it must be between 0 and 360 deg."),
    ("begin", "yesterday", "begin: 'yesterday' is no number. Give seconds, or a date as yyyy-mm-ddThh:mm:ss."),
    ("mode", "tiny", "mode: 'tiny' is none of imageSize, binSize."),
    ("xcolumn", "X;Y", "xcolumn: 'X;Y' is no column name."),
    ("block", "../x", "block: '../x' is no name of a block."),
    ("outset", "../out.fits", "outset: '../out.fits' is no plain file name."),
    ("outset", "/tmp/out.fits", "outset: '/tmp/out.fits' is no plain file name."),
    ("outset", "-rf", "outset: '-rf' is no plain file name."),
    ("outset", ".hidden", "outset: '.hidden' is no plain file name."),
    ("outset", "inputs", "outset: 'inputs' is no plain file name."),
    ("outset", "a" * 300, "outset: 'aaaa"),
    ("table", "a b", "table: 'a b' holds a blank."),
    ("title", "a\x07b", "title: The value holds the control character U+0007."),
    ("title", "a\nb", "title: The value holds the control character U+000A."),
    ("title", "x" * 5000, "title: The value has 5,000 characters; 4,096 are allowed."),
    ("table", "x\x00", "table: The value holds the control character U+0000."),
    ("expression", "PI = 3", "expression: column 4: A single = is no operator. Write == for equality."),
    ("expression", "PI > 3 &&\nPI = 3", "expression: line 2, column 4: A single = is no operator."),
    ("expression", "gti(/etc/x.fits,TIME)", "expression: '/etc/x.fits' is no data set of this service."),
    ("expression", "gti(../x.fits,TIME)", "expression: '../x.fits' is no data set of this service."),
    ("expression", "x" * 70_000, "expression: The value has 70,000 characters; 65,536 are allowed."),
    ("tabel", "x", "tabel: sieve has no such parameter. Did you mean table?"),
    ("zzz\n", "x", "'zzz\\n': sieve has no such parameter."),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_wrong_values_are_refused_by_name(name: str, value: str, message: str) -> None:
    with pytest.raises(ParameterErrors) as caught:
        check(TASK, {name: [value]}, complete=False)
    (error,) = caught.value.errors
    assert str(error).startswith(message)


def test_all_mistakes_are_told_at_once() -> None:
    given = {"tabel": ["x"], "bits": ["z"], "low": ["-1"], "OUTSET": ["/x"], "mode": ["m"], "expression": ["("]}
    with pytest.raises(ParameterErrors) as caught:
        check(TASK, given, complete=True)
    assert [error.parameter for error in caught.value.errors] == [
        "tabel",
        "outset",
        "expression",
        "bits",
        "low",
        "mode",
    ]
    assert str(caught.value).count("\n") == 5


def test_an_expression_keeps_the_place_of_its_mistake() -> None:
    with pytest.raises(ParameterErrors) as caught:
        check(TASK, {"expression": ["PI = 3"]}, complete=False)
    cause = caught.value.errors[0].__cause__
    assert isinstance(cause, QueryError)
    assert cause.excerpt == "PI = 3\n   ^"


def test_lists_are_separated_by_blanks_or_given_again() -> None:
    values = check(TASK, {"bands": ["1 2", "3"], "MASKS": ["ivo://a/b job:x/y"]}, complete=False)
    assert values == {"masks": ["ivo://a/b", "job:x/y"], "bands": ["1", "2", "3"]}
    with pytest.raises(ParameterErrors, match="bands: 'x' is no integer"):
        check(TASK, {"bands": ["1 x"]}, complete=False)
    with pytest.raises(ParameterErrors, match="bands: It has 1,001 values; 1,000 are allowed"):
        check(TASK, {"bands": ["1 " * 1001]}, complete=False)


def test_one_value_is_one_value() -> None:
    with pytest.raises(ParameterErrors, match="bits: It takes one value, not 2"):
        check(TASK, {"bits": ["1"], "BITS": ["2"]}, complete=False)


def test_an_empty_value_is_the_default() -> None:
    assert check(TASK, {"bits": [""], "title": ["  "], "table": []}, complete=False) == {}


def test_required_parameters_are_asked_for_when_the_job_is_to_run() -> None:
    assert check(TASK, {}, complete=False) == {}
    with pytest.raises(ParameterErrors) as caught:
        check(TASK, {}, complete=True)
    assert [str(error) for error in caught.value.errors] == ["table: It is missing. Events to read"]
    assert check(TASK, {"table": ["ivo://a/b"]}, complete=True) == {"table": ["ivo://a/b"]}


def test_a_parameter_is_required_only_where_it_counts() -> None:
    with pytest.raises(ParameterErrors) as caught:
        check(TASK, {"table": ["ivo://a/b"], "withoutset": ["yes"]}, complete=True)
    assert [error.parameter for error in caught.value.errors] == ["name"]
    with pytest.raises(ParameterErrors):
        check(TASK, {"table": ["ivo://a/b"], "outset": ["x.fits"]}, complete=True)


def test_two_products_can_not_be_one_file() -> None:
    given = {"table": ["ivo://a/b"], "outset": ["plot.png"], "name": ["n"]}
    with pytest.raises(ParameterErrors) as caught:
        check(TASK, given, complete=True)
    assert str(caught.value) == "plotfile: outset writes the file plot.png too."
    assert check(TASK, {**given, "withoutset": ["no"]}, complete=True)


def test_a_command_line_names_files_by_paths() -> None:
    given = {"table": ["/data/a b.fits:EVENTS"], "outset": ["/tmp/x.fits"], "expression": ["gti(/tmp/g.fits,TIME)"]}
    assert check(TASK, given, complete=False, local=True) == given


def test_an_open_definition_keeps_what_it_does_not_know() -> None:
    task = Definition(
        name="tap", version="1", title="TAP", environment="inprocess", function="a:b", open=True,
        parameters=(Parameter(name="MAXREC", type="int", description=""),),
    )  # fmt: skip
    assert check(task, {"maxrec": ["5"], "X": ["1", "2"]}, complete=True) == {"MAXREC": ["5"], "X": ["1", "2"]}


def test_absurdly_many_parameters_are_refused() -> None:
    with pytest.raises(ParameterErrors, match="There are 2,000 parameters"):
        check(TASK, {f"p{number}": ["x"] for number in range(2000)}, complete=False)


NAMES = st.text(max_size=12) | st.sampled_from([parameter.name for parameter in TASK.parameters])


@given(st.dictionaries(NAMES, st.lists(st.text(max_size=30), max_size=3), max_size=4))
def test_nothing_but_parameter_errors_comes_out(given_values: dict[str, list[str]]) -> None:
    try:
        values = check(TASK, given_values, complete=True)
    except ParameterErrors as error:
        assert error.errors  # noqa: PT017
        return
    assert check(TASK, values, complete=True) == values


@given(st.text(alphabet=string.printable, max_size=30))
def test_output_names_never_lead_elsewhere(name: str) -> None:
    try:
        values = check(TASK, {"outset": [name]}, complete=False)
    except ParameterErrors:
        return
    for value in values.get("outset", []):
        assert "/" not in value
        assert not value.startswith((".", "-"))
