"""The environment that programs of XMM-Newton SAS and HEASoft expect, made from what a site says of its installation.

Source: the initialisation of SAS (``setsas``, pySAS's ``startsas``) and of HEASoft (``headas-init``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = [
    "CONTAINER",
    "HEASOFT_NEEDED",
    "SUMMARY_VARIABLE",
    "Installation",
    "installation",
    "search_path",
    "variables",
]

CONTAINER = "ATHANOR_SAS_COMMAND"
"""Variable that carries the container command from the engine to the launcher, as a list of words in JSON."""

SUMMARY_VARIABLE = "ATHANOR_ODF_SUMMARY"
"""Variable of a definition's parameter that brings the summary to the ODF that SAS_ODF names."""

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

HEASOFT_NEEDED: Mapping[str, str] = {"emchain": "lcurve", "xmm-emchain": "lcurve"}
"""Tasks of SAS, and steps of chains that run them, that need a program of HEASoft, and which."""


class Installation(NamedTuple):
    """What a site says of its SAS.

    Parameters
    ----------
    root
        SAS_DIR; within the container where there is one.
    ccfpath
        SAS_CCFPATH: directories of the current calibration files, separated by colons.
    headas
        HEADAS; empty where there is no HEASoft.
    container
        Words that run a command in a container, such as ``apptainer exec /images/sas.sif``; none where SAS is installed
        on the machine. ``{jobdir}`` in them stands for the directory of the job, ``{workdir}`` for the current one.
    """

    root: str
    ccfpath: str = ""
    headas: str = ""
    container: tuple[str, ...] = ()
    verbosity: int = 4
    suppress_warning: int = 1

    def to_environment(self) -> dict[str, str]:
        """The variables from which `installation` reads it again, in a process of the job."""
        told = {
            "SAS_DIR": self.root,
            "SAS_CCFPATH": self.ccfpath,
            "HEADAS": self.headas,
            "SAS_VERBOSITY": str(self.verbosity),
            "SAS_SUPPRESS_WARNING": str(self.suppress_warning),
            CONTAINER: json.dumps(self.container) if self.container else "",
        }
        return {name: value for name, value in told.items() if value}


def installation(environ: Mapping[str, str]) -> Installation:
    """The installation that the environment of a job names."""
    return Installation(
        root=environ.get("SAS_DIR", ""),
        ccfpath=environ.get("SAS_CCFPATH", ""),
        headas=environ.get("HEADAS", ""),
        container=tuple(json.loads(environ.get(CONTAINER) or "[]")),
        verbosity=int(environ.get("SAS_VERBOSITY") or 4),
        suppress_warning=int(environ.get("SAS_SUPPRESS_WARNING") or 1),
    )


def search_path(sas: Installation) -> list[str]:
    """Directories in which the programs of SAS, then those of HEASoft, are looked for."""
    found = [f"{sas.root}/{name}" for name in ("bin", "bin/devel", "binextra")]
    return [*found, f"{sas.headas}/bin"] if sas.headas else found


def variables(sas: Installation, *, pfiles: str) -> dict[str, str]:
    """What SAS and HEASoft find in their environment.

    Parameters
    ----------
    pfiles
        Directory for the parameter files of HEASoft, of this run alone: two runs that share one spoil each other's.
    """
    made = {
        "SAS_DIR": sas.root,
        "SAS_PATH": sas.root,
        "SAS_CCFPATH": sas.ccfpath,
        "SAS_VERBOSITY": str(sas.verbosity),
        "SAS_SUPPRESS_WARNING": str(sas.suppress_warning),
        "SAS_IMAGEVIEWER": "ds9",
        "PATH": _joined([*search_path(sas), SYSTEM_PATH]),
        "LD_LIBRARY_PATH": _joined([f"{sas.root}/{name}" for name in ("lib", "libextra", "libsys")]),
        "PERL5LIB": f"{sas.root}/lib/perl5",
        "PYTHONPATH": f"{sas.root}/lib/python",
        "HEADASNOQUERY": "",
        "HEADASPROMPT": "/dev/null",
        "PFILES": pfiles,
    }
    return made | _of_heasoft(sas.headas, made) if sas.headas else made


def _of_heasoft(root: str, made: Mapping[str, str]) -> dict[str, str]:
    return {
        "HEADAS": root,
        "LHEASOFT": root,
        "FTOOLS": root,
        "LHEA_DATA": f"{root}/refdata",
        "PGPLOT_DIR": f"{root}/lib",
        "PGPLOT_FONT": f"{root}/lib/grfont.dat",
        "PGPLOT_RGB": f"{root}/lib/rgb.txt",
        "PFCLOBBER": "1",
        "LD_LIBRARY_PATH": _joined([made["LD_LIBRARY_PATH"], f"{root}/lib"]),
        "PERL5LIB": _joined([made["PERL5LIB"], f"{root}/lib/perl"]),
        "PFILES": f"{made['PFILES']};{root}/syspfiles",
    }


def _joined(paths: Sequence[str]) -> str:
    return os.pathsep.join(paths)
