"""A definition from a parameter file: SAS's parameters, with what we know of the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.checking import check
from jobdefs.command import active_outputs, argv
from jobdefs.definition import Definition, Input, Output, Parameter
from jobdefs.from_par import Imported, definition_from_par
from jobdefs.registry import parse_definition, product_definitions
from jobdefs.sas.par import ParParameter
from jobdefs.writing import to_toml
from vo.errors import AthanorError

SAS = ("sas", "any")

OURS = Definition(
    name="sieve",
    version="1.0",
    title="Sieve",
    environment="sas",
    category="Events",
    command=("sieve", "fixed=yes", "{*}"),
    parameters=(
        Parameter("table", "table", "Events.", required=True, group="Filter"),
        Parameter("expression", "expression", "Which.", "true", group="Filter"),
        Parameter("low", "real", "Limit.", "1", min=0, max=9, unit="keV", ucd="em.energy", advanced=True),
        Parameter("withmask", "bool", "Whether.", "no"),
        Parameter("mask", "dataset", "Mask.", required=True, parent="withmask"),
        Parameter("outset", "dataset", "File.", required=True),
        Parameter("gone", "dataset", "Gone.", "gone.fits"),
        Parameter("sas_odf", "directory", "ODF.", required=True, argument="odfdir"),
        Parameter("sas_ccf", "dataset", "Index.", required=True, variable="SAS_CCF"),
    ),
    inputs=(Input("table", "events", product_types=("event",)), Input("mask", "mask"), Input("sas_odf", "ODF"),
            Input("sas_ccf", "calibration index")),
    outputs=(Output("kept", "events", "application/fits", parameter="outset", product_type="event"),
             Output("gone", "gone", "application/fits", parameter="gone")),
)  # fmt: skip


def _make(*parameters: ParParameter, own: Definition | None = OURS, task: str = "sieve") -> Imported:
    environment = product_definitions()["rgsproc"]
    return definition_from_par(task, parameters, version="21.0.0", own=own, environment=environment)


def _names(definition: Definition) -> list[str]:
    return [parameter.name for parameter in definition.parameters]


def test_a_known_task_has_sass_parameters_and_our_files() -> None:
    made = _make(
        ParParameter("table", "table", "in.fits", mandatory=True, description="Input table"),
        ParParameter("expression", "string", "true"),
        ParParameter("low", "real", "0.5"),
        ParParameter("high", "int", "7", description="New in this version"),
        ParParameter("withmask", "bool", "N"),
        ParParameter("mask", "dataset", "mask.ds", parent="withmask", parent_value="Y"),
        ParParameter("outset", "dataset", "sieved.ds"),
        ParParameter("odfdir", "directory", "."),
        ParParameter("fixed", "bool", "no"),
    )
    definition = made.definition
    assert (definition.version, definition.category, definition.title) == ("21.0.0", "Events", "Sieve")
    assert definition.parameters == (
        OURS.parameter("table"),
        OURS.parameter("expression"),
        replace(OURS.parameter("low"), default="0.5"),
        Parameter("high", "int", "New in this version.", "7"),
        OURS.parameter("withmask"),
        OURS.parameter("mask"),
        Parameter("outset", "dataset", "File.", "sieved.ds"),
        OURS.parameter("sas_odf"),
        OURS.parameter("sas_ccf"),
    )
    assert definition.inputs == OURS.inputs
    assert definition.outputs == OURS.outputs[:1]
    assert made.notes == (
        "sieve: odfdir: the command gives it itself.",
        "sieve: fixed: the command gives it itself.",
        "sieve: gone: the parameter file does not have it; left out.",
        "sieve: gone: it is no product here, for its parameters are not in the parameter file.",
    )


def test_an_unknown_task_has_files_by_types_and_defaults_and_says_so() -> None:
    made = _make(
        ParParameter("spectrumset", "dataset", mandatory=True),
        ParParameter("others", "table", is_list=True),
        ParParameter("withplot", "bool", "no"),
        ParParameter("plotset", "dataset", "plot.ds", parent="withplot", parent_value="yes"),
        ParParameter("outset", "dataset", mandatory=True),
        ParParameter("image", "array", "image.ds:"),
        own=None,
        task="novel",
    )
    definition = made.definition
    assert [item.parameter for item in definition.inputs] == [
        "spectrumset", "others", "sas_ccf", "sas_odf", "sas_odfsummary",
    ]  # fmt: skip
    assert [(item.name, item.when) for item in definition.outputs] == [
        ("plotset", "withplot"), ("outset", ""), ("image", ""),
    ]  # fmt: skip
    assert _names(definition)[-5:] == ["sas_ccf", "sas_odf", "sas_odfsummary", "sas_rand_seed", "sas_verbosity"]
    assert made.notes[0].startswith("novel: files: guessed from types and defaults: spectrumset is read, others is")
    values = check(definition, {"spectrumset": ["job:a/x"], "plotset": ["p.ds"], "outset": ["o.ds"]}, complete=True)
    assert argv(definition, values, {"job:a/x": "inputs/x"}) == [
        "novel", "spectrumset=inputs/x", "withplot=yes", "plotset=p.ds", "outset=o.ds",
    ]  # fmt: skip
    assert active_outputs(definition, values)["plotset"] == "p.ds"


CASES = [
    (ParParameter("order", "int", "1", constraints="order in [1:]"), {"min": 1, "default": "1"}, ""),
    (ParParameter("q", "int", "1", constraints="q in [0:5]"), {"min": 0, "max": 5}, ""),
    (ParParameter("x", "real", "1", constraints="x in (0:]"), {"min": 0}, "stands in its description only: x in (0:]"),
    (ParParameter("x", "real", "1", constraints="x > y"), {"min": None}, "its constraint stands in its description"),
    (ParParameter("x", "int", "half"), {"default": ""}, "its default is left out: 'half' is no integer."),
    (ParParameter("x", "int", "9", constraints="x in [0:5]"), {"default": ""}, "9 is out of range"),
    (ParParameter("x", "bool", "TRUE"), {"default": "yes"}, ""),
    (ParParameter("x", "real", "1 2.5", is_list=True), {"multiple": True, "default": "1 2.5"}, ""),
    (ParParameter("x", "real", "1", mandatory=True), {"required": True, "default": ""}, ""),
    (ParParameter("x", "choice", "a", options=("a", "b")), {"type": "choice", "options": ("a", "b")}, ""),
    (ParParameter("x", "choice", "c", options=("a", "b")), {"options": ("a", "b", "c"), "default": "c"}, ""),
    (ParParameter("x", "choice", "a"), {"type": "string", "default": "a"}, "does not tell its options"),
    (ParParameter("x", "string", "a", options=("b",)), {"type": "choice", "options": ("b", "a")}, "taken for all"),
    (ParParameter("x", "matrix", "a"), {"type": "string"}, "its type 'matrix' is not known"),
    (ParParameter("x", "dataset", "a/b.ds"), {"default": ""}, "its default is left out"),
    (ParParameter("x", "table", "gti.ds:STDGTI"), {"default": "gti.ds:STDGTI"}, ""),
    (ParParameter("x", "int", "1", parent="nowhere", parent_value="2"), {"parent": ""}, "here it always counts"),
    (ParParameter("x", "string", description="Say what"), {"description": "Say what."}, ""),
]


@pytest.mark.parametrize(("told", "expected", "note"), CASES, ids=range(len(CASES)))
def test_what_a_parameter_becomes(told: ParParameter, expected: dict[str, object], note: str) -> None:
    made = _make(told, own=None, task="novel")
    parameter = made.definition.parameter(told.name)
    assert {name: getattr(parameter, name) for name in expected} == expected
    notes = [text for text in made.notes if not text.startswith("novel: files:")]
    assert any(note in text for text in notes) if note else notes == []


def test_words_that_control_jobs_are_served_under_another_name() -> None:
    made = _make(ParParameter("phase", "real", "0"), ParParameter("ACTION", "bool", "no"), own=None, task="fold")
    assert _names(made.definition)[:2] == ["task_phase", "task_ACTION"]
    assert argv(made.definition, check(made.definition, {"task_phase": ["0.5"]}, complete=True), {}) == [
        "fold", "phase=0.5",
    ]  # fmt: skip


def test_a_parameter_below_several_values_counts_always() -> None:
    below = [ParParameter("x", "int", "1", parent="how", parent_value=value) for value in ("a", "b")]
    made = _make(ParParameter("how", "choice", "a", options=("a", "b")), *below, own=None, task="novel")
    assert made.definition.parameter("x").parent == ""
    assert "novel: x: it belongs to several values of other parameters; here it belongs to none." in made.notes


def _as_parameter_file(definition: Definition) -> Sequence[ParParameter]:
    """The definition's own parameters, as a parameter file would have them."""
    children = {item.parent: [] for item in definition.parameters}
    for item in definition.parameters:
        children[item.parent].append(item.parent_value or "yes")
    return [
        ParParameter(
            name=item.name,
            type={"expression": "string"}.get(item.type, item.type),
            default=item.default or None,
            mandatory=item.required,
            is_list=item.multiple,
            parent=item.parent,
            parent_value=(item.parent_value or "yes") if item.parent else "",
            options=item.options or tuple(dict.fromkeys(children.get(item.name, ()))),
        )
        for item in definition.parameters
        if not item.variable and not item.argument
    ]


