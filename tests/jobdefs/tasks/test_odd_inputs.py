"""Inputs that no one would make on purpose: an error in words, exit status 1, and nothing is left."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs.tasks import tabgtigen
from jobdefs.tasks.camera import instrument_of
from jobdefs.tasks.fitsio import open_fits
from jobdefs.tasks.fitsout import Outputs
from jobdefs.tasks.gtibuild import task as gtibuild
from jobdefs.tasks.parameters import read_command_line
from jobdefs.tasks.reporting import TaskError
from jobdefs.tasks.specgroup import task as specgroup
from vo.errors import UsageError

TASKS = {"gtibuild": gtibuild.run, "specgroup": specgroup.run, "tabgtigen": tabgtigen.run}


def fails(capsys, task: str, *arguments: str) -> str:
    """Run a task that must fail; gives its error line."""
    before = set(Path().iterdir())
    assert read_command_line(task, TASKS[task], arguments) == 1
    assert set(Path().iterdir()) == before
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.fullmatch(rf"\*\* {task}: error \(\w+\), .+", last)
    assert len(last) < 1000
    return last


def table(path: str, name: str, **columns: object) -> str:
    """Write a table of these columns, each a form and values."""
    made = [fits.Column(key, form, array=values) for key, (form, values) in columns.items()]  # type: ignore[misc]
    fits.BinTableHDU.from_columns(made, name=name).writeto(path)
    return path


@pytest.mark.parametrize(("form", "values"), [("4A", ["a", "b"]), ("2I", [[1, 2], [3, 4]]), ("L", [True, False])])
def test_spectra_whose_counts_are_no_numbers(folder, capsys, form, values):
    table("odd.pha", "SPECTRUM", CHANNEL=("I", [0, 1]), COUNTS=(form, values))
    assert "(NoSpectrum), Column COUNTS" in fails(capsys, "specgroup", "spectrumset=odd.pha", "mincounts=1")


@pytest.mark.parametrize(("form", "values"), [("4A", ["a", "b"]), ("2I", [[1, 2], [3, 4]]), ("L", [True, False])])
def test_event_lists_whose_numbers_are_none(folder, form, values):
    table("odd.fits", "EVENTS", PI=("I", [1, 2]), X=(form, values))
    with fits.open("odd.fits", mode="update") as file:
        file[1].header["INSTRUME"] = "EPN"
    with pytest.raises(TaskError, match=r"Column X of odd\.fits holds no number for each event"):
        instrument_of("odd.fits")


@pytest.mark.parametrize("target", [".", "..", "there"])
def test_products_are_not_named_like_directories(folder, target):
    Path("there").mkdir()
    with Outputs() as outputs, pytest.raises(UsageError, match="is a directory"):
        outputs.open(target)


def test_nothing_half_written_stays_where_a_product_cannot_take_its_place(folder):
    outputs = Outputs()
    outputs.open("there")
    outputs.open("other")
    Path("there").mkdir()
    with pytest.raises(OSError, match="there"):
        outputs.__exit__(None, None, None)
    assert [path.name for path in Path().iterdir()] == ["there"]


def test_texts_without_end_and_words_without_end(folder, capsys):
    assert "(FileTooLarge)" in fails(capsys, "gtibuild", "file=/dev/zero")
    Path("long.txt").write_text("1" * 100_000 + " 2\n")
    assert "must lie between" in fails(capsys, "gtibuild", "file=long.txt")
    Path("operator.txt").write_text("1 2 " + "+" * 100_000 + "\n")
    assert "is no operator" in fails(capsys, "gtibuild", "file=operator.txt")


@pytest.mark.parametrize("zero", [float(10**40), -1e30, 2.0**64])
def test_zero_points_beyond_all_integers_give_real_numbers(folder, zero):
    table("odd.fits", "EVENTS", PI=("I", np.arange(3)))
    with fits.open("odd.fits", mode="update") as file:
        file[1].header["TZERO1"] = zero
    with open_fits("odd.fits") as file:
        assert file.table(file.hdus[1]).all()["PI"] == pytest.approx([zero] * 3)


def test_sky_pixels_whose_place_is_no_number(folder, capsys):
    table("odd.fits", "EVENTS", TIME=("D", [1.0, 2.0]), X=("J", [1, 2]), Y=("J", [1, 2]))
    with fits.open("odd.fits", mode="update") as file:
        for axis, kind in (("X", "RA---TAN"), ("Y", "DEC--TAN")):
            keywords = {"TYP": kind, "RPX": "x", "RVL": 1.0, "DLT": 1.0}
            file[1].header.update({f"REF{axis}C{key}": value for key, value in keywords.items()})
    assert "REFXCRPX='x'" in fails(capsys, "tabgtigen", "table=odd.fits", "expression=(RA,DEC) in CIRCLE(1,2,3)")


def test_what_nobody_foresaw_is_told_in_one_line(folder, capsys):
    def stumble(kind: type[Exception]) -> None:
        raise kind("over\nthis")

    for kind, told in ((ZeroDivisionError, "InternalError), ZeroDivisionError at "), (MemoryError, "OutOfMemory), ")):
        assert read_command_line("tabgtigen", lambda _, kind=kind: stumble(kind), ["table=a", "expression=true"]) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith(f"** tabgtigen: error ({told}")
