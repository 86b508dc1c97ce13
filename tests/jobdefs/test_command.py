"""What counts, which files are written, and the argument list."""

from __future__ import annotations

import pytest

from jobdefs.activation import activate, active_outputs, effective, is_active
from jobdefs.checking import check
from jobdefs.command import argv, references
from jobdefs.definition import Definition, Input, Output, Parameter
from vo.errors import ParameterError

TASK = Definition(
    name="sieve",
    version="1",
    title="Sieve",
    command=("sieve", "{*}"),
    parameters=(
        Parameter(name="table", type="table", description="", required=True),
        Parameter(name="more", type="dataset", description="", multiple=True),
        Parameter(name="expression", type="expression", description="", default="true"),
        Parameter(name="withimage", type="bool", description="", default="no"),
        Parameter(name="image", type="dataset", description="", default="image.fits", parent="withimage"),
        Parameter(name="ranges", type="bool", description="", default="no", parent="withimage", parent_value="yes"),
        Parameter(name="low", type="real", description="", default="1", parent="ranges"),
        Parameter(
            name="binning", type="choice", description="", default="size", options=("size", "bin"), parent="withimage"
        ),
        Parameter(name="size", type="int", description="", default="600", parent="binning", parent_value="size"),
        Parameter(name="bin", type="int", description="", default="1", parent="binning", parent_value="bin"),
        Parameter(name="destruct", type="bool", description="", default="yes"),
        Parameter(name="flag", type="column", description="", default="F", parent="destruct", parent_value="no"),
        Parameter(name="title", type="string", description="", default=""),
    ),
    inputs=(Input(parameter="table", role="events"), Input(parameter="more", role="mask")),
    outputs=(
        Output(name="image", role="image", media_type="image/fits", parameter="image", when="withimage"),
        Output(name="logs", role="log", media_type="text/plain", pattern="*.log"),
        Output(name="flagged", role="log", media_type="text/plain", pattern="*.flag", when="ranges"),
    ),
)

ACTIVATION = [
    ({}, {}),
    ({"image": "a.fits"}, {"withimage": "yes"}),
    ({"low": "3"}, {"ranges": "yes", "withimage": "yes"}),
    ({"ranges": "yes"}, {"withimage": "yes"}),
    ({"ranges": "no"}, {}),
    ({"low": "3", "withimage": "no"}, {"ranges": "yes"}),
    ({"low": "3", "ranges": "no"}, {}),
    ({"bin": "80"}, {"binning": "bin", "withimage": "yes"}),
    ({"size": "80"}, {"binning": "size", "withimage": "yes"}),
    ({"bin": "80", "size": "512"}, {}),
    ({"bin": "80", "size": "512", "binning": "bin"}, {"withimage": "yes"}),
    ({"flag": "EVFLAG"}, {"destruct": "no"}),
]


@pytest.mark.parametrize(("given", "switched_on"), ACTIVATION)
def test_giving_a_parameter_switches_its_parents_on(given: dict, switched_on: dict) -> None:
    values = {name: [value] for name, value in given.items()}
    assert activate(TASK, values) == {**values, **{name: [value] for name, value in switched_on.items()}}


def test_defaults_fill_the_rest() -> None:
    full = effective(TASK, {"bin": ["80"]})
    assert full["withimage"] == ["yes"]
    assert full["size"] == ["600"]
    assert full["title"] == [""]
    assert "table" not in full


@pytest.mark.parametrize(
    ("given", "name", "counts"),
    [
        ({}, "table", True),
        ({}, "image", False),
        ({"withimage": "yes"}, "image", True),
        ({"withimage": "yes"}, "size", True),
        ({"withimage": "yes"}, "bin", False),
        ({"low": "3"}, "low", True),
        ({"low": "3", "withimage": "no"}, "low", False),
    ],
)
def test_what_counts(given: dict, name: str, counts: bool) -> None:
    full = effective(TASK, {key: [value] for key, value in given.items()})
    assert is_active(TASK, full, TASK.parameter(name)) is counts


