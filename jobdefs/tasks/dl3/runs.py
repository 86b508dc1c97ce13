"""Event lists of one or several runs, as far as tasks need them (GADF 0.2, EVENTS and its header)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vo.sphere import lonlat, unit

from ..filespec import file_and_block
from ..fitscards import Card, Header
from ..fitsio import open_fits
from ..headers import observation_cards
from ..reporting import TaskError

__all__ = ["Run", "common_cards", "mean_pointing", "read_run"]

_TEV = {"tev": 1.0, "gev": 1e-3, "mev": 1e-6, "kev": 1e-9}
_NEEDED = ("RA", "DEC", "ENERGY")
_OF_ONE = frozenset({"OBS_ID", "DATE-OBS", "DATE-END", "TIME-OBS", "TIME-END", "RA_PNT", "DEC_PNT", "DURATION"})


@dataclass(frozen=True, slots=True)
class Run:
    """The events of a run.

    Parameters
    ----------
    name
        Of the file.
    ra, dec, energy
        Of the events: degrees, degrees, TeV; shape (n,).
    pointing
        Right ascension and declination, degrees; the mean position of the events where the header names none.
    livetime
        Seconds; 0 where the header does not tell.
    primary, header
        Of the file and of EVENTS.
    """

    name: str
    ra: np.ndarray
    dec: np.ndarray
    energy: np.ndarray
    pointing: tuple[float, float]
    livetime: float
    primary: Header
    header: Header


def read_run(path: str, emin: float, emax: float) -> Run:
    """The events of a file with energies from `emin` up to, but without, `emax` (TeV).

    Raises
    ------
    TaskError
        `NotDl3`: the file has no events with positions and energies.
    vo.errors.UsageError
        It can't be read.
    """
    name, block = file_and_block(path)
    with open_fits(name) as file:
        hdu = file.find(block or "EVENTS")
        table = file.table(hdu)
        missing = [column for column in _NEEDED if column not in table.columns]
        if missing:
            raise TaskError(
                "NotDl3", f"{path} has no column {', '.join(missing)} in {hdu.name}; an event list of DL3 has."
            )
        unit_name = table.columns["ENERGY"].unit
        factor = _TEV.get((unit_name or "TeV").lower())
        if factor is None:
            raise TaskError("NotDl3", f"{path}: ENERGY is in {unit_name}, which is none of TeV, GeV, MeV, keV.")
        parts: list[list[np.ndarray]] = [[], [], []]
        for chunk in table.chunks():
            energy = np.asarray(chunk["ENERGY"], dtype=float) * factor
            ra, dec = (np.asarray(chunk[column], dtype=float) for column in ("RA", "DEC"))
            kept = (energy >= emin) & (energy < emax) & np.isfinite(ra) & np.isfinite(dec)
            for target, values in zip(parts, (ra, dec, energy), strict=True):
                target.append(values[kept])
        ra, dec, energy = (np.concatenate(part) if part else np.array([]) for part in parts)
        header = hdu.header
        livetime = next((header.number(key) for key in ("LIVETIME", "EXPOSURE", "ONTIME") if header.number(key)), 0.0)
        return Run(
            name=path,
            ra=ra,
            dec=dec,
            energy=energy,
            pointing=_pointing(header, ra, dec),
            livetime=float(livetime or 0),
            primary=file.hdus[0].header,
            header=header,
        )


def mean_pointing(runs: Sequence[Run]) -> tuple[float, float]:
    """The middle of the runs' pointings, degrees."""
    return _mean(*np.transpose([run.pointing for run in runs]))


def common_cards(runs: Sequence[Run]) -> list[Card]:
    """The keywords of the observation that all runs have alike; of a single run all of them."""
    cards = observation_cards(runs[0].primary, runs[0].header)
    if len(runs) == 1:
        return cards
    others = [run.header.as_dict() | run.primary.as_dict() for run in runs[1:]]
    return [
        card
        for card in cards
        if card.keyword not in _OF_ONE and all(other.get(card.keyword) == card.value for other in others)
    ]


def _pointing(header: Header, ra: np.ndarray, dec: np.ndarray) -> tuple[float, float]:
    named = [header.number(keyword) for keyword in ("RA_PNT", "DEC_PNT")]
    if None not in named:
        return float(named[0] or 0), float(named[1] or 0)
    return _mean(ra, dec) if len(ra) else (0.0, 0.0)


def _mean(ra: np.ndarray, dec: np.ndarray) -> tuple[float, float]:
    lon, lat = lonlat(unit(ra, dec).sum(axis=0))
    return float(lon), float(lat)
