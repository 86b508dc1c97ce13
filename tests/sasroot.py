"""A stand-in for an installation of XMM-Newton SAS: its programs record how they were called, and do what a test says.

    sas = make_sas(tmp_path, behaviours={"evselect": "write(parameters['imageset'])"})
    settings.SAS_DIR, settings.SAS_CCFPATH = str(sas.root), str(sas.ccf)
    …
    [call] = sas.calls()
    assert call.parameters["table"] == "inputs/events.fits"

A behaviour is the text of a Python program. It finds the arguments in ``sys.argv`` and in the dictionary
``parameters``, and may call

- ``say(text)``, ``warning(code, text)``, ``error(code, text)``: lines in the forms of SAS;
- ``write(name, text="")``: a file, with the directories that it lies in;
- ``write_table(name, extension="EVENTS", **columns)``: a FITS file with a table (through astropy).

Without a behaviour a program says that it started and ended, and writes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["HEASOFT_TASKS", "TASKS", "Call", "SasRoot", "make_sas"]

_NAMES = """
asmooth atthkgen attcalc backcorr backscale badpix barycen cifbuild ebkgreg eboxdetect ecoordconv edetect_chain
eexpmap elcplot emanom emask embadpixfind emchain emenergy emevents emframes emldetect emproc epatplot epchain
epevents epexposure epfast epframes epiclccorr epicspeccombine epnoise epproc epreject eregionanalyse esensmap
espfilt especget especplot esplinemap etimeget eupper evlistcomb evselect gtialign gtibuild gtimerge lcplot merge
odfbrowser odfingest odffix omatt omdetect omfchain omgchain omichain omsource radmonfix rgsangles rgsenergy
rgsevents rgsfilter rgsfluxer rgslccorr rgsproc rgsregions rgsrmfgen rgsspectrum rmfgen arfgen sas sasversion
specgroup srcdisplay srcmatch startsas tabgtigen xmmextractor
"""
TASKS = tuple(_NAMES.split())
"""Tasks of SAS that the stand-in has."""

HEASOFT_TASKS = ("fversion", "lcurve")
"""Programs of HEASoft that the stand-in has beside them."""

RECORDED = ("SAS_", "HEAD", "LHEASOFT", "PFILES", "PATH", "LD_LIBRARY_PATH", "PERL5LIB", "PYTHON", "PGPLOT", "HOME")
"""What the names of environment variables begin with that a call keeps."""

_PROGRAM = """#!{python} -I
import json, os, sys, time

TASK, RELEASE, RECORDED, CALLS = {task!r}, {release!r}, {recorded!r}, {calls!r}
parameters = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:] if "=" in word)
_clock = time.strftime("%Y-%m-%dT%H:%M:%S.000", time.gmtime())


def _record():
    call = {{
        "task": TASK,
        "argv": sys.argv[1:],
        "cwd": os.getcwd(),
        "listing": sorted(os.listdir()),
        "environment": {{name: value for name, value in os.environ.items() if name.startswith(RECORDED)}},
    }}
    # Within walls only the job's own directories can be written.
    for folder in (CALLS, os.path.join(os.environ.get("HOME", ""), "sas-calls")):
        try:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "%020d-%d.json" % (time.time_ns(), os.getpid())), "x") as file:
                json.dump(call, file)
            return
        except OSError:
            continue


def say(text):
    print(TASK + ":- " + text, flush=True)


def warning(code, text):
    print("** %s: warning (%s), %s" % (TASK, code, text), file=sys.stderr, flush=True)


def error(code, text):
    print("** %s: error (%s), %s" % (TASK, code, text), file=sys.stderr, flush=True)


def write(name, text=""):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "w") as file:
        file.write(text)


def write_table(name, extension="EVENTS", **columns):
    from astropy.table import Table
    Table(columns).write(name, format="fits", overwrite=True)
    from astropy.io import fits
    with fits.open(name, mode="update") as file:
        file[1].name = extension


_record()
if TASK not in {quiet!r}:
    say("Executing (routine): " + " ".join([TASK, *sys.argv[1:]]) + "  -w 1 -V 4")
    say("%s (%s-1.0)  [%s] started:  %s" % (TASK, TASK, RELEASE, _clock))
{behaviour}
if TASK not in {quiet!r}:
    say("%s (%s-1.0)  [%s] ended:    %s" % (TASK, TASK, RELEASE, _clock))
