"""`import_jdl`, `export_jdl` and `export_cwl`: all or nothing is written, and what is lost is told."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from jobdefs.registry import parse_definition
from tests.jobdefs.exchange.documents import CURRENT


def jdl(folder: Path, script: str, name: str = "blur.xml") -> Path:
    path = folder / name
    path.write_text(CURRENT.replace("{script}", script))
    return path


def run(*arguments: str, **named: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*map(str, arguments), **named, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_definition_is_written(tmp_path: Path) -> None:
    target = tmp_path / "tasks"
    target.mkdir()
    out, err = run("import_jdl", jdl(tmp_path, "blurmap $fwhm $skymap $blurred"), "--to", target, "--programs", "/opt")
    assert out == f"{target}/blur.toml\n"
    assert "the program 'blurmap' is taken to be /opt/blurmap" in err
    task = parse_definition((target / "blur.toml").read_text(), source="blur.toml")
    assert task.command == ("/opt/blurmap", "{fwhm}", "{skymap}", "blurred.fits")


def test_a_script_is_written_beside_it_and_is_no_program_yet(tmp_path: Path) -> None:
    target = tmp_path / "tasks"
    target.mkdir()
    _, err = run("import_jdl", jdl(tmp_path, "a; b"), "--to", target)
    script = target / "blur.sh"
    assert script.read_text().endswith("a; b\n")
    assert not script.stat().st_mode & 0o111
    assert f"executable file at {script}" in err
    assert parse_definition((target / "blur.toml").read_text(), source="").command == (str(script),)


def test_all_or_nothing(tmp_path: Path) -> None:
    good, bad = jdl(tmp_path, "a"), tmp_path / "bad.xml"
    bad.write_text("<VOTABLE/>")
    with pytest.raises(CommandError, match=r"bad\.xml: This is no JDL: it has no RESOURCE"):
        run("import_jdl", good, bad, "--to", tmp_path)
    with pytest.raises(CommandError, match="No such file"):
        run("import_jdl", good, tmp_path / "nothing.xml", "--to", tmp_path)
    with pytest.raises(CommandError, match="is no directory"):
        run("import_jdl", good, "--to", tmp_path / "nothing")
    assert not (tmp_path / "blur.toml").exists()
    run("import_jdl", good, "--to", tmp_path)
    with pytest.raises(CommandError, match="is there already"):
        run("import_jdl", good, "--to", tmp_path)
    run("import_jdl", good, "--to", tmp_path, "--replace")


def test_two_documents_of_one_task_are_refused(tmp_path: Path) -> None:
    first = jdl(tmp_path, "first")
    second = tmp_path / "second.xml"
    second.write_bytes(first.read_bytes())
    with pytest.raises(CommandError, match=r"second\.xml both describe blur"):
        run("import_jdl", first, second, "--to", tmp_path, "--replace")
    assert not (tmp_path / "blur.toml").exists()


def test_to_standard_output(tmp_path: Path) -> None:
    out, _ = run("import_jdl", jdl(tmp_path, "a $fwhm"))
    assert parse_definition(out, source="").name == "blur"


def test_export_and_import_again(tmp_path: Path) -> None:
    path = tmp_path / "evselect.xml"
    _, err = run("export_jdl", "evselect", "--to", path)
    assert "parameters[imageset].parent" in err
    out, _ = run("import_jdl", path)
    assert parse_definition(out, source="").command == ("evselect", "{*}")
    assert "voprov:UsedDescription" in run("export_jdl", "evselect", "--names", "opus", verbosity=0)[0]


def test_export_cwl(tmp_path: Path) -> None:
    assert json.loads(run("export_cwl", "evselect")[0])["baseCommand"] == ["evselect"]
    run("export_cwl", "evselect", "--to", tmp_path / "tool.cwl")
    assert (tmp_path / "tool.cwl").exists()


@pytest.mark.parametrize("command", ["export_jdl", "export_cwl"])
@pytest.mark.parametrize(
    ("task", "message"), [("evselct", "Did you mean evselect"), ("epic-quicklook", "programs only")]
)
def test_what_cannot_be_exported(command: str, task: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(command, task)
