"""What the stand-in's tasks of SAS do for chains: they write the files that the real ones would, with their headers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.jobdefs.sas.summaries import exposure, summary

__all__ = ["BEHAVIOURS", "LOG", "event_list", "make_odf", "observation_text"]

_CAMERA = {"PN": "EPN", "M1": "EMOS1", "M2": "EMOS2", "R1": "RGS1", "R2": "RGS2"}

LOG = "\n".join(f" CCD: {ccd} Hardness:  3.1 +-  0.3 Status: {state}" for ccd, state in enumerate("GIBOUG", start=2))
"""A log of emanom."""

_FITS = '''
import os, re, shutil, sys

CAMERA = {camera!r}


def block(*cards):
    lines = ["%-8s= %s" % (name, repr(value) if isinstance(value, str) else "%20s" % value) for name, value in cards]
    return "".join(line.ljust(80) for line in (*lines, "END")).ljust(2880).encode()


def event_list(name, obsid, instrument, exposure):
    """An event list without events."""
    told = [("OBS_ID", obsid), ("INSTRUME", CAMERA[instrument]), ("EXPIDSTR", exposure)]
    table = [("XTENSION", "BINTABLE"), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", 8), ("NAXIS2", 0), ("PCOUNT", 0)]
    table += [("GCOUNT", 1), ("TFIELDS", 1), ("TTYPE1", "TIME"), ("TFORM1", "D"), ("EXTNAME", "EVENTS")]
    with open(name, "wb") as file:
        file.write(block(("SIMPLE", "T"), ("BITPIX", 8), ("NAXIS", 0), *told).replace(b"'T'", b"  T"))
        file.write(block(*table, *told))
'''.replace("{camera!r}", repr(_CAMERA))

_OBSID = """
def observation(folder):
    [name] = [name for name in os.listdir(folder) if name.endswith("SUM.SAS")]
    assert f"PATH {folder}/" in open(os.path.join(folder, name)).read()
    return name.split("_")[1]

def of(name):
    return re.search(r"obsid(\\d+)-inst(\\w\\w)-subexp(\\w{4})", name).groups()

def esas(name):
    _, instrument, exposure = of(name)
    return instrument.replace("PN", "pn").replace("M", "mos") + exposure
"""

_BEHAVIOURS = {
    "cifbuild": "write(parameters['calindexset'], 'index')",
    "odfingest": """
assert os.path.exists(os.environ["SAS_CCF"])
folder = parameters["odfdir"]
assert not [name for name in os.listdir(folder) if name.endswith("SUM.SAS")]
[told] = [name for name in os.listdir(folder) if name.endswith("TOLD.ASC")]
text = open(os.path.join(folder, told)).read()
name = told.replace("TOLD.ASC", "SCX00000SUM.SAS")
write(os.path.join(parameters["outdir"], name), text.replace("PATH /somewhere/", f"PATH {folder}/"))
""",
    "epchain": """
obsid = observation(parameters["odf"])
exposure = parameters["schedule"] + parameters["exposure"]
kind = "OO" if "withoutoftime" in parameters else "PI"
event_list(f"P{obsid}PN{exposure}{kind}EVLI0000.FIT", obsid, "PN", exposure)
write(f"P{obsid}OBX000ATTTSR0000.FIT")
""",
    "emchain": """
obsid = observation(parameters["odf"])
instrument, exposure = parameters["instruments"], parameters["exposures"]
event_list(f"P{obsid}{instrument}{exposure}MIEVLI0000.FIT", obsid, instrument, exposure)
write(f"P{obsid}OBX000ATTTSR0000.FIT")
""",
    "rgsproc": """
obsid = observation(os.path.dirname(os.environ["SAS_ODF"]))
identifier = parameters["instexpids"]
if parameters["entrystage"] == "1:events":
    write(f"P{obsid}{identifier}merged0000.FIT", "1")
elif parameters["entrystage"] == "2:angles":
    write(f"P{obsid}{identifier}merged0000.FIT", open(f"P{obsid}{identifier}merged0000.FIT").read() + "2")
else:
    assert open(f"P{obsid}{identifier}merged0000.FIT").read() == "12"
    event_list(f"P{obsid}{identifier}EVENLI0000.FIT", obsid, identifier[:2], identifier[2:])
""",
    "emanom": f"""
open(parameters["eventfile"], "r+b").close()
write(esas(parameters["eventfile"]) + "-anom.log", {LOG!r})
""",
    "espfilt": """
events = parameters.get("eventfile") or parameters["eventset"]
stem = esas(events)
energies = "-2500-8500" if parameters.get("withlongnames") or "eventset" in parameters else ""
write(f"{stem}-gti{energies}.fits")
write(f"{stem}-hist{energies}.qdp")
event_list(f"{stem}-allevc{energies}.fits", *of(events))
if stem.startswith("pn"):
    event_list(f"{stem}-allevcoot{energies}.fits", *of(events))
""",
    "evselect": """
shutil.copy(parameters["table"], parameters.get("filteredset") or parameters["imageset"])
""",
    "merge": """
if os.path.exists(parameters["outset"]):
    error("fileExists", "merge writes over no file")
    sys.exit(1)
shutil.copy(parameters["set1"], parameters["outset"])
""",
    "eexpmap": """
assert os.path.exists(parameters["attitudeset"]) and os.path.exists(parameters["imageset"])
write(parameters["expimageset"])
""",
}
BEHAVIOURS: Mapping[str, str] = {task: _FITS + _OBSID + text for task, text in _BEHAVIOURS.items()}
"""Task → program."""


def event_list(path: Path, obsid: str, instrument: str, exposure: str) -> Path:
    """Write an event list without events."""
    names: dict = {}
    exec(_FITS, names)
    names["event_list"](path, obsid, instrument, exposure)
    return path


CCDS = {f"ccd{number}": "IMAGING" for number in range(1, 13)} | {"ccd4": "TIMING"}


def observation_text(obsid: str = "0201903501") -> str:
    """The summary of an observation with two sub-exposures of EPIC-pn, and one that only calibrates."""
    instruments = {
        "PN": [exposure("S003", **CCDS), exposure("U002", **CCDS), exposure("S009", kind="CALIBRATION", **CCDS)],
        "M1": [exposure("S001", mode="PrimeFullWindow"), exposure("S007", filter_="CalClosed")],
        "M2": [exposure("S002")],
        "R1": [exposure("S004", mode="HighEventRateWithSES", filter_="")],
    }
    return summary(obsid, instruments, inactive=["R2", "OM"])


def make_odf(folder: Path, obsid: str = "0201903501") -> Path:
    """An ODF: a summary as it comes, with the day of observation, and what the stand-in's odfingest is to write."""
    place = folder / obsid
    place.mkdir(parents=True)
    (place / f"0807_{obsid}_SCX00000SUM.ASC").write_text(summary(obsid))
    (place / f"0807_{obsid}_TOLD.ASC").write_text(observation_text(obsid))
    return place
