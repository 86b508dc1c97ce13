"""What FITS products tell of their making: every step, in SAS's keywords, and nothing of place and time."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from astropy.io import fits

from jobdefs import registry
from jobdefs.tasks import gtimerge
from jobdefs.tasks.dl3 import countmap
from jobdefs.tasks.evselect import task as evselect
from jobdefs.tasks.fitscards import Card, Header
from jobdefs.tasks.gtibuild import task as gtibuild
from jobdefs.tasks.history import changed, command_line, creation_cards, without_directories
from jobdefs.tasks.keywords import set_keywords
from jobdefs.tasks.parameters import Invocation, parse_arguments
from jobdefs.tasks.reporting import RELEASE, Reporter
from jobdefs.tasks.specgroup import task as specgroup
from tests.jobdefs.dl3.runs import write_run
from tests.jobdefs.evselect.events import make_events
from tests.jobdefs.tasks.conftest import fitsverify  # noqa: F401 (a fixture)

REPORTER = Reporter("tabgtigen", "tabgtigen-2.13-compatible")
ENDING = f" # (tabgtigen-2.13-compatible) [{RELEASE}]"
PROGRAMS = {
    "evselect": evselect.run,
    "specgroup": specgroup.run,
    "gtibuild": gtibuild.run,
    "gtimerge": gtimerge.run,
    "dl3-countmap": countmap.run,
}


def invocation(task: str, *words: str) -> Invocation:
    return parse_arguments(registry.get(task), words)


def gtis(expression: str = "PI>300") -> Invocation:
    """A call whose expression may be wrong, and hold anything."""
    made = invocation("tabgtigen", "table=/data/marie/rate.fits:RATE", "expression=true", "gtiset=out/gti.fits")
    return dataclasses.replace(made, values={**made.values, "expression": [expression]})


def read(header: Header) -> fits.Header:
    return fits.Header.fromstring(header.to_bytes().decode("ascii"))


def steps(path: str | Path) -> list[list[str]]:
    """Task and first argument of each command line of a file's history, as a shell would read them."""
    with fits.open(path, checksum=True) as file:
        file.verify("exception")
        header = file[0].header
        told = [card.keyword for card in header.cards if card.keyword.startswith("XPROC")]
        assert told == [f"XPROC{number}" for number in range(len(told))]
        assert "DATE" not in header
        return [shlex.split(header[keyword].partition(" # ")[0])[:2] for keyword in told]


def test_the_command_line_has_every_parameter():
    words = shlex.split(command_line(gtis()))
    assert words[0] == "tabgtigen"
    assert [word.partition("=")[0] for word in words[1:]] == [
        item.name for item in registry.get("tabgtigen").parameters
    ]
    assert {"table=rate.fits:RATE", "expression=PI>300", "gtiset=gti.fits", "timecolumn=TIME"} < set(words)


@pytest.mark.parametrize(
    ("expression", "recorded"),
    [
        ("PI>300 && gti(inputs/gti.fits:STDGTI,TIME)", "PI>300 && gti(gti.fits:STDGTI,TIME)"),
        ("gti(/a/b.fits,TIME) || region(../c/d.fits:REGION,X,Y)", "gti(b.fits,TIME) || region(d.fits:REGION,X,Y)"),
        ("gti(:STDGTI01,TIME)", "gti(:STDGTI01,TIME)"),
        ("PI/2 > 3 / 4", "PI/2 > 3 / 4"),
        ("this is ` no expression /a/b", "this is ` no expression /a/b"),
    ],
)
def test_files_of_selections_have_no_directories(expression, recorded):
    assert without_directories(expression) == recorded


@pytest.mark.parametrize(
    ("expression", "recorded"),
    [
        ('NAME == "it\'s"', 'NAME == "it\'s"'),
        ("PI>300\n  &&\tPATTERN<=4\r\n", "PI>300   && PATTERN<=4 "),
        ("PI>300 && OBJECT=='Großer Wagen ☉'", "PI>300 && OBJECT=='Gro?er Wagen ?'"),
        ("PI in [300:10000] && " * 90 + "true", "PI in [300:10000] && " * 90 + "true"),
        ("PI>3&" * 100 + "T", "PI>3&" * 100 + "T"),
        ("'" * 300, "'" * 300),
    ],
)
def test_any_expression_can_be_read_back(expression, recorded):
    made = read(Header(creation_cards(REPORTER, gtis(expression))))
    assert made["XPROC0"].endswith(ENDING)
    assert f"expression={recorded}" in shlex.split(made["XPROC0"].removesuffix(ENDING))
    assert made["CREATOR"] == f"tabgtigen (tabgtigen-2.13-compatible) [{RELEASE}]"


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ({}, {"XPROC0": "own"}),
        ({"XPROC0": "a"}, {"XPROC0": "a", "XPROC1": "own"}),
        ({"XPROC1": "b", "XPROC0": "a"}, {"XPROC0": "a", "XPROC1": "b", "XPROC2": "own"}),
        ({"XPROC3": "d"}, {"XPROC3": "d", "XPROC4": "own"}),
        ({"XPROC0": "a", "XDAL0": "x", "XPROCESS": "y", "XPROC007": "z"}, {"XPROC0": "a", "XPROC1": "own"}),
        ({"XPROC998": "y", "XPROC999": "z"}, {"XPROC998": "y", "XPROC999": "own"}),
    ],
)
def test_earlier_steps_are_kept_in_order(earlier, expected):
    own = f"{command_line(gtis())}{ENDING}"
    made = creation_cards(REPORTER, gtis(), Header(Card(*item) for item in earlier.items()))
    told = {card.keyword: card.value for card in made if card.keyword.startswith("XPROC")}
    assert list(told.items()) == [(key, own if value == "own" else value) for key, value in expected.items()]


