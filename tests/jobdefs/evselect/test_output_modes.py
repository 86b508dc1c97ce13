"""Rows dropped or flagged, in a new file or in place; a job's input is never changed."""

from __future__ import annotations

import gzip
import itertools
import stat
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs import registry
from jobdefs.checking import check
from jobdefs.command import argv
from jobdefs.tasks.evselect.targets import changes_in_place
from jobdefs.tasks.evselect.task import run
from jobdefs.tasks.parameters import parse_arguments
from jobdefs.tasks.reporting import TaskError

from .events import make_events

EXPRESSION = "PI>=1000"


@pytest.fixture
def own(folder):
    """A list that may be changed."""
    return make_events(folder / "own.fits", rows=500)


MODES = [
    # parameters, in place, flagged
    ({"filteredset": "new.fits"}, False, False),
    ({"filteredset": "new.fits", "keepfilteroutput": "yes"}, False, False),
    ({"withfilteredset": "yes", "filteredset": "new.fits", "flagcolumn": "EVFLAG"}, False, True),
    ({"filteredset": "new.fits", "destruct": "no"}, False, True),
    ({"keepfilteroutput": "yes"}, True, False),
    ({"keepfilteroutput": "yes", "withfilteredset": "no"}, True, False),
    ({"keepfilteroutput": "yes", "withfilteredset": "no", "filteredset": "new.fits"}, True, False),
    ({"keepfilteroutput": "yes", "flagcolumn": "EVFLAG"}, True, True),
    ({"keepfilteroutput": "yes", "flagcolumn": "FLAG", "flagbit": 9}, True, True),
]


@pytest.mark.parametrize("mode", MODES)
def test_modes(own, evselect, folder, mode):
    parameters, in_place, flagged = mode
    before = own.path.read_bytes()
    keep = own["PI"] >= 1000
    evselect(table="own.fits", expression=EXPRESSION, **parameters)
    names = sorted(path.name for path in folder.iterdir())
    assert names == (["own.fits"] if in_place else ["new.fits", "own.fits"])
    assert in_place == (own.path.read_bytes() != before)
    with fits.open("own.fits" if in_place else "new.fits", checksum=True) as hdus:
        rows = hdus["EVENTS"].data
        assert np.array_equal(rows["TIME"], own["TIME"] if flagged else own["TIME"][keep])
        if flagged and parameters.get("flagcolumn") == "FLAG":
            assert np.array_equal((rows["FLAG"] & 512) != 0, keep)
        elif flagged:
            assert np.array_equal(rows["EVFLAG"], np.where(keep, 128, 0))
        assert "BADPIX04" in hdus
        assert hdus["EVENTS"].header["SLCTEXPR"] == EXPRESSION


@pytest.mark.parametrize("parameters", [{}, {"keepfilteroutput": "no"}, {"withfilteredset": "no"}])
def test_nothing_is_kept_unless_that_is_wanted(own, evselect, folder, parameters, capsys):
    before = own.path.read_bytes()
    evselect(table="own.fits", expression=EXPRESSION, **parameters)
    assert own.path.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["own.fits"]
    assert "warning (NoOutput)" in capsys.readouterr().err


def test_a_link_stays_and_permissions_too(own, evselect, folder):
    own.path.chmod(0o640)
    (folder / "link.fits").symlink_to("own.fits")
    image = {"imageset": "image.fits", "xcolumn": "X", "ycolumn": "Y"}
    evselect(table="link.fits:EVENTS", expression=EXPRESSION, keepfilteroutput="yes", **image)
    assert (folder / "link.fits").is_symlink()
    assert stat.S_IMODE(own.path.stat().st_mode) == 0o640
    assert len(fits.getdata("own.fits", "EVENTS")) == fits.getdata("image.fits").sum() == (own["PI"] >= 1000).sum()


def test_a_failure_leaves_the_table_as_it_was(own, evselect, folder, monkeypatch):
    before = own.path.read_bytes()
    monkeypatch.setattr("jobdefs.tasks.evselect.filtered.FilteredList.finish", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evselect(table="own.fits", expression=EXPRESSION, keepfilteroutput="yes")
    assert own.path.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["own.fits"]


def test_a_compressed_list_can_not_be_changed_in_place(own, evselect, folder):
    (folder / "packed.fits.gz").write_bytes(gzip.compress(own.path.read_bytes()))
    with pytest.raises(TaskError, match=r"packed\.fits\.gz is compressed\. Name a filteredset\.") as refusal:
        evselect(table="packed.fits.gz", keepfilteroutput="yes")
    assert refusal.value.code == "InPlace"


def test_noclobber_holds_for_the_table_too(own):
    definition = registry.get("evselect")
    before = own.path.read_bytes()
    with pytest.raises(TaskError, match="exists and may not be overwritten"):
        run(parse_arguments(definition, ["-c", "table=own.fits", "keepfilteroutput=yes"]))
    assert own.path.read_bytes() == before


def _choices() -> list[dict[str, list[str]]]:
    options = {"keepfilteroutput": ["yes", "no"], "withfilteredset": ["yes", "no"], "filteredset": ["a.fits"],
               "flagcolumn": ["F"], "destruct": ["yes", "no"]}  # fmt: skip
    chosen = itertools.product(*(((), *((value,) for value in values)) for values in options.values()))
    return [{name: list(value) for name, value in zip(options, row, strict=True) if value} for row in chosen]


def test_no_job_changes_its_input():
    """Whatever is asked for, the command line that a job runs names a file of its own."""
    definition = registry.get("evselect")
    for given in _choices():
        values = check(definition, {**given, "table": ["ivo://a/b?c"]}, complete=True)
        command = argv(definition, values, {"ivo://a/b?c": "inputs/c.fits"})
        assert not changes_in_place(parse_arguments(definition, command[1:])), command


def test_a_file_that_may_not_be_written(own, evselect, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: Path(path).name != "own.fits")
    with pytest.raises(TaskError, match=r"own\.fits may not be written"):
        evselect(table="own.fits", keepfilteroutput="yes")
