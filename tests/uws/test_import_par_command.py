"""`manage.py import_par`, with a stand-in for an installation of SAS."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from jobdefs import registry
from jobdefs.registry import parse_definition, product_definitions
from tests.sasroot import make_sas

ARFGEN = """<FILE><CONFIG>
  <PARAM id="spectrumset" type="dataset" mandatory="yes"/>
  <PARAM id="arfset" type="dataset" default="arfset.ds"/>
  <PARAM id="withrmfset" type="bool" default="no">
    <CASE><ITEM value="yes"><PARAM id="rmfset" type="dataset" default="response.ds"/></ITEM></CASE>
  </PARAM>
  <PARAM id="keeparfset" type="bool" default="yes"/>
  <PARAM id="eegridfactor" type="int" default="100"><CONSTRAINTS>eegridfactor in [1:]</CONSTRAINTS></PARAM>
  <PARAM id="newmodel" type="choice" default="b"><DESCRIPTION>Which model</DESCRIPTION>
    <CASE><ITEM value="a"/><ITEM value="b"><PARAM id="newpower" type="real" default="2"/></ITEM></CASE>
  </PARAM>
</CONFIG></FILE>"""

NOVEL = """<CONFIG><PARAM id="set" type="dataset" mandatory="yes"/><PARAM id="outset" type="dataset" default="o.ds"/>
<PARAM id="phase" type="real" default="0"/></CONFIG>"""

BOMB = """<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">]><CONFIG><PARAM id="x" default="&a;&a;&a;"/></CONFIG>"""

FILES = {"arfgen": ARFGEN, "novel": NOVEL, "bomb": BOMB, "broken": "<CONFIG><PARAM", "preview": NOVEL}


@pytest.fixture
def sas(tmp_path, settings):
    settings.ATHANOR_DEFINITIONS = ""
    return make_sas(tmp_path, parameter_files=FILES, tasks=("sasversion",))


@pytest.fixture
def run(capsys, sas):
    """Runs the command; what it tells, and of what it complains."""

    def call(*words: object) -> tuple[str, str]:
        call_command("import_par", str(sas.root / "config"), *map(str, words))
        told = capsys.readouterr()
        return told.out, told.err

    return call


def _read(path: Path) -> object:
    return parse_definition(path.read_text(encoding="utf-8"), source=path.name)


def test_definitions_of_the_installed_version_are_written(run, tmp_path):
    out, err = run("--task", "arfgen", "--task", "novel", "--to", tmp_path / "site")
    arfgen, novel = (_read(tmp_path / "site" / f"{name}.toml") for name in ("arfgen", "novel"))
    assert (arfgen.version, novel.version) == ("21.0.0", "21.0.0")
    assert [item.name for item in arfgen.parameters][:8] == [
        "spectrumset", "arfset", "withrmfset", "rmfset", "keeparfset", "eegridfactor", "newmodel", "newpower",
    ]  # fmt: skip
    assert arfgen.parameter("arfset").default == "arfset.ds"
    assert arfgen.parameter("newpower").parent_value == "b"
    assert arfgen.parameter("sas_ccf").variable == "SAS_CCF"
    assert [item.name for item in arfgen.outputs] == ["arf"]
    assert novel.parameter("phase") is None
    assert err == ""
    assert out.splitlines()[-1] == f"2 definitions are in {tmp_path / 'site'}; restart the service to use them."
    assert "  novel: phase: it is a word that controls jobs; here it is called task_phase." in out.splitlines()
    assert "  arfgen: setbackscale: the parameter file does not have it; left out." in out.splitlines()
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["arfgen.toml", "novel.toml"]


def test_wrong_files_are_refused_and_the_others_are_written(run, capsys, settings, tmp_path):
    settings.ATHANOR_DEFINITIONS = str(tmp_path / "site")
    with pytest.raises(CommandError, match=r"3 of 5 parameter files were refused"):
        run("--version", "22.1")
    assert capsys.readouterr().err.splitlines() == [
        "bomb.par: it declares entities, or refers to other files; that is refused.",
        "broken.par: this is no XML: unclosed token: line 1, column 8.",
        "preview.par: Athanor has a task of its own of that name.",
    ]
    assert _read(tmp_path / "site" / "arfgen.toml").version == "22.1"
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["arfgen.toml", "novel.toml"]


def test_the_service_reads_what_was_written(run, tmp_path, monkeypatch):
    run("--task", "novel", "--to", tmp_path / "site")
    monkeypatch.setattr(registry, "_own", [tmp_path / "site"])
    assert registry.get("novel").title == "novel of XMM-Newton SAS"
    assert "novel" not in product_definitions()


def test_a_definition_with_which_a_pipeline_could_not_be_read_is_refused(run, sas, capsys, tmp_path):
    (sas.root / "config" / "evselect.par").write_text(ARFGEN)
    with pytest.raises(CommandError, match="refused"):
        run("--task", "evselect", "--to", tmp_path / "site")
    assert "evselect.par: a pipeline of this site needs what it does not have: epic-" in capsys.readouterr().err
    assert list((tmp_path / "site").iterdir()) == []


def test_what_was_there_stays_when_nothing_can_be_written(run, tmp_path):
    (tmp_path / "site").write_text("a file")
    with pytest.raises(CommandError, match=r"Definitions cannot be written to .*site: File exists"):
        run("--task", "novel", "--to", tmp_path / "site")
    assert (tmp_path / "site").read_text() == "a file"


def test_all_definitions_are_replaced_or_none(run, tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "novel.toml").mkdir(parents=True)
    with pytest.raises(CommandError, match=r"novel.toml in .*site is a directory"):
        run("--task", "arfgen", "--task", "novel", "--to", site)
    assert [path.name for path in site.iterdir()] == ["novel.toml"]
    (site / "novel.toml").rmdir()
    written = Path.write_text

    def full(path, text, **options):
        if path.name.startswith("novel"):
            raise OSError(28, "No space left on device")
        return written(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(CommandError, match=r"cannot be written to .*site: No space left on device"):
        run("--task", "arfgen", "--task", "novel", "--to", site)
    assert list(site.iterdir()) == []


MISTAKES = [
    (["--task", "arfgne", "--to", "x"], r"There is no arfgne.par in .*config. Did you mean arfgen\?"),
    (["--task", "novel"], r"Say by --to where definitions go"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_mistakes_are_told(run, words, message):
    with pytest.raises(CommandError, match=message):
        run(*words)


def test_a_directory_without_parameter_files_is_refused(tmp_path):
    with pytest.raises(CommandError, match=r"There are no parameter files \(\*\.par\) in"):
        call_command("import_par", str(tmp_path), "--to", str(tmp_path / "site"))


def test_where_sas_does_not_tell_its_version_it_must_be_given(run, sas, tmp_path):
    sas.behave("sasversion", "sys.exit(1)")
    with pytest.raises(CommandError, match=r"Say by --version which version of SAS it is"):
        run("--task", "novel", "--to", tmp_path / "site")
    assert not (tmp_path / "site").exists()
