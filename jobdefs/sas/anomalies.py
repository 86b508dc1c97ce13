"""The log of emanom: in which state each CCD of EPIC-MOS was below 1 keV.

Source: SAS documentation of emanom: it judges the hardness of events in the corners, which the central CCD 1 lacks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from vo.errors import UsageError

__all__ = ["ACCEPTED", "CCDS", "STATES", "accepted_ccds", "read_anomalies"]

STATES: Mapping[str, str] = {
    "G": "good at all energies",
    "I": "intermediate below 1 keV",
    "B": "bad below 1 keV",
    "O": "off",
    "U": "undetermined",
}

ACCEPTED = ("G", "I", "U")
"""States that are usually accepted."""

CCDS = range(1, 8)
CENTRE = 1

_LINE = re.compile(r"\bCCD:\s*(?P<ccd>[0-9]{1,3})\s+Hard.*\bStatus:\s*(?P<state>\S+)")


def read_anomalies(text: str, *, source: str = "the log of emanom") -> dict[int, str]:
    """CCD → state, of the CCDs that a log judges.

    Raises
    ------
    vo.errors.UsageError
        When it judges none, or a line says something that cannot be; the message names the line.
    """
    found: dict[int, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        matched = _LINE.search(line)
        if matched is None:
            continue
        ccd, state = int(matched["ccd"]), matched["state"].upper()
        if ccd not in CCDS:
            raise UsageError(f"{source}: line {number}: EPIC-MOS has no CCD {ccd}; it has {CCDS[0]} to {CCDS[-1]}.")
        if state not in STATES:
            known = ", ".join(f"{letter} ({meaning})" for letter, meaning in STATES.items())
            raise UsageError(f"{source}: line {number}: CCD {ccd}: {state[:20]!r} is no state; they are {known}.")
        if found.setdefault(ccd, state) != state:
            raise UsageError(f"{source}: line {number}: CCD {ccd} is in two states, {found[ccd]} and {state}.")
    if not found:
        raise UsageError(f"{source}: it has no line 'CCD: … Status: …'; it is no log of emanom.")
    return found


def accepted_ccds(states: Mapping[int, str], accepted: Collection[str]) -> list[int]:
    """The CCDs whose events are to be kept, in order.

    Parameters
    ----------
    states
        As `read_anomalies` gives them. A CCD of which nothing is said is undetermined (U), but the central one, which
        emanom never judges, is always kept.
    accepted
        Letters of `STATES`.

    Raises
    ------
    vo.errors.UsageError
        When a letter is none of the states.
    """
    for letter in accepted:
        if letter not in STATES:
            raise UsageError(f"{letter!r} is no state of a CCD; they are {', '.join(STATES)}.")
    return [ccd for ccd in CCDS if (ccd == CENTRE and ccd not in states) or states.get(ccd, "U") in accepted]