@pytest.mark.parametrize("name", [name for name, task in product_definitions().items() if task.environment in SAS])
def test_our_own_definitions_come_back_from_parameter_files_like_them(name: str) -> None:
    own = product_definitions()[name]
    made = _make(*_as_parameter_file(own), own=own, task=name)
    ours = {item.name: replace(item, unverified=False) for item in own.parameters}
    assert {item.name: replace(item, unverified=False) for item in made.definition.parameters} == ours
    assert (made.definition.inputs, made.definition.outputs) == (own.inputs, own.outputs)
    assert made.definition.command == own.command
    assert made.notes == ()
    assert parse_definition(to_toml(made.definition), source="x") == made.definition


WORDS = st.sampled_from(["a", "b", "withx", "x", "phase", "outset", "9x", "", "X"])
VALUES = st.sampled_from(
    ["", "yes", "no", "1", "1 2", "0.5", "a", "b c", "../x", "x.ds", "x.ds:GTI", "now", "\u00e9\n"]
)
KINDS = st.sampled_from(["bool", "int", "real", "string", "choice", "dataset", "table", "angle", "time", "column", "?"])
PARAMETERS = st.builds(
    ParParameter,
    name=WORDS.filter(bool),
    type=KINDS,
    default=st.none() | VALUES,
    mandatory=st.booleans(),
    is_list=st.booleans(),
    description=VALUES,
    constraints=st.sampled_from(["", "x in [0:1]", "a in [1:]", "b in (:2)", "x in [5:1]", "a > b"]),
    parent=st.just("") | WORDS,
    parent_value=VALUES,
    options=st.lists(VALUES, max_size=3).map(tuple),
)


@given(st.lists(PARAMETERS, max_size=8))
def test_whatever_a_file_says_it_gives_a_right_definition_or_is_refused(parameters: list[ParParameter]) -> None:
    try:
        made = _make(*parameters, own=None, task="novel")
    except AthanorError as error:
        made, message = None, error.message
    if made is None:
        assert message.startswith("novel.par: ")
        return
    assert parse_definition(to_toml(made.definition), source="x") == made.definition
    names = {name.lower().removeprefix("task_") for name in _names(made.definition)}
    assert names >= {one.name.lower() for one in parameters if one.name != "9x"}
