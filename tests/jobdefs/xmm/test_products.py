"""From event lists to images: each step calls the tasks of SAS that DAXA calls, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobdefs.tasks.selectlib import check_syntax, file_references
from tests.jobdefs.xmm.conftest import OBSID
from tests.jobdefs.xmm.standin import LOG

CCF = "ccf=inputs/ccf.cif"
PN, M1 = (f"obsid{OBSID}-inst{name}" for name in ("PN-subexpS003", "M1-subexpS001"))
IMAGE = [
    *("xcolumn=X", "ycolumn=Y", "ximagebinsize=87", "yimagebinsize=87", "squarepixels=yes"),
    *("ximagesize=512", "yimagesize=512", "imagebinning=binSize"),
    *("ximagemin=3649", "ximagemax=48106", "withxranges=yes"),
    *("yimagemin=3649", "yimagemax=48106", "withyranges=yes"),
]
LIGHT_CURVE = ["method=histogram", "withsmoothing=yes", "smooth=51", "withbinning=yes", "binsize=60", "ratio=1.2"]
ESPFILT = [
    *("elow=2500", "ehigh=8500", "rangescale=15.0", "allowsigma=3.0", "keepinterfiles=yes", "limits=0.1 6.5"),
]


@pytest.mark.parametrize(("version", "calls"), [("21.0.0", 1), ("19.0.0", 1), ("18.0.0", 0)])
def test_emanom(make_bench, capfd, version, calls):
    bench = make_bench(version)
    events = bench.events("M1", "S001", folder=".")
    assert bench.run("xmm-emanom", f"eventfile={events}", CCF) == 0
    assert bench.called == [("emanom", [f"eventfile={events}", "keepcorner=no"])] * calls
    assert Path("mos1S001-anom.log").is_file() == bool(calls)
    assert ("** xmm-emanom: warning (TooOld)" in capfd.readouterr().err) != bool(calls)


def test_emanom_judges_mos_alone(bench, capfd):
    assert bench.run("xmm-emanom", f"eventfile={bench.events('PN', 'S003')}", CCF) == 1
    assert "error (NotMos)" in capfd.readouterr().err


@pytest.mark.parametrize(("version", "more"), [("21.0.0", []), ("22.1.0", []), ("20.0.0", ["withlongnames=yes"])])
def test_espfilt(make_bench, version, more):
    bench = make_bench(version)
    events, oot = bench.events("PN", "S003"), bench.events("PN", "S003", "ootevents.fits")
    assert bench.run("xmm-espfilt", f"eventfile={events}", f"ootfile={oot}", CCF) == 0
    head = [f"eventfile={events}", "withoot=yes", f"ootfile={oot}"]
    assert bench.called == [("espfilt", [*head, *LIGHT_CURVE, *more, *ESPFILT])]
    stem = f"{PN}-en2.5_8.5keV"
    assert bench.written == [
        f"{stem}-allgoodOoTevents.fits",
        f"{stem}-allgoodevents.fits",
        f"{stem}-gti.fits",
        f"{stem}-hist.qdp",
    ]


def test_espfilt_of_mos(bench):
    events = bench.events("M1", "S001")
    given = ["method=ratio", "elow_ev=8000", "ehigh_ev=12000", "withbinning=no", "limits=0.2 5", "allowsigma=2.5"]
    assert bench.run("xmm-espfilt", f"eventfile={events}", CCF, *given) == 0
    [(_, called)] = bench.called
    assert called == [
        f"eventfile={events}",
        *("withoot=no", "ootfile=dataset", "method=ratio", "withsmoothing=yes", "smooth=51", "withbinning=no"),
        *("binsize=60", "ratio=1.2", "elow=8000", "ehigh=12000", "rangescale=6.0", "allowsigma=2.5"),
        "keepinterfiles=yes",
        "limits=0.2 5",
    ]
    assert f"{M1}-en8_12keV-gti.fits" in bench.written


def test_espfilt_of_long_ago(make_bench, capfd):
    bench = make_bench("19.1.0")
    events = bench.events("M1", "S001")
    assert bench.run("xmm-espfilt", f"eventfile={events}", CCF, "elow_ev=300", "ehigh_ev=900") == 0
    assert bench.called == [("espfilt", [f"eventset={events}", "method=ratio", *LIGHT_CURVE[1:]])]
    assert "warning (TooOld), the method histogram needs SAS 20 or later" in capfd.readouterr().err
    assert f"{M1}-en2.5_8.5keV-hist.qdp" in bench.written


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("smooth=61", "smooth: 61 is out of range; it must be between 1 and 60 s."),
        ("binsize=0", "binsize: 0 is out of range; it must be at least 1 s."),
        ("elow_ev=9000", "ehigh_ev: 8500 eV is not above elow_ev (9000 eV)."),
        ("ehigh_ev=32768", "ehigh_ev: 32768 is out of range; it must be between 2 and 32767 eV."),
        ("limits=6.5 0.1", "limits: '6.5 0.1' is no range. Give two numbers, as 0.1 6.5."),
        ("limits=1", "limits: '1' is no range. Give two numbers, as 0.1 6.5."),
        ("limits=1 11", "limits: 11 is out of range; it must be between 0 and 10."),
        ("method=guess", "method: 'guess' is none of histogram, ratio."),
    ],
)
def test_ranges_of_espfilt(bench, capfd, given, message):
    assert bench.run("xmm-espfilt", f"eventfile={bench.events('M1', 'S001')}", CCF, given) == 1
    assert f"error (ParameterError), {message}" in capfd.readouterr().err
    assert bench.called == []


def test_pn_needs_its_out_of_time_events(bench, capfd):
    events = bench.events("PN", "S003")
    assert bench.run("xmm-espfilt", f"eventfile={events}", CCF) == 1
    assert bench.run("xmm-clean", f"eventfile={events}", "gtifile=inputs/ccf.cif", CCF) == 1
    assert capfd.readouterr().err.count("ootfile: EPIC-pn needs the list of its out-of-time events.") == 2


def test_every_product_of_espfilt_counts(bench, capfd):
    bench.sas.behave("espfilt", "write('mos1S001-gti.fits')")
    assert bench.run("xmm-espfilt", f"eventfile={bench.events('M1', 'S001')}", CCF) == 1
    assert "did not write mos1S001-hist.qdp, mos1S001-allevc.fits." in capfd.readouterr().err


def cleaned(table: str, name: str, expression: str) -> tuple[str, list[str]]:
    return "evselect", [f"table={table}", f"filteredset={name}", f"expression={expression}", "updateexposure=yes"]


def test_clean_of_pn(bench):
    events, oot = bench.events("PN", "S003"), bench.events("PN", "S003", "ootevents.fits")
    Path("inputs/gti.fits").touch()
    given = [f"eventfile={events}", f"ootfile={oot}", "gtifile=inputs/gti.fits", CCF]
    assert bench.run("xmm-clean", *given, "lo_en_ev=500", "hi_en_ev=2000") == 0
    expression = "#XMMEA_EP && (PATTERN <= 4) && (FLAG .eq. 0) && (PI in [500:2000]) && GTI(inputs/gti.fits, TIME)"
    names = [f"{PN}-en0.5_2keV-{ending}" for ending in ("cleanevents.fits", "cleanootevents.fits")]
    assert bench.called == [cleaned(events, names[0], expression), cleaned(oot, names[1], expression)]
    assert bench.written == names


@pytest.mark.parametrize(
    ("given", "ccds"),
    [
        ([], "1,2,3,6,7"),
        (["acc_mos_anom_states=G"], "1,2,7"),
        (["acc_mos_anom_states=G I B O U"], "1,2,3,4,5,6,7"),
    ],
)
def test_clean_of_mos_with_states_of_ccds(bench, given, ccds):
    events = bench.events("M1", "S001")
    Path("inputs/mos1S001-anom.log").write_text(LOG)
    files = [f"eventfile={events}", "gtifile=inputs/gti.fits", "anomalies=inputs/mos1S001-anom.log", CCF]
    assert bench.run("xmm-clean", *files, "mos_filt_expr=(PATTERN<=4)", *given) == 0
    expression = f"(PATTERN<=4) && CCDNR in {ccds} && GTI(inputs/gti.fits, TIME)"
    assert bench.called == [cleaned(events, f"{M1}-en-cleanevents.fits", expression)]


def test_what_clean_is_told_is_a_selection(bench):
    events = bench.events("M1", "S001")
    Path("inputs/mos1S001-anom.log").write_text(LOG)
    gti = f"inputs/{M1}-en2.5_8.5keV-gti.fits"
    files = [f"eventfile={events}", f"gtifile={gti}", "anomalies=inputs/mos1S001-anom.log", CCF]
    assert bench.run("xmm-clean", *files, "lo_en_ev=300", "hi_en_ev=10000") == 0
    expression = bench.sas.calls("evselect")[0].parameters["expression"]
    check_syntax(expression)
    assert [reference.text for reference in file_references(expression)] == [gti]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["lo_en_ev=500"], "hi_en_ev: It is missing; lo_en_ev is given, and a band has two ends."),
        (["lo_en_ev=500", "hi_en_ev=500"], "hi_en_ev: 500 eV is not above lo_en_ev (500 eV)."),
        (["hi_en_ev=500"], "lo_en_ev: It is missing; hi_en_ev is given"),
        (["anomalies=inputs/ccf.cif"], "it is no log of emanom."),
        (["acc_mos_anom_states=X"], "'X' is none of G, I, B, O, U."),
    ],
)
def test_mistakes_of_clean(bench, capfd, given, message):
    files = [f"eventfile={bench.events('M1', 'S001')}", "gtifile=inputs/gti.fits", CCF]
    assert bench.run("xmm-clean", *files, *given) == 1
    assert message in capfd.readouterr().err
    assert bench.called == []


def test_merge_of_three(bench):
    exposures = ("S003", "U002", "U010")
    kinds = {
        "events": "cleanevents.fits",
        "ootevents": "cleanootevents.fits",
        "allgood": "en2.5_8.5keV-allgoodevents.fits",
        "ootallgood": "en2.5_8.5keV-allgoodOoTevents.fits",
    }
    files = {kind: [bench.events("PN", name, ending) for name in exposures] for kind, ending in kinds.items()}
    given = [f"{kind}={' '.join(names)}" for kind, names in files.items()]
    assert bench.run("xmm-merge", *given, CCF) == 0
    expected = []
    for number in (1, 2):
        for kind, names in files.items():
            first = names[0] if number == 1 else f"merged-{kind}-1.fits"
            expected.append(
                ("merge", [f"set1={first}", f"set2={names[number]}", f"outset=merged-{kind}-{number}.fits"])
            )
    assert bench.called == expected
    stem = f"obsid{OBSID}-instPN-subexpALL-en"
    endings = ["finalallgoodevents", "finalallgoodootevents", "finalevents", "finalootevents"]
    assert [name for name in bench.written if name.startswith("obsid")] == [f"{stem}-{name}.fits" for name in endings]


def test_one_list_is_renamed(bench):
    events = bench.events("M1", "S001", "en0.5_2keV-cleanevents.fits")
    good = bench.events("M1", "S001", "en2.5_8.5keV-allgoodevents.fits")
    given = [f"events={events}", f"allgood={good}", "lo_en_ev=500", "hi_en_ev=2000", CCF]
    assert bench.run("xmm-merge", *given) == 0
    stem = f"obsid{OBSID}-instM1-subexpALL-en0.5_2keV"
    assert (bench.called, bench.written) == ([], [f"{stem}-finalallgoodevents.fits", f"{stem}-finalevents.fits"])
    assert Path(f"{stem}-finalevents.fits").stat().st_nlink == 1


def test_what_was_not_cleaned_is_in_no_product(bench, capfd):
    events = bench.events("M1", "S001", "cleanevents.fits")
    good = [bench.events("M1", name, "allgoodevents.fits") for name in ("S001", "S004")]
    assert bench.run("xmm-merge", f"events={events}", f"allgood={' '.join(good)}", CCF) == 0
    assert bench.called == []
    assert "warning (NotCleaned), S004 has no cleaned events; allgood of it is left out." in capfd.readouterr().err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("M1", "S001"), ("M2", "S002")], "events: They are of several instruments or observations:"),
        ([("PN", "S001")], "ootevents: The list of PN S001 is missing."),
    ],
)
def test_lists_that_do_not_belong_together(bench, capfd, rows, message):
    names = [bench.events(*row, "cleanevents.fits") for row in rows]
    good = [bench.events(*row, "allgoodevents.fits") for row in rows]
    assert bench.run("xmm-merge", f"events={' '.join(names)}", f"allgood={' '.join(good)}", CCF) == 1
    assert message in capfd.readouterr().err


def test_images(bench):
    events = bench.events("PN", "S003", "finalevents.fits")
    for name in ("one.fits", "two.fits"):
        Path("inputs", name).touch()
    assert bench.run("xmm-images", f"eventfile={events}", "attitude=inputs/one.fits inputs/two.fits", CCF) == 0
    stem = f"obsid{OBSID}-instPN-subexpALL"
    expected = []
    for low, high, band in ((500, 2000, "en0.5_2keV"), (2000, 10000, "en2_10keV")):
        image, exposure = f"{stem}-{band}-image.fits", f"{stem}-{band}-expmap.fits"
        expected += [
            ("evselect", [f"table={events}", f"imageset={image}", *IMAGE, f"expression=(PI in [{low}:{high}])"]),
            (
                "eexpmap",
                [
                    *(f"eventset={events}", f"imageset={image}", f"expimageset={exposure}"),
                    *("withdetcoords=no", "withvignetting=yes", "attitudeset=inputs/one.fits"),
                    *(f"pimin={low}", f"pimax={high}"),
                ],
            ),
        ]
    assert bench.called == expected
    assert len(bench.written) == 4


@pytest.mark.parametrize("bands", ["500", "2000:500", "500:500", "0.5:2", "500:30000", "a:b"])
def test_bands_that_are_none(bench, capfd, bands):
    given = [f"eventfile={bench.events('PN', 'S003')}", "attitude=inputs/ccf.cif", f"bands_ev={bands}", CCF]
    assert bench.run("xmm-images", *given) == 1
    assert f"bands_ev: '{bands}' is no energy band. Write low:high in eV, up to 20479" in capfd.readouterr().err
    assert bench.called == []


def test_event_lists_that_do_not_tell_what_they_are_of(bench, capfd):
    from tests.jobdefs.xmm.standin import event_list

    event_list(bench.folder / "inputs/events.fits", "12345", "M1", "S001")
    assert bench.run("xmm-emanom", "eventfile=inputs/events.fits", CCF) == 1
    assert "error (NoExposure), inputs/events.fits does not tell which exposure it is of: OBS_ID is '12345'." in (
        capfd.readouterr().err
    )
    assert bench.run("xmm-emanom", "eventfile=inputs/ccf.cif", CCF) == 1