def test_long_steps_of_others_are_kept_to_the_letter():
    records = [
        "XPROC0  = 'evselect table=/home/ines/PN_clean.fits expression=''PI > &'".ljust(80),
        "CONTINUE  '300'''".ljust(80),
    ]
    made = creation_cards(REPORTER, gtis(), Header.parse("".join(records)))
    assert made[0].records == records
    assert read(Header(made))["XPROC0"] == "evselect table=/home/ines/PN_clean.fits expression='PI > 300'"


def test_a_file_that_is_changed_keeps_its_maker():
    before = Header(
        [Card("SIMPLE", True), Card("XPROC0", "evselect a"), Card("CREATOR", "evselect"), Card("OBJECT", "M 1")]
    )
    once = changed(before, REPORTER, gtis(), change="BACKSCAL set")
    twice = changed(once, REPORTER, gtis(), change="BACKFILE set")
    assert [card.keyword for card in twice] == ["SIMPLE", "XPROC0", "XPROC1", "CREATOR", "OBJECT", "HISTORY", "HISTORY"]
    assert twice.get("CREATOR") == "evselect"
    assert [card.value for card in twice if card.keyword == "HISTORY"] == [
        f"{what} set by tabgtigen (tabgtigen-2.13-compatible) [{RELEASE}]" for what in ("BACKSCAL", "BACKFILE")
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inputs").mkdir()
    return tmp_path


@pytest.fixture
def task(folder) -> Callable[..., None]:
    """Runs a task in this process."""

    def run(name: str, *words: str) -> None:
        PROGRAMS[name](invocation(name, *words))

    return run


def test_a_chain_from_list_to_groups(folder, task, fitsverify):  # noqa: F811 (the fixture)
    """Each product tells every command from the first file on."""
    make_events(folder / "inputs/events.fits")
    task("evselect", f"table={folder}/inputs/events.fits", "expression=PI>=300", "filteredset=clean.fits")
    task("evselect", "table=clean.fits:EVENTS", "spectrumset=spectrum.fits", "energycolumn=PI", "imageset=image.fits")
    spectrum = invocation("epic-spectrum", f"table={folder}/clean.fits", "source=CIRCLE 1 2 3")
    reporter = Reporter("epic-spectrum", "epic-spectrum-1.0")
    for keyword, value in (("BACKSCAL", 4.0), ("BACKFILE", "other.fits")):
        set_keywords("spectrum.fits", "SPECTRUM", [Card(keyword, value)], reporter=reporter, call=spectrum)
    task("specgroup", "spectrumset=spectrum.fits", "groupedset=grouped.fits", "mincounts=25")
    chain = [["epchain", "odf=/somewhere"], ["evselect", "table=events.fits"], ["evselect", "table=clean.fits:EVENTS"]]
    assert steps("clean.fits") == chain[:2]
    assert steps("image.fits") == chain
    chain.append(["epic-spectrum", "table=clean.fits"])
    assert steps("spectrum.fits") == chain
    assert steps("grouped.fits") == [*chain, ["specgroup", "spectrumset=spectrum.fits"]]
    with fits.open("grouped.fits") as file:
        history = "\n".join(file[0].header["HISTORY"])
    assert history.startswith("Created by specgroup (")
    assert "BACKFILE set by epic-spectrum (epic-spectrum-1.0)" in history
    fitsverify(*(Path(f"{name}.fits") for name in ("clean", "image", "spectrum", "grouped")))


def test_files_that_come_from_several(folder, task):
    """The first input's history goes on; the others are named."""
    Path("times.txt").write_text("100 200 +\n")
    for number in (1, 2):
        task("gtibuild", "file=times.txt", f"table=inputs/{number}.fits")
        write_run(folder / f"inputs/run{number}.fits", seed=number)
    task("gtimerge", "tables=inputs/1.fits inputs/2.fits", "gtitable=both.fits")
    assert steps("both.fits") == [["gtibuild", "file=times.txt"], ["gtimerge", "tables=1.fits 2.fits"]]
    task("dl3-countmap", "events=inputs/run1.fits", "events=inputs/run2.fits", "emin=1", "emax=10")
    assert steps("countmap.fits") == [["dl3-countmap", "events=run1.fits run2.fits"]]
    assert b"inputs/" not in Path("countmap.fits").read_bytes() + Path("both.fits").read_bytes()


def test_a_selection_is_recorded_without_directories_everywhere(folder, task):
    make_events(folder / "inputs/events.fits")
    Path("times.txt").write_text("100000000 100000400 +\n")
    task("gtibuild", "file=times.txt", "table=inputs/gti.fits")
    selection = f"expression=gti({folder}/inputs/gti.fits,TIME)"
    task("evselect", "table=inputs/events.fits", selection, "filteredset=clean.fits")
    assert fits.getheader("clean.fits", "EVENTS")["SLCTEXPR"] == "gti(gti.fits,TIME)"
    assert str(folder).encode() not in Path("clean.fits").read_bytes()
    assert b"inputs/" not in Path("clean.fits").read_bytes()