def test_outputs_that_are_switched_on() -> None:
    assert active_outputs(TASK, {}) == {"logs": "*.log"}
    assert active_outputs(TASK, {"withimage": ["yes"]}) == {"image": "image.fits", "logs": "*.log"}
    assert active_outputs(TASK, {"image": ["a.fits"], "low": ["3"]}) == {
        "image": "a.fits",
        "logs": "*.log",
        "flagged": "*.flag",
    }
    assert active_outputs(TASK, {"image": ["a.fits"], "withimage": ["no"]}) == {"logs": "*.log"}
    assert active_outputs(TASK, {"ranges": ["yes"], "withimage": ["no"]}) == {"logs": "*.log"}


def _argv(given: dict[str, list[str]], replacements: dict[str, str] | None = None) -> list[str]:
    return argv(TASK, check(TASK, given, complete=False), replacements or {})


def test_given_and_switched_on_parameters_are_passed_in_the_definitions_order() -> None:
    assert _argv({"bin": ["80"], "table": ["ivo://a/b"], "title": ["two words"]}) == [
        "sieve",
        "table=ivo://a/b",
        "withimage=yes",
        "binning=bin",
        "bin=80",
        "title=two words",
    ]


def test_what_does_not_count_is_left_out() -> None:
    assert _argv({"low": ["3"], "withimage": ["no"], "bin": ["3"]}) == ["sieve", "withimage=no"]


def test_references_are_replaced_by_paths() -> None:
    given = {
        "table": ["ivo://a/b?c:EVENTS"],
        "more": ["job:abc/mask ivo://x/y"],
        "expression": ["gti(job:abc/gti:STDGTI,TIME) && region( http://h/r.fits[REG] ,X,Y) && gti(:GTI,TIME) && PI>3"],
    }
    values = check(TASK, given, complete=False)
    assert references(TASK, values) == [
        ("table", "ivo://a/b?c:EVENTS"),
        ("more", "job:abc/mask"),
        ("more", "ivo://x/y"),
        ("expression", "job:abc/gti"),
        ("expression", "http://h/r.fits"),
    ]
    replacements = {
        "ivo://a/b?c:EVENTS": "inputs/c.fits:EVENTS",
        "job:abc/mask": "inputs/mask.fits",
        "ivo://x/y": "inputs/y.fits",
        "job:abc/gti": "inputs/gti.fits",
        "http://h/r.fits": "inputs/r.fits",
    }
    assert argv(TASK, values, replacements) == [
        "sieve",
        "table=inputs/c.fits:EVENTS",
        "more=inputs/mask.fits inputs/y.fits",
        "expression=gti(inputs/gti.fits:STDGTI,TIME) && region( inputs/r.fits[REG] ,X,Y) && gti(:GTI,TIME) && PI>3",
    ]


def test_a_file_that_is_named_twice_is_one_reference() -> None:
    values = {"expression": ["gti(ivo://a/b:G1,TIME) || gti(ivo://a/b:G2,TIME)"]}
    assert references(TASK, values) == [("expression", "ivo://a/b")]
    assert argv(TASK, values, {"ivo://a/b": "inputs/b.fits"}) == [
        "sieve",
        "expression=gti(inputs/b.fits:G1,TIME) || gti(inputs/b.fits:G2,TIME)",
    ]


def test_single_fields_take_defaults_and_stand_in_text() -> None:
    task = Definition(
        name="t", version="1", title="T", command=("t", "--low={low}", "{image}", "{low}:{bin}", "{title}"),
        parameters=TASK.parameters,
    )  # fmt: skip
    assert argv(task, {"title": ['$(x); `y` "z"']}, {}) == ["t", "--low=1", "image.fits", "1:1", '$(x); `y` "z"']


def test_no_value_becomes_an_option() -> None:
    task = Definition(name="t", version="1", title="T", command=("t", "{title}", "{low}"), parameters=TASK.parameters)
    assert argv(task, {"low": ["-3"]}, {}) == ["t", "", "-3"]
    with pytest.raises(ParameterError, match="title: '--exec=x' must not begin with a dash"):
        argv(task, {"title": ["--exec=x"]}, {})


def test_a_parameter_may_have_another_name_in_the_command() -> None:
    definition = Definition(
        name="fold",
        version="1",
        title="Fold",
        environment="sas",
        command=("fold", "{*}"),
        parameters=(Parameter(name="task_phase", type="real", description="", argument="phase"),),
    )
    values = check(definition, {"task_phase": ["0.5"]}, complete=True)
    assert argv(definition, values, {}) == ["fold", "phase=0.5"]
