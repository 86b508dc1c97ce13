"""Definitions as tools of CWL, read by the language's own reference parser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobdefs.definition import Definition, Input, Limits, Output, Parameter
from jobdefs.exchange import write_cwl
from jobdefs.registry import all_definitions
from vo.errors import UsageError

parser = pytest.importorskip("cwl_utils.parser", reason="cwl-utils is not installed")

PROGRAMS = sorted(name for name, task in all_definitions().items() if task.command)

TOOL = Definition(
    name="blur", version="2", title="Blur a map", description="Blurs.", environment="program",
    command=("/opt/blur", "$(reboot)", "--fwhm={fwhm}", "{skymap}", "{kernel}", "{*}"),
    limits=Limits(duration=60, memory=3 * 2**20, cores=2), network=True,
    inputs=(Input("skymap", "map", "image/fits", copy=True), Input("masks", "mask")),
    outputs=(
        Output("blurred", "image", "image/fits", parameter="out"),
        Output("parts", "part", "image/fits", pattern="part*.fits", required=False),
        Output("plot", "plot", "image/png", pattern="plot.png", when="withplot"),
    ),
    parameters=(
        Parameter("skymap", "file", "The map", required=True),
        Parameter("masks", "file", "Masks", multiple=True),
        Parameter("fwhm", "real", "Width", default="0.5", unit="deg", min=0.1, max=2),
        Parameter("kernel", "choice", "", options=("gauss", "box")),
        Parameter("out", "file", "Output", default="out.fits", parent="withplot"),
        Parameter("withplot", "bool", "Plot", default="no"),
        Parameter("level", "int", "", default="3", variable="LEVEL"),
    ),
)  # fmt: skip


def test_a_tool_in_full() -> None:
    assert json.loads(write_cwl(TOOL)) == {
        "cwlVersion": "v1.2",
        "class": "CommandLineTool",
        "id": "blur",
        "label": "Blur a map",
        "doc": "Blurs.",
        "baseCommand": ["/opt/blur"],
        "arguments": [
            {"position": 1, "valueFrom": "\\$(reboot)"},
            {"position": 2, "valueFrom": "--fwhm=$(inputs.fwhm)"},
            {"position": 3, "valueFrom": "$(inputs.skymap.path)"},
            {"position": 4, "valueFrom": '$(inputs.kernel === null ? "" : inputs.kernel)'},
        ],
        "inputs": {
            "skymap": {
                "type": "File",
                "doc": "The map\nMedia type: image/fits.",
                "inputBinding": {"position": 5, "prefix": "skymap=", "separate": False},
            },
            "masks": {
                "type": ["null", {"type": "array", "items": "File"}],
                "doc": "Masks\nMedia type: application/fits.",
                "inputBinding": {"position": 6, "prefix": "masks=", "separate": False, "itemSeparator": " "},
            },
            "fwhm": {
                "type": "double",
                "doc": "Width\nUnit: deg.\nAt least 0.1.\nAt most 2.",
                "default": 0.5,
                "inputBinding": {"position": 7, "prefix": "fwhm=", "separate": False},
            },
            "kernel": {
                "type": ["null", {"type": "enum", "symbols": ["gauss", "box"]}],
                "doc": "kernel",
                "inputBinding": {"position": 8, "prefix": "kernel=", "separate": False},
            },
            "out": {
                "type": ["null", "string"],
                "doc": "Output\nDefault: out.fits.\nCounts where withplot is yes.",
                "inputBinding": {"position": 9, "prefix": "out=", "separate": False},
            },
            "withplot": {
                "type": ["null", {"type": "enum", "symbols": ["yes", "no"]}],
                "doc": "Plot\nDefault: no.",
                "inputBinding": {"position": 10, "prefix": "withplot=", "separate": False},
            },
            "level": {"type": "long", "doc": "level", "default": 3},
        },
        "outputs": {
            "blurred": {
                "type": ["null", "File"],
                "doc": "blurred\nMedia type: image/fits.",
                "outputBinding": {"glob": '$(inputs.out === null ? "out.fits" : inputs.out)'},
            },
            "parts": {
                "type": {"type": "array", "items": "File"},
                "doc": "parts\nMedia type: image/fits.",
                "outputBinding": {"glob": "part*.fits"},
            },
            "plot": {
                "type": ["null", "File"],
                "doc": "plot\nMedia type: image/png.\nWritten where withplot is yes.",
                "outputBinding": {"glob": "plot.png"},
            },
        },
        "requirements": {
            "ResourceRequirement": {"coresMin": 2, "ramMin": 3},
            "ToolTimeLimit": {"timelimit": 60},
            "NetworkAccess": {"networkAccess": True},
            "EnvVarRequirement": {"envDef": [{"envName": "LEVEL", "envValue": "$(inputs.level)"}]},
            "InitialWorkDirRequirement": {"listing": [{"entry": "$(inputs.skymap)", "writable": True}]},
            "InlineJavascriptRequirement": {},
        },
        "hints": {"SoftwareRequirement": {"packages": {"blur": {"version": ["2"]}}}},
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_definition_is_a_valid_tool(name: str, tmp_path: Path) -> None:
    task = all_definitions()[name]
    path = tmp_path / f"{name}.cwl"
    path.write_text(write_cwl(task))
    tool = parser.load_document_by_uri(str(path))
    assert (tool.class_, tool.cwlVersion, tool.label) == ("CommandLineTool", "v1.2", task.title)
    assert [item.id.rpartition("#")[2].rpartition("/")[2] for item in tool.inputs] == [
        item.name for item in task.parameters
    ]
    assert [item.id.rpartition("#")[2].rpartition("/")[2] for item in tool.outputs] == [
        item.name for item in task.outputs
    ]


def test_what_has_no_command_is_refused() -> None:
    with pytest.raises(UsageError, match="chooses its steps while it runs") as refused:
        write_cwl(all_definitions()["epic-quicklook"])
    assert "evselect" in refused.value.hint
    with pytest.raises(UsageError, match="a function of the service"):
        write_cwl(all_definitions()["tap"])


def example(kind: object, default: object) -> object:
    """A value that an input of this type may have, or null where it may have none."""
    match kind:
        case ["null", _]:
            return None
        case "File" | "Directory":
            return {"class": kind, "path": "/in/a.fits", "basename": "a.fits"}
        case {"type": "array", "items": items}:
            return default or [example(items, None)]
        case {"type": "enum", "symbols": symbols}:
            return default or symbols[0]
    return default if default is not None else {"string": "a.fits"}.get(str(kind), 1)


@pytest.fixture
def javascript() -> Iterator[None]:
    """End the process that evaluates expressions, which the parser keeps for the next one."""
    from cwl_utils.sandboxjs import get_js_engine

    yield
    procs = getattr(get_js_engine().localdata, "procs", {})
    for process in procs.values():
        process.kill()
        process.communicate()
    procs.clear()


@pytest.mark.usefixtures("javascript")
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed, which evaluates expressions of CWL")
@pytest.mark.parametrize("name", ["evselect", "arfgen", "barycen", "emchain", "merge", "gtimerge", "xmm-clean"])
def test_expressions_can_be_evaluated(name: str) -> None:
    from cwl_utils.expression import do_eval

    tool = json.loads(write_cwl(all_definitions()[name]))
    inputs = {key: example(item["type"], item.get("default")) for key, item in tool["inputs"].items()}
    texts = {item["valueFrom"]: str for item in tool.get("arguments", [])}
    texts |= {item["envValue"]: str for item in tool["requirements"].get("EnvVarRequirement", {}).get("envDef", [])}
    texts |= {item["outputBinding"]["glob"]: (str, list) for item in tool["outputs"].values()}
    needs = [{"class": key} for key in tool["requirements"] if key == "InlineJavascriptRequirement"]
    for text, kinds in texts.items():
        value = do_eval(text, inputs, needs, None, None, {}, cwlVersion="v1.2")
        assert isinstance(value, (*(kinds if isinstance(kinds, tuple) else (kinds,)), int, float)), text
