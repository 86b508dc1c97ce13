"""The definitions of SAS's tasks against SAS's own parameter lists, and against command lines that work."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from jobdefs import registry
from jobdefs.checking import check
from jobdefs.command import active_outputs, argv, variables
from jobdefs.definition import Definition
from vo.errors import ParameterErrors

SAS = sorted(name for name, task in registry.all_definitions().items() if task.environment == "sas")

ENVIRONMENT = {"sas_ccf", "sas_odf", "sas_odfsummary", "sas_rand_seed", "sas_verbosity"}

RECORDED = {
    "cifbuild": """
        calindexset=ccf.cif withccfpath=no usecanonicalname=no ccfpath=. recurse=no fileglob='*.ccf|*.CCF' fullpath=no
        withobservationdate=no observationdate=now analysisdate=now category=XMMCCF ignorecategory=no masterindex=no
        withmasterindexset=no masterindexset=! append=no""",
    "arfgen": """
        spectrumset=! rmfset=! withrmfset=no arfset=! detmaptype=psf detmaparray=! detxoffset=1200 detyoffset=1200
        withdetbounds=no detxbins=5 detybins=5 withdetbins=no psfenergy=2 filterdss=yes
        filteredset=filteredpixellist.ds withfilteredset=no sourcecoords=eqpos sourcex=0 sourcey=0 withsourcepos=no
        extendedsource=no modeleffarea=yes modelquantumeff=yes modelfiltertrans=yes modelcontamination=yes modelee=yes
        modelootcorr=yes applyxcaladjustment=no eegridfactor=100 withbadpixcorr=yes badpixlocation='' psfmodel=ELLBETA
        badpixelresolution=2 withbadpixres=no setbackscale=no keeparfset=yes useodfatt=no ignoreoutoffov=yes
        crossreg_spectrumset=! crossregionarf=no applyabsfluxcorr=no badpixmaptype=flat""",
    "epiclccorr": """
        srctslist=! eventlist=! outset=! bkgtslist=! withbkgset=no detxbins=5 detybins=5 sourcecoords=eqpos sourcex=0
        sourcey=0 withsourcepos=no applyabsolutecorrections=no allcamera=no""",
    "atthkgen": """
        atthkset=! timestep=1 timebegin=0 timeend=0 withtimeranges=no withpreqgti=no preqgtifile=!""",
    "rgsspectrum": """
        evlist=! srclist=! withspectrum=yes bkgcorrect=no spectrumset=! withbkgset=no bkgset=! source=3 order=1 rebin=1
        edgechannels=2 withfracexp=no exposed=0.1 badquality=1 spectrumbinning=lambda""",
    "epicspeccombine": """
        pha=! bkg=! rmf=! arf=! filepha=epic_spc_src.ds filebkg=epic_spc_bkg.ds filersp=epic_rsp.ds allowHEdiff=no""",
}
"""All parameters with SAS's defaults, from XPROC0 cards and logs; ``!`` stands for files that a job must name."""

