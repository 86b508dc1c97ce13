"""JDL in and out: what OPUS writes is read, and what JDL can say of a definition comes back as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from jobdefs.command import argv, variables
from jobdefs.definition import Definition, Input, Limits, Output, Parameter
from jobdefs.exchange import read_jdl, write_jdl
from jobdefs.registry import all_definitions, parse_definition
from jobdefs.writing import to_toml
from tests.jobdefs.exchange.documents import CURRENT, OLD
from vo.errors import AthanorError, ParameterError, UsageError

SIMPLE = "blurmap --fwhm $fwhm --kernel=${kernel} $skymap $blurred"
PROGRAMS = sorted(name for name, task in all_definitions().items() if task.command)


def document(script: str, layout: str = CURRENT) -> bytes:
    return layout.replace('"{script}"', quoteattr(script, {"\n": "&#10;"})).encode()


def test_a_simple_script_becomes_a_command() -> None:
    found = read_jdl(document(SIMPLE))
    task = found.definition
    assert found.script == ""
    assert task.command == (
        "/usr/local/bin/blurmap",
        "--fwhm",
        "{fwhm}",
        "--kernel={kernel}",
        "{skymap}",
        "blurred.fits",
    )
    assert (task.name, task.version, task.title, task.environment) == ("blur", "2.0", "Blur a sky map", "program")
    assert task.documentation == "https://example.org/blur"
    assert task.limits == Limits(duration=300)
    assert task.parameters == (
        Parameter("fwhm", "real", "Kernel width", default="0.1", unit="deg", min=0.01, max=5.0),
        Parameter("kernel", "choice", "", default="gauss", options=("gauss", "box")),
        Parameter("verbose", "choice", "", default="false", options=("true", "false")),
        Parameter("steps", "int", "", required=True),
        Parameter("skymap", "file", "", required=True),
    )
    assert task.inputs == (Input("skymap", "map", "image/fits"),)
    assert task.outputs == (Output("blurred", "blurred", "image/fits", pattern="blurred.fits"),)
    assert found.notes == (
        "command: the program 'blurmap' is taken to be /usr/local/bin/blurmap.",
        "contact_name: 'N. N.' is left out.",
    )
    values = {"fwhm": ["$(reboot)"], "skymap": ["ivo://x/y?z"]}
    assert argv(task, values, {"ivo://x/y?z": "inputs/z"})[2:] == [
        "$(reboot)", "--kernel=gauss", "inputs/z", "blurred.fits",
    ]  # fmt: skip


def test_the_older_layout() -> None:
    found = read_jdl(document("blurmap $fwhm $skymap > $blurred", OLD), scripts="/opt/jdl")
    task = found.definition
    assert task.name == "blur_map"
    assert task.inputs == (Input("skymap", "skymap", "image/fits", description="The map"),)
    assert task.outputs == (Output("blurred", "blurred", "image/fits", pattern="blurred.fits"),)
    assert task.limits.duration == 60
    assert task.documentation == "https://example.org/blur"
    assert task.command == ("/opt/jdl/blur_map.sh",)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/bash\nset -e\n\n# a comment\nrun $fwhm\n", ("run", "{fwhm}")),
        ('run "a b" \'$fwhm\' "$fwhm and" a\\ b "\\$x"', ("run", "a b", "$fwhm", "{fwhm} and", "a b", "$x")),
        ("run a\\\n  ${fwhm}s", ("run", "a", "{fwhm}s")),
        ('run "" ""x', ("run", "", "x")),
    ],
)
def test_what_is_one_simple_command(script: str, words: tuple[str, ...]) -> None:
    assert read_jdl(document(script), programs="").definition.command == (f"/{words[0]}", *words[1:])


@pytest.mark.parametrize(
    "script",
    [
        "a; b", "a && b", "a | b", "a > b", "a < b", "a &", "a\nb", "a $(b)", "a `b`", "a *.fits", "a ~", "a [b]",
        "a {b,c}", "$fwhm", "a $1", "a $nothing", "a ${fwhm:-1}", "a 'b", 'a "b', "a \\", "if a; then b; fi", "(a)",
        "a # b", "X=1 a", "PATH=$kernel a", "LD_PRELOAD=$kernel a", "bin/a", "a '{b}'", "a \"`b`\"", "a !b",
    ],
)  # fmt: skip
def test_anything_else_stays_a_script(script: str) -> None:
    found = read_jdl(document(script))
    assert found.definition.command == ("/usr/local/bin/blur.sh",)
    assert found.script.endswith(f"\n{script}\n")
    assert any("more than one simple command" in note for note in found.notes)


def test_values_reach_a_script_and_are_never_evaluated(tmp_path: Path) -> None:
    script = 'for i in 1 2; do echo "$i:$fwhm:$kernel:$skymap:$blurred"; done'
    found = read_jdl(document(script), scripts=str(tmp_path))
    (tmp_path / "blur.sh").write_text(found.script)
    hostile = "$(touch bad)`touch bad`'\";touch bad;\n"
    values = {"fwhm": ["2"], "kernel": [hostile], "skymap": ["ivo://x/y?z"], "steps": ["1"]}
    given = variables(found.definition, values, {"ivo://x/y?z": "inputs/z"})
    assert given["JDL_KERNEL"] == hostile
    command, environment = ["bash", *found.definition.command], {"PATH": os.environ["PATH"], **given}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "".join(f"{i}:2:{hostile}:inputs/z:blurred.fits\n" for i in (1, 2))
    assert not (tmp_path / "bad").exists()


def test_a_parameter_that_a_shell_heeds_is_not_set() -> None:
    changed = document("a; b").replace(b'"kernel"', b'"PATH"')
    found = read_jdl(changed)
    assert "PATH=" not in found.script
    assert any("'PATH' is no name of a variable that users may set" in note for note in found.notes)


@pytest.mark.parametrize("names", ["provdm", "opus"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_each_definition_comes_back(name: str, names: str) -> None:
    task = all_definitions()[name]
    exported = write_jdl(task, names=names)
    found = read_jdl(exported.document.encode())
    again = found.definition
    assert (again.name, again.version, again.title, again.type, again.environment) == (
        task.name, task.version, task.title, task.type, task.environment,
    )  # fmt: skip
    assert again.documentation == task.documentation
    assert again.command == task.command
    assert again.limits.duration == task.limits.duration
    told = {note.partition("]")[0].partition("[")[2] for note in found.notes}
    assert [_sayable(item, told) for item in again.parameters] == [_sayable(item, told) for item in task.parameters]
    assert [replace(item, description="") for item in again.inputs] == [
        replace(item, description="", copy=False, product_types=()) for item in task.inputs
    ]
    assert [(item.name, item.role, item.media_type, item.parameter, item.pattern) for item in again.outputs] == [
        (item.name, item.role, item.media_type, item.parameter, item.pattern) for item in task.outputs
    ]
    assert parse_definition(to_toml(again), source="again.toml") == again


def _sayable(item: Parameter, told: set[str]) -> Parameter:
    """A parameter with what JDL can say of it."""
    return replace(
        item, multiple=False, parent="", parent_value="", group="", advanced=False, unverified=False,
        description=item.description.strip(), default="" if item.name in told else item.default,
    )  # fmt: skip


@pytest.mark.parametrize("names", ["provdm", "opus"])
@pytest.mark.parametrize("name", ["evselect", "tabgtigen", "emchain"])
def test_documents_are_valid(name: str, names: str, shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "task.xml"
    path.write_text(write_jdl(all_definitions()[name], names=names).document)
    # The schema beside the tool for this namespace is that of VOTable 1.4; the one of 1.3 is taken in its place.
    program = "import sys, runpy; tool = runpy.run_path(sys.argv[1]); names = tool['BY_NAMESPACE'];"
    program += "tool['NAMESPACE_OF']['VOTable-v1.3.xsd'] = key = 'http://www.ivoa.net/xml/VOTable/v1.3';"
    program += "names[key] = ['VOTable-v1.3.xsd']; sys.exit(tool['main'](sys.argv[2:]))"
    command = [sys.executable, "-c", program, str(shared / "tools" / "validate_xml.py"), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_names_are_those_of_the_recommendation_or_of_opus() -> None:
    task = all_definitions()["evselect"]
    ours, theirs = (write_jdl(task, names=names).document for names in ("provdm", "opus"))
    assert "voprov:UsageDescription.role" in ours
    assert "voprov:DatasetDescription.contentType" in ours
    assert 'name="docurl"' in ours
    assert "voprov:UsedDescription.role" in theirs
    assert "voprov:EntityDescription.content_type" in theirs
    assert 'name="doculink"' in theirs
    with pytest.raises(ParameterError, match="use provdm or opus"):
        write_jdl(task, names="mine")


def test_what_jdl_cannot_say_is_told() -> None:
    lost = write_jdl(all_definitions()["evselect"]).lost
    assert "parameters[imageset].parent: another parameter switches it on; JDL cannot say so." in lost
    assert "parameters[blockstocopy].multiple: it takes a list; JDL cannot say so." in lost
    assert "outputs[image].when: JDL cannot say it." in lost
    assert "category: JDL cannot say it." in lost


def test_a_pipeline_has_no_jdl() -> None:
    with pytest.raises(UsageError, match="a pipeline of other tasks; JDL describes programs only"):
        write_jdl(all_definitions()["epic-quicklook"])
    with pytest.raises(UsageError, match="a function of the service"):
        write_jdl(all_definitions()["tap"])


def test_text_is_kept_whatever_it_holds() -> None:
    task = Definition(
        name="odd", version="<1>", title="A & B", description="two\n\nparagraphs \"quoted\" 'and' more",
        environment="program", command=("/bin/echo", 'a "b" $c `d` \\e', "{text}{text}x"),
        parameters=(Parameter("text", "string", "<b>&amp;</b>", default='"<&>\'é'),),
    )  # fmt: skip
    again = read_jdl(write_jdl(task).document.encode()).definition
    assert replace(again, limits=task.limits) == task


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "cannot be read as XML"),
        (b"<VOTABLE>", "cannot be read as XML"),
        (b"\xff\xfe", "cannot be read as XML"),
        (b"<VOTABLE/>", "it has no RESOURCE"),
        (b"<VOTABLE><RESOURCE/></VOTABLE>", "has no name"),
        (b'<VOTABLE><RESOURCE name="x"/></VOTABLE>', "has no script"),
        (b'<VOTABLE><RESOURCE name="1"/></VOTABLE>', "has no letter"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "cannot be read as XML"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "cannot be read as XML"),
        (b" " * (2**22 + 1), "a JDL may have"),
    ],
)
def test_what_is_no_jdl_is_told(text: bytes, message: str) -> None:
    with pytest.raises(AthanorError, match=message):
        read_jdl(text)


@pytest.mark.parametrize("duration", ["9" * 5000, "-1", "0", "1e3", "٣٠٠"])
def test_durations_that_are_none_leave_the_usual_one(duration):
    document = CURRENT.format(script="tool").replace('value="300" datatype="int"', f'value="{duration}" datatype="int"')
    assert read_jdl(document.encode()).definition.limits == Limits()