"""

_QUIET = ("sas", *HEASOFT_TASKS)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a program.

    Parameters
    ----------
    argv
        Its arguments, without its name.
    environment
        Variables whose names begin as `RECORDED` says.
    listing
        Names in the directory in which it was called.
    """

    task: str
    argv: list[str]
    cwd: str
    environment: dict[str, str]
    listing: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, str]:
        """The arguments ``name=value``."""
        return dict(word.lstrip("-").split("=", 1) for word in self.argv if "=" in word)


@dataclass(frozen=True, slots=True)
class SasRoot:
    """A stand-in installation.

    Parameters
    ----------
    root
        For SAS_DIR.
    ccf
        For SAS_CCFPATH: a directory with one calibration file.
    heasoft
        For HEADAS: a directory with ``bin/lcurve``.
    release
        As its programs name it (``xmmsas_20211130_0941-20.0.0``).
    """

    root: Path
    ccf: Path
    heasoft: Path
    release: str

    def calls(self, task: str = "", *, jobs: Path | None = None) -> list[Call]:
        """What was called, in order.

        Parameters
        ----------
        task
            Only calls of this one.
        jobs
            A directory below which jobs ran within walls (ATHANOR_HOME): their calls count too.
        """
        found = list((self.root / "calls").glob("*.json"))
        if jobs is not None:
            found += jobs.rglob("sas-calls/*.json")
        read = [Call(**json.loads(path.read_text())) for path in sorted(found, key=lambda path: path.name)]
        return [call for call in read if not task or call.task == task]

    def behave(self, task: str, behaviour: str) -> None:
        """Let a program do something else from now on; it is made if there is none."""
        folder = self.heasoft if task in HEASOFT_TASKS else self.root
        _write_program(folder / "bin" / task, behaviour, release=self.release, calls=self.root / "calls")

    def remove(self, task: str) -> None:
        """Take a program away."""
        (self.root / "bin" / task).unlink()


def make_sas(
    folder: Path,
    *,
    version: str = "21.0.0",
    behaviours: Mapping[str, str] = {},
    parameter_files: Mapping[str, str] = {},
    tasks: Sequence[str] = TASKS,
    new_release: bool = False,
) -> SasRoot:
    """Make a stand-in installation in a directory.

    Parameters
    ----------
    behaviours
        Task → Python program; see the module.
    parameter_files
        Task → XML text of ``config/<task>.par``.
    new_release
        Whether the release is named as SAS 22 does, ``22.0.0-9173c7d25-20250127``, and not ``xmmsas_…-21.0.0``.
    """
    release = f"{version}-9173c7d25-20250127" if new_release else f"xmmsas_20211130_0941-{version}"
    made = SasRoot(folder / "xmmsas", folder / "ccf", folder / "heasoft", release)
    for path in (made.root / "bin", made.root / "config", made.root / "lib", made.ccf, made.heasoft / "bin"):
        path.mkdir(parents=True, exist_ok=True)
    (made.ccf / "XMM_MISCDATA_0022.CCF").write_bytes(b"")
    said = {"sasversion": _SASVERSION, "sas": _SAS, "fversion": "print('V6.33')"}
    for task in (*tasks, *HEASOFT_TASKS, *behaviours):
        made.behave(task, behaviours.get(task, said.get(task, "")))
    for task, text in parameter_files.items():
        (made.root / "config" / f"{task}.par").write_text(text)
    return made


_SASVERSION = """
say("XMM-Newton SAS release and build information:")
print()
print("SAS release: " + RELEASE)
print("Compiled on: Tue Nov 30 09:41:00 CET 2021")
print("SAS-related environment variables that are set:")
print("SAS_DIR = " + os.environ.get("SAS_DIR", ""))
"""

_SAS = 'print("sas (sas-1.62)  [" + RELEASE + "]")'


def _write_program(path: Path, behaviour: str, *, release: str, calls: Path) -> None:
    text = _PROGRAM.format(
        python=sys.executable,
        task=path.name,
        release=release,
        recorded=RECORDED,
        calls=str(calls),
        quiet=_QUIET,
        behaviour=behaviour,
    )
    path.write_text(text)
    path.chmod(0o755)
