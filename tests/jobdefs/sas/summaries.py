"""Summaries of observations for tests, as odfingest writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["exposure", "summary"]


def exposure(
    identifier: str, *, kind: str = "SCIENCE", mode: str = "PrimeFullWindow", filter_: str = "Medium", **ccds: str
) -> list[str]:
    """An exposure's record; `ccds` as ``ccd1="IMAGING"``."""
    return [
        "//",
        "// Exposure Record",
        "//",
        "EXPOSURE",
        f"{identifier[1:]} / Exposure identifier [also {identifier}]",
        f"{kind} / Exposure Type (SCIENCE, CALIBRATION)",
        f"MODE = {mode} / Instrument configuration",
        *([f"FILTER = {filter_} / Filter"] if filter_ else []),
        *(f"DATA_MODE_{int(name[3:]):02d} = {state} / Data mode for CCD {name[3:]}" for name, state in ccds.items()),
    ]


def summary(
    obsid: str = "0201903501",
    instruments: Mapping[str, Sequence[Sequence[str]]] = {},
    *,
    revolution: int = 807,
    inactive: Sequence[str] = (),
) -> str:
    """A whole ``…SUM.SAS``."""
    lines = [
        "// Observation Summary",
        "//",
        "OBSERVATION",
        f"{obsid} / Observation/Slew Identifier",
        f"{revolution:04d} / Revolution number",
        "2004-05-06T07:08:09 / Scheduled Start Time",
        "2004-05-06T17:08:09 / Scheduled Stop Time",
        "PATH /somewhere/",
        "//",
        "FILES",
        "1 / Number of files",
        f"{revolution:04d}_{obsid}_SCX00000SUM.ASC / Summary",
    ]
    for name, exposures in instruments.items():
        lines += ["//", "// Instrument Record", "//", "INSTRUMENT", name, "Y / Instrument was active"]
        lines.append(f"{len(exposures)} / Number of exposures for this instrument")
        lines += [line for record in exposures for line in record]
    for name in inactive:
        lines += ["//", "// Instrument Record", "//", "INSTRUMENT", name, "N / Instrument was not active"]
    return "\n".join(lines) + "\n"
