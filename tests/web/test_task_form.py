"""A task's form is made from its definition alone, and gives back what its author meant."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from jobdefs.definition import Definition, Input, Parameter
from vo.errors import NotFoundError, ParameterError, ParameterErrors, QueryError
from web.forms.task import TaskForm

TASK = Definition(
    name="bake",
    version="1",
    title="Bake",
    parameters=(
        Parameter("table", "table", "What to bake", required=True, group="Input"),
        Parameter("expression", "expression", "Which <crumbs> & grains", default="true", group="Input"),
        Parameter("withimage", "bool", "Whether to make an image", default="no", group="Image"),
        Parameter("imageset", "dataset", "Name", default="image.fits", parent="withimage", group="Image"),
        Parameter(
            "binning",
            "choice",
            "How",
            default="size",
            options=("size", "number"),
            parent="withimage",
            advanced=True,
            group="Image",
        ),
        Parameter("binsize", "real", "Size", default="1", min=0, parent="binning", parent_value="size", unit="arcsec"),
        Parameter("bins", "int", "Number", default="600", min=1, max=100, parent="binning", parent_value="number"),
        Parameter("destruct", "bool", "Whether to drop", default="yes", group="Output"),
        Parameter("flag", "column", "Flag", default="F", parent="destruct", parent_value="no", group="Output"),
        Parameter("names", "string", "Names", multiple=True, advanced=True, group="Output"),
        Parameter("kinds", "choice", "Kinds", multiple=True, options=("a", "b"), advanced=True, group="Output"),
        Parameter("mode", "choice", "Mode", options=("fast", "slow"), group="Output"),
    ),
    inputs=(Input("table", "events", product_types=("event",)),),
)

DEFAULTS = "&destruct=on&binning=size"
"""What a browser sends of fields that nobody touched."""


def parameters(query):
    form = TaskForm(TASK, QueryDict(query + DEFAULTS))
    assert form.is_valid(), form.errors
    return form.parameters()


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("table=a", {"table": ["a"]}),
        ("table=+a+&expression=+", {"table": ["a"]}),
        ("table=a&expression=true", {"table": ["a"]}),
        ("table=a&expression=PI+in+[1:2]", {"table": ["a"], "expression": ["PI in [1:2]"]}),
        ("table=a&withimage=on", {"table": ["a"], "withimage": ["yes"]}),
        ("table=a&withimage=on&imageset=i", {"table": ["a"], "withimage": ["yes"], "imageset": ["i"]}),
        ("table=a&imageset=i", {"table": ["a"]}),
        ("table=a&bins=5", {"table": ["a"]}),
        ("table=a&withimage=on&bins=5", {"table": ["a"], "withimage": ["yes"], "bins": ["5"]}),
        ("table=a&flag=G", {"table": ["a"]}),
        ("table=a&names=one%0D%0A+two%0D%0A%0D%0A", {"table": ["a"], "names": ["one", "two"]}),
        ("table=a&kinds=a&kinds=b", {"table": ["a"], "kinds": ["a", "b"]}),
        ("table=a&mode=slow", {"table": ["a"], "mode": ["slow"]}),
    ],
)
def test_what_the_job_is_given(query, given):
    assert parameters(query) == given


def test_a_switch_that_is_on_by_default_is_sent_when_it_is_off():
    form = TaskForm(TASK, QueryDict("table=a&flag=G&binning=size"))
    assert form.is_valid()
    assert form.parameters() == {"table": ["a"], "destruct": ["no"], "flag": ["G"]}


def test_another_choice_is_sent():
    form = TaskForm(TASK, QueryDict("table=a&withimage=on&binning=number&destruct=on"))
    assert form.is_valid()
    assert form.parameters() == {"table": ["a"], "withimage": ["yes"], "binning": ["number"]}


def test_an_input_may_be_a_file():
    upload = SimpleUploadedFile("mine.fits", b"SIMPLE")
    form = TaskForm(TASK, QueryDict("destruct=on"), {"table__file": upload})
    assert form.is_valid(), form.errors
    assert form.parameters() == {}
    assert form.uploads() == {"table": upload}


def test_an_input_must_be_named():
    form = TaskForm(TASK, QueryDict("destruct=on"))
    assert form.errors == {"table": ["Name a data set of the archive or a result of a job, or choose a file."]}


@pytest.mark.parametrize(
    ("given", "initial"),
    [
        ({}, {"withimage": False, "binning": "size", "destruct": True, "mode": ""}),
        ({"TABLE": ["ivo://a/b?c"]}, {"table": "ivo://a/b?c"}),
        ({"withimage": ["yes"]}, {"withimage": True}),
        ({"bins": ["5"]}, {"bins": "5", "binning": "number", "withimage": True}),
        ({"destruct": ["no"], "names": ["a", "b"]}, {"destruct": False, "names": "a\nb"}),
        ({"kinds": ["a", "b"], "RunId": ["mine"]}, {"kinds": ["a", "b"], "RUNID": "mine"}),
        ({"unknown": ["x"]}, {"withimage": False}),
    ],
)
def test_values_to_begin_with(given, initial):
    form = TaskForm(TASK, given=given)
    assert {name: form.initial.get(name) for name in initial} == initial


def outline(group):
    def shown(nodes):
        return [
            (node.parameter.name, *[{branch.title: outline(branch)} for branch in node.branches.values()])
            for node in nodes
        ]

    return shown(group.plain), shown(group.advanced)


def test_groups_branches_and_what_is_folded_away():
    form = TaskForm(TASK)
    assert {group.title: outline(group) for group in form.groups()} == {
        "Input": ([("table",), ("expression",)], []),
        "Image": (
            [
                (
                    "withimage",
                    {
                        "When withimage is yes": (
                            [("imageset",)],
                            [
                                (
                                    "binning",
                                    {"When binning is size": ([("binsize",)], [])},
                                    {"When binning is number": ([("bins",)], [])},
                                )
                            ],
                        )
                    },
                )
            ],
            [],
        ),
        "Output": ([("destruct", {"When destruct is no": ([("flag",)], [])}), ("mode",)], [("names",), ("kinds",)]),
    }


@pytest.mark.parametrize(
    ("given", "opened"),
    [({}, []), ({"names": ["a"]}, ["Output"]), ({"mode": ["fast"]}, [])],
)
def test_what_is_set_is_unfolded(given, opened):
    groups = TaskForm(TASK, given=given).groups()
    assert [group.title for group in groups if group.open] == opened


def test_what_is_wrong_is_unfolded():
    form = TaskForm(TASK, QueryDict("table=a" + DEFAULTS))
    assert form.is_valid()
    form.place(ParameterError("names", "are not these."))
    assert [group.title for group in form.groups() if group.open] == ["Output"]


@pytest.mark.parametrize(
    ("error", "errors"),
    [
        (ParameterError("BINS", "must be at most 100."), {"bins": ["must be at most 100."]}),
        (ParameterError("table", "is unknown.", hint="Look again."), {"table": ["is unknown. Look again."]}),
        (ParameterError("runid", "is too long."), {"RUNID": ["is too long."]}),
        (ParameterError("other", "is wrong."), {"__all__": ["other: is wrong."]}),
        (
            ParameterErrors([ParameterError("bins", "is no number."), ParameterError("mode", "is none.")]),
            {"bins": ["is no number."], "mode": ["is none."]},
        ),
        (
            QueryError("No column PIE.", text="PIE > 2", line=1, column=1, length=3),
            {"__all__": ["line 1, column 1: No column PIE.\nPIE > 2\n^^^"]},
        ),
        (NotFoundError("'x' is not known here."), {"__all__": ["'x' is not known here."]}),
    ],
)
def test_errors_of_the_service_are_shown_where_they_belong(error, errors):
    form = TaskForm(TASK, QueryDict("table=a" + DEFAULTS))
    assert form.is_valid()
    form.place(error)
    assert form.errors == errors


@pytest.mark.parametrize(
    ("name", "help_text"),
    [
        ("table", "What to bake. Kind of data: event. Required."),
        ("expression", "Which &lt;crumbs&gt; &amp; grains."),
        ("binsize", "Size. Unit: arcsec. At least 0."),
        ("bins", "Number. From 1 to 100."),
        ("names", "Names. One value a line."),
    ],
)
def test_help_tells_unit_range_and_form(name, help_text):
    assert TaskForm(TASK).fields[name].help_text == help_text


def test_defaults_are_shown_and_not_filled_in():
    form = TaskForm(TASK)
    assert form.fields["imageset"].widget.attrs["placeholder"] == "image.fits"
    assert form["imageset"].value() is None


def test_evselect_gives_a_form():
    from jobdefs import registry

    task = registry.get("evselect")
    form = TaskForm(task, QueryDict("table=a&withspectrumset=on&spectrumset=s.fits"))
    shown = set()

    def walk(group):
        for node in group.nodes:
            shown.add(node.parameter.name)
            for branch in node.branches.values():
                walk(branch)

    for group in form.groups():
        walk(group)
    assert shown == {parameter.name for parameter in task.parameters}


def test_the_help_says_what_was_not_verified_and_directories_show_what_they_take():
    definition = Definition(
        name="chain",
        version="1",
        title="Chain",
        parameters=(
            Parameter("sas_odf", "directory", "Data files."),
            Parameter("low", "real", "Limit.", "1", unit="keV", unverified=True),
            Parameter("sas_ccf", "dataset", "Index.", required=True),
            Parameter("out", "dataset", "File.", required=True),
        ),
        inputs=(Input("sas_odf", "ODF"), Input("sas_ccf", "calibration index")),
    )
    form = TaskForm(definition)
    assert form.fields["low"].help_text == "Limit. Unit: keV. Not verified against SAS."
    assert form.fields["sas_ccf"].help_text == "Index. Required."
    assert (form.fields["out"].help_text, form.fields["out"].required) == ("File.", True)
    assert form.fields["sas_odf"].widget.attrs["placeholder"].startswith("odf:")


def test_a_region_is_a_text_of_several_lines_with_help():
    definition = Definition(
        name="cut", version="1", title="Cut", parameters=(Parameter("source", "region", "Where.", required=True),)
    )
    form = TaskForm(definition, QueryDict('source=fk5%0D%0Acircle(150.1,2.2,36")'))
    field = form.fields["source"]
    assert field.widget.template_name.endswith("textarea.html")
    assert field.widget.attrs["placeholder"] == "CIRCLE 150.1 2.2 0.01"
    assert "regions of DS9" in field.help_text
    assert form.is_valid()
    assert form.parameters() == {"source": ['fk5\r\ncircle(150.1,2.2,36")']}
