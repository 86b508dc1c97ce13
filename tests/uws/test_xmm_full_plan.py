"""What the chain from ODF to images does next, judged without running anything."""

from __future__ import annotations

import pytest

from jobdefs import registry
from jobdefs.activation import effective
from jobdefs.checking import check
from tests.uws.test_pipeline_plan import World
from uws.pipelines.state import State

EXPOSURES = [
    {"instrument": "PN", "exposure": "S003", "ccds": "1,2"},
    {"instrument": "PN", "exposure": "U002", "ccds": ""},
    {"instrument": "M1", "exposure": "S001", "ccds": ""},
    {"instrument": "R1", "exposure": "S004", "ccds": ""},
]
INSTRUMENTS = [{"instrument": name} for name in ("PN", "M1", "R1")]


class Chain(World):
    """One observation, whose calibration and summary are made."""

    def __init__(self, **given: str) -> None:
        definition = registry.get("xmm-full")
        values = check(
            definition,
            {"observations": ["0201903501"], **{name: [text] for name, text in given.items()}},
            complete=True,
        )
        super().__init__(definition, **effective(definition, values))
        self.plan()
        if given.get("fetch"):
            self.end("fetch", "1", results=["files"])
            self.plan()
        self.end("cif", "1", results=["ccf"])
        self.plan()
        self.end("odf", "1", results=["summary", "exposures", "instruments"])
        self.plan()

    def _rows(self, child, name):
        return {"exposures": EXPOSURES, "instruments": INSTRUMENTS}[name]

    def id(self, step: str, branch: str) -> str:
        return f"job:{self.children[step, branch].id}"


def test_where_the_odf_comes_from():
    here, fetched = Chain(), Chain(fetch="yes")
    assert here.parameters["cif", "1"]["odf"] == ["odf:0201903501"]
    assert fetched.parameters["fetch", "1"] == {"obsid": ["0201903501"]}
    for step, branch in (("cif", "1"), ("odf", "1"), ("epchain", "1.1"), ("emchain", "1.3"), ("rgs-events", "1.4")):
        assert here.parameters[step, branch]["odf"] == ["odf:0201903501"]
        assert fetched.parameters[step, branch]["odf"] == [f"{fetched.id('fetch', '1')}/files"]


def test_what_each_sub_exposure_is_given():
    chain = Chain()
    assert chain.running() == ["emchain 1.3", "epchain 1.1", "epchain 1.2", "rgs-events 1.4"]
    given = chain.parameters["epchain", "1.1"]
    assert (given["exposure"], given["ccds"], given["summary"]) == (
        ["S003"],
        ["1,2"],
        [f"{chain.id('odf', '1')}/summary"],
    )
    assert "ccds" not in chain.parameters["epchain", "1.2"]
    assert chain.parameters["rgs-events", "1.4"]["instrument"] == ["R1"]


@pytest.mark.parametrize(("asked", "waits"), [("yes", True), ("no", False)])
def test_cleaning_waits_for_what_is_asked(asked, waits):
    chain = Chain(filt_mos_anom_state=asked)
    chain.end("emchain", "1.3", results=["events", "attitude"])
    chain.plan()
    assert ("emanom 1.3" in chain.running()) == waits
    chain.end("espfilt", "1.3", results=["gti", "allgood", "histogram"])
    chain.plan()
    assert ("clean 1.3" in chain.running()) == (not waits)
    if waits:
        chain.end("emanom", "1.3", results=["log"])
        chain.plan()
        assert chain.parameters["clean", "1.3"]["anomalies"] == [f"{chain.id('emanom', '1.3')}/log"]
    given = chain.parameters["clean", "1.3"]
    assert given["eventfile"] == [f"{chain.id('emchain', '1.3')}/events"]
    assert "ootfile" not in given


def test_no_anomalies_where_emanom_failed_or_was_too_old():
    chain = Chain(filt_mos_anom_state="yes")
    chain.end("emchain", "1.3", results=["events"])
    chain.plan()
    chain.end("espfilt", "1.3", results=["gti", "allgood"])
    chain.end("emanom", "1.3", results=[])
    chain.plan()
    assert "anomalies" not in chain.parameters["clean", "1.3"]
    other = Chain(filt_mos_anom_state="yes")
    other.end("emchain", "1.3", results=["events"])
    other.plan()
    other.end("emanom", "1.3", failed=True)
    other.end("espfilt", "1.3", results=["gti", "allgood"])
    assert other.plan().states["clean", "1.3"] == State.BLOCKED


def test_merging_waits_for_the_sub_exposures_of_one_instrument():
    chain = Chain()
    for branch in ("1.1", "1.2"):
        chain.end("epchain", branch, results=["events", "ootevents", "attitude"])
        chain.plan()
        chain.end("espfilt", branch, results=["gti", "allgood", "ootallgood"])
        chain.plan()
        assert "merge 1.1" not in chain.running()
        chain.end("clean", branch, results=["events", "ootevents"])
        chain.plan()
    assert "merge 1.1" in chain.running(), "though nothing is known of MOS yet"
    given = chain.parameters["merge", "1.1"]
    assert given["events"] == [f"{chain.id('clean', branch)}/events" for branch in ("1.1", "1.2")]
    assert given["ootallgood"] == [f"{chain.id('espfilt', branch)}/ootallgood" for branch in ("1.1", "1.2")]
    chain.end("merge", "1.1", results=["events", "allgood"])
    chain.plan()
    attitude = [f"{chain.id('epchain', branch)}/attitude" for branch in ("1.1", "1.2")]
    assert chain.parameters["images", "1.1"]["attitude"] == attitude
    assert chain.plan().states["merge", "1.3"] == State.LEFT_OUT
