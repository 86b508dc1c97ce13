"""Command lines of built-in tasks, as SAS reads them."""

from __future__ import annotations

import pytest

from jobdefs import registry
from jobdefs.tasks.parameters import HelpRequested, Invocation, parse_arguments, read_command_line
from jobdefs.tasks.reporting import TaskError
from vo.errors import AthanorError, ParameterErrors, QueryError

EVSELECT = registry.get("evselect")


def _parse(*arguments: str) -> Invocation:
    return parse_arguments(EVSELECT, ["table=a.fits:EVENTS", *arguments])


def test_names_and_values() -> None:
    call = _parse("--imageset=/tmp/my image.fits", "XCOLUMN=X", "timebinsize=1e2", "flagbit=0x1f", "blockstocopy=A B")
    assert call.text("table") == "a.fits:EVENTS"
    assert call.text("imageset") == "/tmp/my image.fits"
    assert call.text("xcolumn") == "X"
    assert call.real("timebinsize") == 100.0
    assert call.integer("flagbit") == 31
    assert call.texts("blockstocopy") == ["A", "B"]
    assert call.texts("attributestocopy") == []
    assert call.text("expression") == "true"


def test_what_is_given_and_what_counts() -> None:
    call = _parse("ximagebinsize=80")
    assert call.is_given("ximagebinsize")
    assert not call.is_given("withimageset")
    assert call.flag("withimageset")
    assert call.text("imagebinning") == "binSize"
    assert call.is_active("ximagebinsize")
    assert not call.is_active("ximagesize")
    assert not call.flag("withspectrumset")
    assert not _parse("withxranges=yes", "withimageset=no").flag("withxranges")


def test_expressions_and_files_are_paths_here() -> None:
    call = _parse("expression=PI in [200:500] && gti(/data/g.fits:STDGTI,TIME)", "filteredset=../out/f.fits")
    assert call.text("expression") == "PI in [200:500] && gti(/data/g.fits:STDGTI,TIME)"
    assert call.text("filteredset") == "../out/f.fits"


def test_quotes_that_came_through_are_taken_off() -> None:
    assert _parse("expression='PI > 3'").text("expression") == "PI > 3"
    assert _parse("""expression='a' == NAME || NAME == 'b'""").text("expression") == "'a' == NAME || NAME == 'b'"
    assert _parse("dssblock=''").text("dssblock") == ""


@pytest.mark.parametrize(
    ("arguments", "verbosity", "warning", "clobber"),
    [
        ((), 4, "1", True),
        (("-V", "5"), 5, "1", True),
        (("-V7",), 7, "1", True),
        (("--verbosity=0", "-w", "0"), 0, "0", True),
        (("--warning=NoExp", "-c", "-t"), 4, "NoExp", False),
        (("--noclobber",), 4, "1", False),
    ],
)
def test_options(arguments: tuple[str, ...], verbosity: int, warning: str, clobber: bool) -> None:
    call = _parse(*arguments)
    assert (call.verbosity, call.warning, call.clobber) == (verbosity, warning, clobber)
    assert call.options == f"-w {warning} -V {verbosity}"


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("-x", "UnknownOption"),
        ("--nothing", "UnknownOption"),
        ("image.fits", "ParameterSyntax"),
        ("=3", "ParameterSyntax"),
        ("-V", "OptionValue"),
        ("-Vlots", "UnknownOption"),
        ("--verbosity=99", "OptionValue"),
    ],
)
def test_wrong_words(argument: str, code: str) -> None:
    with pytest.raises(TaskError) as caught:
        _parse(argument)
    assert caught.value.code == code


def test_dates_are_seconds_of_the_mission() -> None:
    assert _parse("timemin=1998-01-02T00:00:01").real("timemin") == 86401.0
    assert _parse("timemin=1.5e-3").real("timemin") == 0.0015
    assert _parse("timemin=-5").real("timemin") == -5.0


def test_the_command_tells_every_parameter() -> None:
    command = _parse("expression=(PI > 3) && NAME == 'x'", "blockstocopy=A B", "withimageset=Y").command
    assert command.startswith("evselect table=a.fits:EVENTS ")
    assert r"expression='(PI > 3) && NAME == '\''x'\'''" in command
    assert "blockstocopy='A B'" in command
    assert "withimageset=yes" in command
    assert "dssblock=''" in command
    assert len([word for word in command.split(" ") if "=" in word and word[0].isalpha()]) >= len(EVSELECT.parameters)


def test_help_and_version() -> None:
    with pytest.raises(HelpRequested) as caught:
        _parse("-h")
    for parameter in EVSELECT.parameters:
        assert f"  {parameter.name} " in caught.value.message
    with pytest.raises(HelpRequested, match=r"evselect \(evselect-1\.0\) \[athanor-"):
        _parse("--version")


def _run(capsys: pytest.CaptureFixture[str], *arguments: str, error: Exception | None = None) -> tuple[int, str, str]:
    def main(call: Invocation) -> None:
        if error is not None:
            raise error
        print(call.text("table"))

    status = read_command_line("evselect", main, arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_task_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "table=x.fits") == (0, "x.fits\n", "")
    status, out, err = _run(capsys, "-v")
    assert (status, err) == (0, "")
    assert out.startswith("evselect (evselect-1.0)")


def test_errors_are_told_as_sas_tells_them(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = _run(capsys, "flagbit=99", "tabel=x")
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "** evselect: error (ParameterError), tabel: evselect has no such parameter. Did you mean table?",
        "** evselect: error (ParameterError), flagbit: 99 is out of range; it must be between -1 and 31.",
    ]
    assert _run(capsys, "table=x", error=TaskError("ImgBinVal", "the bin is too small.")) == (
        1,
        "",
        "** evselect: error (ImgBinVal), the bin is too small.\n",
    )
    assert _run(capsys, "table=x", error=QueryError("No column A.", text="A > 3", line=1, column=1)) == (
        1,
        "",
        "** evselect: error (QueryError), line 1, column 1: No column A.\n",
    )


def test_a_definition_without_a_parameter_is_a_fault_of_ours() -> None:
    with pytest.raises(AthanorError, match="defined without a parameter nosuch"):
        _parse().text("nosuch")


def test_missing_table() -> None:
    with pytest.raises(ParameterErrors, match="table: It is missing"):
        parse_arguments(EVSELECT, [])
