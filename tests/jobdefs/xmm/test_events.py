"""From the ODF to event lists: each step calls the tasks of SAS that DAXA calls, in its order."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.jobdefs.xmm.conftest import OBSID

ODF = (f"odf=inputs/{OBSID}", "ccf=inputs/ccf.cif")
OBSERVATION = (*ODF, f"summary=inputs/0807_{OBSID}_SCX00000SUM.SAS")
EPCHAIN = ["odf={odf}", "odfaccess=odf", "exposure=003", "schedule=S", "ccds=1,2,3"]
EPCHAIN_1 = [*EPCHAIN, "runbackground=N", "keepintermediate=raw", "withoutoftime=Y"]
EPCHAIN_2 = [*EPCHAIN, "runatthkgen=N", "runepframes=N", "runbadpixfind=N", "runbadpix=N"]


def test_calibration_of_the_day(bench):
    assert bench.run("xmm-cif", ODF[0], "analysisdate=2023-01-31") == 0
    assert bench.called == [
        (
            "cifbuild",
            [
                "calindexset=ccf.cif",
                "withobservationdate=yes",
                "observationdate=2004-05-06",
                "analysisdate=2023-01-31",
                "fullpath=yes",
            ],
        )
    ]
    assert Path("ccf.cif").is_file()
    assert "SAS_CCF" not in bench.sas.calls()[0].environment


@pytest.mark.parametrize("cut", [None, -8, 12])
def test_summaries_that_are_compressed(bench, capfd, cut):
    place = bench.folder / "inputs" / OBSID
    [path] = place.glob("*SUM.ASC")
    (place / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes())[:cut])
    path.unlink()
    assert bench.run("xmm-cif", ODF[0]) == (0 if cut is None else 1)
    told = capfd.readouterr().err
    assert ("error (DatasetError), 0807_0201903501_SCX00000SUM.ASC.gz can't be read" in told) == (cut is not None)


def test_observations_of_no_known_day(bench, capfd):
    [path] = (bench.folder / "inputs" / OBSID).glob("*SUM.ASC")
    path.write_text(path.read_text().replace("2004-05-06T07:08:09 / Sch", " / Sch"))
    assert bench.run("xmm-cif", ODF[0]) == 1
    assert "observationdate: No summary in the ODF tells when the observation began" in capfd.readouterr().err


def test_calibration_as_known_today(bench):
    before = datetime.now(UTC).date()
    assert bench.run("xmm-cif", ODF[0], "observationdate=2001-02-03") == 0
    given = bench.sas.calls()[0].parameters
    assert given["observationdate"] == "2001-02-03"
    assert before.isoformat() <= given["analysisdate"] <= datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("analysisdate=soon", "analysisdate: 'soon' is no date. Write yyyy-mm-dd, or now."),
        ("observationdate=2001-02-30", "observationdate: '2001-02-30' is no date. Write yyyy-mm-dd."),
    ],
)
def test_days_that_are_none(bench, capfd, argument, message):
    assert bench.run("xmm-cif", ODF[0], argument) == 1
    assert capfd.readouterr().err == f"** xmm-cif: error (ParameterError), {message}\n"
    assert bench.called == []


def test_summary_and_exposures(bench):
    (bench.folder / "inputs" / OBSID / f"0807_{OBSID}_SCX00000SUM.SAS").write_text("an old one")
    assert bench.run("xmm-odf", *ODF) == 0
    assert bench.called == [("odfingest", ["odfdir={odf}", "outdir={odf}", "withodfdir=yes"])]
    assert bench.sas.calls()[0].environment["SAS_CCF"] == str(bench.folder / "inputs/ccf.cif")
    assert bench.written == [f"0807_{OBSID}_SCX00000SUM.SAS", "exposures.csv", "instruments.csv"]
    assert not any(Path(name).is_symlink() for name in bench.written)
    with Path("exposures.csv").open() as file:
        rows = list(csv.DictReader(file))
    ccds = "1,2,3,5,6,7,8,9,10,11,12"
    assert [tuple(row.values()) for row in rows] == [
        (OBSID, "PN", "S003", "yes", "PrimeFullWindow", "Medium", ccds),
        (OBSID, "PN", "U002", "no", "PrimeFullWindow", "Medium", ccds),
        (OBSID, "M1", "S001", "yes", "PrimeFullWindow", "Medium", ""),
        (OBSID, "M2", "S002", "yes", "PrimeFullWindow", "Medium", ""),
        (OBSID, "R1", "S004", "yes", "HighEventRateWithSES", "", ""),
    ]
    instruments = Path("instruments.csv").read_text().splitlines()
    assert instruments == ["obs_id,instrument", *(f"{OBSID},{name}" for name in ("PN", "M1", "M2", "R1"))]


def test_exposures_that_are_asked_for(bench, capfd):
    assert bench.run("xmm-odf", *ODF, "instruments=PN R2", "process_unscheduled=no") == 0
    assert [line.split(",")[1:3] for line in Path("exposures.csv").read_text().splitlines()[1:]] == [["PN", "S003"]]
    assert bench.run("xmm-odf", *ODF, "instruments=R2") == 1, "the directory for the ODF is there already"
    capfd.readouterr()


def test_observations_without_exposures(bench, capfd):
    assert bench.run("xmm-odf", *ODF, "instruments=R2") == 0
    assert "** xmm-odf: warning (NoExposures), observation 0201903501 has no" in capfd.readouterr().err
    assert Path("exposures.csv").read_text().count("\n") == 1


def test_timing_modes_of_pn_are_left_out(bench, capfd):
    told = bench.folder / "inputs" / OBSID / f"0807_{OBSID}_TOLD.ASC"
    told.write_text(told.read_text().replace("= IMAGING", "= TIMING"))
    assert bench.run("xmm-odf", *ODF) == 0
    assert "warning (NotImaging), PN S003 made no images (TIMING); it is left out." in capfd.readouterr().err
    assert ",PN," not in Path("exposures.csv").read_text()


@pytest.mark.parametrize(
    ("version", "last"), [("21.0.0", ["runradmonfix=N"]), ("21.1.0", []), ("22.0.0", []), ("20.0.0", [])]
)
def test_epchain(make_bench, version, last):
    bench = make_bench(version)
    assert bench.run("xmm-epchain", *OBSERVATION, "exposure=S003", "ccds=1,2,3") == 0
    assert bench.called == [("epchain", [*EPCHAIN_1, *last]), ("epchain", [*EPCHAIN_2, *last])]
    assert bench.written == [
        f"P{OBSID}OBX000ATTTSR0000.FIT",
        f"obsid{OBSID}-instPN-subexpS003-events.fits",
        f"obsid{OBSID}-instPN-subexpS003-ootevents.fits",
    ]
    call = bench.sas.calls("epchain")[0]
    assert call.environment["SAS_CCF"] == str(bench.folder / "inputs/ccf.cif")
    assert call.environment["SAS_ODF"].endswith("work/odf/0807_0201903501_SCX00000SUM.SAS")


def test_unscheduled_exposures(bench):
    assert bench.run("xmm-epchain", *OBSERVATION, "exposure=U002") == 0
    given = bench.sas.calls("epchain")[0].parameters
    assert (given["exposure"], given["schedule"], given["ccds"]) == ("002", "U", ",".join(map(str, range(1, 13))))


@pytest.mark.parametrize("missing", ["PIEVLI", "OOEVLI", "ATTTSR"])
def test_epchain_without_one_of_its_files(bench, capfd, missing):
    bench.sas.behave("epchain", _without("epchain", missing))
    assert bench.run("xmm-epchain", *OBSERVATION, "exposure=S003") == 1
    told = capfd.readouterr().err.splitlines()[-1]
    assert told.startswith("** xmm-epchain: error (OutputMissing), epchain ended without an error, but did not write")
    assert missing in told


def _without(task: str, name: str) -> str:
    from tests.jobdefs.xmm.standin import BEHAVIOURS

    return f"{BEHAVIOURS[task]}\nfor name in os.listdir():\n    if {name!r} in name:\n        os.remove(name)\n"


def test_an_error_that_epchain_tells_ends_it(bench, capfd):
    bench.sas.behave("epchain", "error('noFrames', 'no frames are left')")
    assert bench.run("xmm-epchain", *OBSERVATION, "exposure=S003") == 1
    assert capfd.readouterr().err.splitlines()[-1] == "** xmm-epchain: error (noFrames), epchain: no frames are left"
    assert len(bench.called) == 1, "the second call would be on what the first did not make"


def test_emchain(bench):
    assert bench.run("xmm-emchain", *OBSERVATION, "instrument=M1", "exposure=S001") == 0
    arguments = ["odf={odf}", "instruments=M1", "exposures=S001", "addtaglenoise=no", "makeflaregti=no"]
    assert bench.called == [("emchain", arguments)]
    assert bench.written == [f"P{OBSID}OBX000ATTTSR0000.FIT", f"obsid{OBSID}-instM1-subexpS001-events.fits"]


def test_emchain_needs_heasoft(bench, capfd, monkeypatch):
    monkeypatch.delenv("HEADAS")
    assert bench.run("xmm-emchain", *OBSERVATION, "instrument=M1", "exposure=S001") == 1
    assert (
        "error (NeedsHeasoft), emchain runs lcurve of HEASoft. There is no program lcurve in SAS_DIR."
        in capfd.readouterr().err
    )
    assert bench.called == []


def test_emchain_without_events(bench, capfd):
    bench.sas.behave("emchain", "")
    assert bench.run("xmm-emchain", *OBSERVATION, "instrument=M2", "exposure=S002") == 1
    assert f"did not write P{OBSID}M2S002MIEVLI0000.FIT." in capfd.readouterr().err


@pytest.mark.parametrize("exposure", ["003", "X003", "S3", "S0033", "s003"])
def test_exposures_that_are_none(bench, capfd, exposure):
    assert bench.run("xmm-emchain", *OBSERVATION, "instrument=M1", f"exposure={exposure}") == 1
    assert f"exposure: '{exposure}' is no sub-exposure." in capfd.readouterr().err


def test_rgs_in_three_stages(bench):
    given = (*OBSERVATION, "instrument=R1", "exposure=S004")
    merged = f"P{OBSID}R1S004merged0000.FIT"

    def arguments(stage):
        return [f"entrystage={stage}", f"finalstage={stage}", "withinstexpids=true", "instexpids=R1S004"]

    stages = {"events": "1:events", "angles": "2:angles", "filter": "3:filter"}
    for number, (name, stage) in enumerate(stages.items()):
        files = [f"files={merged}"] if number else []
        assert bench.run(f"xmm-rgs-{name}", *given, *files) == 0
        assert bench.called[number:] == [("rgsproc", arguments(stage))]
        for path in (bench.folder / "odf").iterdir():
            path.unlink()
    assert bench.written == [merged, f"obsid{OBSID}-instR1-subexpS004-finalevents.fits"]
    assert all(call.environment["SAS_ODF"].endswith("SUM.SAS") for call in bench.sas.calls("rgsproc"))


def test_rgs_without_merged_events(bench, capfd):
    bench.sas.behave("rgsproc", "")
    assert bench.run("xmm-rgs-events", *OBSERVATION, "instrument=R1", "exposure=S004") == 1
    assert f"did not write P{OBSID}R1S004merged0000.FIT." in capfd.readouterr().err
