"""Jobs of the product's own definitions of SAS's tasks: what one makes the next one reads, and products are found."""

from __future__ import annotations

from pathlib import Path

import pytest

import jobdefs
from jobdefs import registry
from tests.uws.sassite import file_of, finished, make_job


@pytest.fixture(autouse=True)
def sas(site, odf_volume, monkeypatch, tmp_path):
    """The stand-in for SAS, with the product's definitions, a calibration index and an event list."""
    monkeypatch.setattr(registry, "DIRECTORY", Path(jobdefs.__file__).parent / "definitions")
    for name in ("ccf.cif", "a.fits", "b.fits"):
        (tmp_path / name).write_text(name)
    return site


def _run(sas, tmp_path, task, *, writes=(), **given):
    """A job of the task, which gets an index, an ODF and two files where it must have them."""
    sas.behave(task, "\n".join(f"write({name!r})" for name in writes))
    for parameter in registry.get(task).parameters:
        if parameter.required and parameter.name in ("sas_ccf", "sas_odf"):
            known = {"sas_ccf": file_of(tmp_path / "ccf.cif"), "sas_odf": "odf:0123700101"}
            given.setdefault(parameter.name, known[parameter.name])
    given = {name: file_of(tmp_path / value) if value == "a.fits" else value for name, value in given.items()}
    return finished(make_job(task, **given))


def test_index_and_summary_go_from_job_to_job(sas, tmp_path):
    index = _run(sas, tmp_path, "cifbuild", sas_odf="odf:0123700101", writes=["ccf.cif"])
    name = "0070_0123700101_SCX00000SUM.SAS"
    summary = _run(sas, tmp_path, "odfingest", sas_ccf=f"job:{index.pk}/cif", writes=[name])
    assert [result.name for job in (index, summary) for result in job.results.all()] == ["cif", "summary"]
    job = _run(
        sas,
        tmp_path,
        "epproc",
        sas_ccf=f"job:{index.pk}/cif",
        sas_odfsummary=f"job:{summary.pk}/summary",
        sas_rand_seed="7",
        writes=["0070_0123700101_EPN_S003_ImagingEvts.ds", "0070_0123700101_AttHk.ds"],
    )
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    assert sorted(result.name for result in job.results.all()) == ["attitude", "events"]
    [call] = sas.calls("odfingest")
    assert call.argv == ["withodfdir=yes", "outdir=.", f"odfdir={call.parameters['odfdir']}"]
    assert (Path(call.cwd) / call.parameters["odfdir"]).is_dir()
    [call] = sas.calls("epproc")
    assert call.argv == []
    assert call.environment["SAS_RAND_SEED"] == "7"
    assert Path(call.environment["SAS_CCF"]).name == "ccf.cif"
    assert call.environment["SAS_ODF"].endswith(name)


def test_a_run_goes_on_from_an_earlier_one(sas, tmp_path):
    files = ["P0123700101R1S004merged0000.FIT", "P0123700101R1S004SRCLI_0000.FIT"]
    first = _run(sas, tmp_path, "rgsproc", finalstage="1:events", writes=files)
    assert sorted(result.name for result in first.results.all()) == ["merged", "sources"]
    previous = [f"job:{first.pk}/merged", f"job:{first.pk}/sources"]
    second = _run(sas, tmp_path, "rgsproc", entrystage="2:angles", finalstage="2:angles", previous=previous)
    assert (second.phase, second.error_message) == ("COMPLETED", "")
    call = sas.calls("rgsproc")[-1]
    assert set(files) <= set(call.listing)
    assert call.argv == ["entrystage=2:angles", "finalstage=2:angles"]
    assert "merged" in [result.name for result in second.results.all()]


PRODUCTS = [
    ("espfilt", {"eventfile": "a.fits", "withoot": "yes", "ootfile": "a.fits"},
     {"gti": "pnS003-gti.fits", "events": "pnS003-allevc.fits", "oot-events": "pnS003-allevcoot.fits",
      "histogram": "pnS003-hist.qdp"}),
    ("espfilt", {"eventfile": "a.fits"},
     {"gti": "mos1S001-gti-2500-8500.fits", "events": "mos1S001-allevc-2500-8500.fits",
      "histogram": "mos1S001-hist-2500-8500.qdp"}),
    ("emanom", {"eventfile": "a.fits", "keepcorner": "no"}, {"states": "mos1S001-anom.log", "events": "a.fits"}),
    ("backscale", {"spectrumset": "a.fits"}, {"spectrum": "a.fits"}),
    ("arfgen", {"spectrumset": "a.fits", "arfset": "a.arf", "setbackscale": "yes"},
     {"arf": "a.arf", "spectrum": "a.fits"}),
    ("arfgen", {"spectrumset": "a.fits", "arfset": "a.arf"}, {"arf": "a.arf"}),
    ("especget", {"table": "a.fits", "srcexp": "(X,Y) in CIRCLE(1,2,3)", "backexp": "(X,Y) in CIRCLE(4,5,6)"},
     {"spectrum": "myfiles_src.ds", "background": "myfiles_bgd.ds", "arf": "myfiles_src.arf",
      "rmf": "myfiles_src.rmf"}),
    ("especget", {"table": "a.fits", "srcexp": "(X,Y) in CIRCLE(1,2,3)", "backexp": "(X,Y) in CIRCLE(4,5,6)",
                  "srcspecset": "mine.ds"},
     {"named-spectrum": "mine.ds", "named-background": "bckspec.ds"}),
    ("epchain", {"withoutoftime": "yes"},
     {"oot-events": "P0123700101PNS003OOEVLI0000.FIT", "attitude": "P0123700101OBX000ATTTSR0000.FIT"}),
    ("epchain", {}, {"events": "P0123700101PNS003PIEVLI0000.FIT"}),
    ("emproc", {}, {"events": "0070_0123700101_EMOS1_S001_ImagingEvts.ds", "attitude": "0070_0123700101_AttHk.ds",
                    "timing-events": "0070_0123700101_EMOS2_S002_TimingEvts.ds"}),
    ("eexpmap", {"imageset": "a.fits", "eventset": "a.fits", "attitudeset": "a.fits", "expimageset": "m.fits",
                 "pimax": "2000"}, {"exposure-map": "m.fits"}),
    ("edetect_chain", {"imagesets": "a.fits", "eventsets": "a.fits", "attitudeset": "a.fits", "pimin": "500",
                       "pimax": "2000", "ecf": "9.5"}, {"sources": "emllist.fits", "local-sources": "eboxlist_l.fits"}),
    ("eregionanalyse", {"imageset": "a.fits", "srcexp": "(X,Y) in CIRCLE(1,2,3)"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "given", "products"), PRODUCTS, ids=[f"{row[0]}-{i}" for i, row in enumerate(PRODUCTS)]
)
def test_products_are_found_by_the_names_that_sas_gives_them(sas, tmp_path, task, given, products):
    writes = [name for name in products.values() if name != "a.fits"]
    job = _run(sas, tmp_path, task, writes=writes, **given)
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    assert {result.name: Path(result.path).name for result in job.results.all()} == products


def test_a_product_that_is_missing_fails_the_job(sas, tmp_path):
    job = _run(sas, tmp_path, "rmfgen", spectrumset="a.fits", rmfset="a.rmf")
    assert job.phase == "ERROR"
    assert "a.rmf" in job.error_message