CALLS = [
    line.partition(" ")
    for line in (Path(__file__).parent / "sas_calls.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]

REFERENCES = {"FILE": "ivo://archive.example/x?P1", "ODF": "odf:0201903501"}


def _task(name: str) -> Definition:
    return registry.get(name)


def _given(task: Definition, call: str) -> dict[str, list[str]]:
    """What a job is given for a command line: the words that the command has by itself are left out."""
    fixed = set(task.command)
    names = {parameter.argument or parameter.name: parameter.name for parameter in task.parameters}
    given = {}
    for word in shlex.split(call):
        if word not in fixed:
            name, _, value = word.partition("=")
            given[names[name]] = [" ".join(REFERENCES.get(part, part) for part in value.split(" "))]
    for parameter in task.parameters:
        if parameter.variable.startswith("SAS_") and parameter.required:
            given[parameter.name] = [REFERENCES["ODF" if parameter.type == "directory" else "FILE"]]
    return given


@pytest.mark.parametrize("name", RECORDED)
def test_names_and_defaults_are_those_that_sas_records(name: str) -> None:
    recorded = dict(word.split("=", 1) for word in shlex.split(RECORDED[name]))
    defined = {
        parameter.name: "!" if parameter.required else parameter.default
        for parameter in _task(name).parameters
        if parameter.name not in ENVIRONMENT
    }
    assert defined == recorded


def test_every_definition_of_a_task_of_sas_has_a_call() -> None:
    assert {name for name, *_ in CALLS} == set(SAS)


@pytest.mark.parametrize(("name", "_", "call"), CALLS, ids=[f"{call[0]}-{row}" for row, call in enumerate(CALLS)])
def test_the_command_line_is_that_of_sas(name: str, _: str, call: str) -> None:
    task = _task(name)
    values = check(task, _given(task, call), complete=True)
    program, *words = argv(task, values, {reference: name for name, reference in REFERENCES.items()})
    assert program == name
    assert sorted(words) == sorted(shlex.split(call))


@pytest.mark.parametrize("name", SAS)
def test_the_environment_is_asked_for_by_the_same_names_everywhere(name: str) -> None:
    carried = {item.name: (item.type, item.variable) for item in _task(name).parameters if item.name in ENVIRONMENT}
    assert carried.items() <= {
        ("sas_ccf", ("dataset", "SAS_CCF")),
        ("sas_odf", ("directory", "" if name == "odfingest" else "SAS_ODF")),
        ("sas_odfsummary", ("dataset", "ATHANOR_ODF_SUMMARY")),
        ("sas_rand_seed", ("int", "SAS_RAND_SEED")),
        ("sas_verbosity", ("int", "SAS_VERBOSITY")),
    }
    read = {item.parameter for item in _task(name).inputs}
    assert set(carried) & {"sas_ccf", "sas_odf", "sas_odfsummary"} <= read
    assert "sas_verbosity" in carried


def test_calibration_and_data_files_go_into_the_environment() -> None:
    task = _task("rgsproc")
    given = {"sas_ccf": ["job:a/cif"], "sas_odf": ["odf:0201903501"], "sas_odfsummary": ["job:b/summary"]}
    values = check(task, {**given, "sas_rand_seed": ["7"]}, complete=True)
    paths = {"job:a/cif": "inputs/ccf.cif", "odf:0201903501": "inputs/0201903501", "job:b/summary": "inputs/SUM.SAS"}
    assert argv(task, values, paths) == ["rgsproc"]
    assert variables(task, values, paths) == {
        "SAS_CCF": "inputs/ccf.cif",
        "SAS_ODF": "inputs/0201903501",
        "ATHANOR_ODF_SUMMARY": "inputs/SUM.SAS",
        "SAS_RAND_SEED": "7",
    }


REFUSED = [
    ("rmfgen", "rmfset=a.rmf", {"spectrumset": "It is missing."}),
    ("arfgen", "spectrumset=FILE", {"arfset": "It is missing."}),
    ("arfgen", "spectrumset=FILE arfset=a.arf withrmfset=yes", {"rmfset": "It is missing."}),
    ("rmfgen", "spectrumset=FILE detmaptype=dataset", {"detmaparray": "It is missing."}),
    ("rmfgen", "spectrumset=FILE detmaptype=point", {"detmaptype": "'point' is none of psf, flat, dataset."}),
    ("espfilt", "eventfile=FILE method=mean", {"method": "'mean' is none of histogram, ratio."}),
    ("espfilt", "eventfile=FILE smooth=61", {"smooth": "61 is out of range; it must be between 1 and 60 s."}),
    ("espfilt", "eventfile=FILE withoot=yes", {"ootfile": "It is missing."}),
    ("espfilt", "eventfile=FILE limits='0.1 12'",
     {"limits": "12 is out of range; it must be between 0 and 10 ct/s."}),
    ("eexpmap", "imageset=FILE eventset=FILE attitudeset=FILE expimageset=m.fits pimax=20480",
     {"pimax": "20480 is out of range; it must be between 0 and 20479 eV."}),
    ("rgsproc", "entrystage=7:all", {"entrystage": "'7:all' is none of 1:events, 2:angles, 3:filter, 4:spectra, "
                                     "5:fluxing, 6:lightcurve."}),
    ("rgsproc", "orders='0 1'", {"orders": "0 is out of range; it must be between 1 and 6."}),
    ("rgsspectrum", "evlist=FILE srclist=FILE spectrumset=s.ds badquality=6 exposed=1.5",
     {"exposed": "1.5 is out of range; it must be between 0 and 1.",
      "badquality": "6 is out of range; it must be between 0 and 5."}),
    ("emchain", "badpixfindalgo=XX", {"badpixfindalgo": "'XX' is none of EM, EP, NO."}),
    ("epproc", "withinstexpids=yes", {"instexpids": "It is missing."}),
    ("edetect_chain", "imagesets=FILE eventsets=FILE attitudeset=FILE pimin=500 ecf=1", {"pimax": "It is missing."}),
    ("merge", "set1=FILE set2=FILE outset=../merged.fits", {"outset": "'../merged.fits' is no plain file name."}),
    ("barycen", "table=FILE srcdec=91", {"srcdec": "91 is out of range; it must be between -90 and 90 deg."}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "call", "wrong"), REFUSED, ids=[f"{name}-{call[:40]}" for name, call, _ in REFUSED])
def test_a_refused_job_says_exactly_what_is_wrong(name: str, call: str, wrong: dict[str, str]) -> None:
    task = _task(name)
    with pytest.raises(ParameterErrors) as caught:
        check(task, _given(task, call), complete=True)
    assert {error.parameter: error.message for error in caught.value.errors} == wrong


NEEDED = {name: {one.name for one in _task(name).parameters if one.required and not one.parent} for name in SAS}


@pytest.mark.parametrize("name", [name for name in SAS if NEEDED[name]])
def test_a_job_without_calibration_or_data_says_what_it_needs(name: str) -> None:
    task = _task(name)
    with pytest.raises(ParameterErrors) as caught:
        check(task, {}, complete=True)
    assert NEEDED[name] <= {error.parameter for error in caught.value.errors}
    assert all(error.hint for error in caught.value.errors)


@pytest.mark.parametrize("name", SAS)
def test_every_parameter_is_explained_and_grouped(name: str) -> None:
    for parameter in _task(name).parameters:
        assert parameter.description.strip().endswith("."), parameter.name
        assert parameter.group, parameter.name
    assert _task(name).documentation


IN_PLACE = [
    ("barycen", "table", {}, "events"),
    ("backscale", "spectrumset", {}, "spectrum"),
    ("arfgen", "spectrumset", {"arfset": ["a.arf"], "setbackscale": ["yes"]}, "spectrum"),
    ("emanom", "eventfile", {}, "events"),
]


@pytest.mark.parametrize(("name", "parameter", "more", "output"), IN_PLACE)
def test_what_a_task_changes_is_a_copy_and_a_product(name: str, parameter: str, more: dict, output: str) -> None:
    task = _task(name)
    [read] = [item for item in task.inputs if item.parameter == parameter]
    assert read.copy
    assert active_outputs(task, {parameter: ["job:a/x"], **more})[output] == "job:a/x"
