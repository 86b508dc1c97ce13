"""The version of an installation of SAS, from what ``sasversion`` or ``sas --version`` says.

Two forms are in use: ``[xmmsas_20211130_0941-20.0.0]`` and, since SAS 21, ``[22.0.0-9173c7d25-20250127]``.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Mapping

from vo.errors import AthanorError, UnavailableError

__all__ = ["MINIMUM", "ask_version", "parse_version", "sas_version"]

MINIMUM = (14, 0, 0)
"""The oldest SAS whose tasks have the parameters that definitions use."""

SECONDS = 120.0
"""After which a program that does not answer is given up; a container may be fetched before it starts."""

_BRACKETS = re.compile(r"\[(?P<release>[^\[\]]+)\]")
_RELEASE = re.compile(r"SAS release:\s*(?P<release>\S+)")
_OLD = re.compile(r"xmmsas_\S*-(?P<version>\d+\.\d+(?:\.\d+)?)")
_NEW = re.compile(r"(?P<version>\d+\.\d+(?:\.\d+)?)(?:-\S*)?")


def parse_version(text: str) -> tuple[int, int, int]:
    """The version that a text of ``sasversion`` or ``sas --version`` names.

    Raises
    ------
    vo.errors.AthanorError
        When it names none.
    """
    releases = [matched["release"] for matched in _RELEASE.finditer(text)]
    releases += [matched["release"] for matched in reversed(list(_BRACKETS.finditer(text)))]
    for release in releases:
        matched = _OLD.fullmatch(release) or _NEW.fullmatch(release)
        if matched:
            first, second, third, *_ = (*map(int, matched["version"].split(".")), 0)
            return first, second, third
    raise AthanorError("sasversion did not say which version of SAS it is.")


def ask_version(environ: Mapping[str, str], *, seconds: float = SECONDS) -> tuple[int, int, int]:
    """The version of the installation that an environment names, from its ``sasversion``.

    Parameters
    ----------
    environ
        As of a job: what `jobdefs.sas.environment.Installation.to_environment` gives, HOME, and PYTHONPATH where this
        package is not installed.
    seconds
        For which its answer is waited for.

    Raises
    ------
    vo.errors.UnavailableError
        When the program does not run, or does not answer in time.
    vo.errors.AthanorError
        When its answer names no version.
    """
    command = [sys.executable, "-P", "-m", "jobdefs.sas", "sasversion"]
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"sasversion does not run: {error}") from error
    if done.returncode:
        words = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UnavailableError(f"sasversion does not run: {words}")
    return parse_version(f"{done.stdout}\n{done.stderr}")


@functools.cache
def sas_version() -> tuple[int, int, int]:
    """The version of SAS in this run, asked once.

    Raises
    ------
    vo.errors.AthanorError
        When it cannot be found out.
    """
    return ask_version(os.environ)
