"""The summary of an observation data file (ODF): which instruments observed, in which exposures, and how.

Two relatives are read: ``…SUM.SAS``, which odfingest writes, and ``…SUM.ASC``, which comes with the ODF (interface
control document of the ODF; lines padded to 80 characters). Both are lines ``value / comment``; lines that begin with
``//`` are remarks. A ``…SUM.ASC`` may stop short of the exposures: then there are no instruments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vo.errors import UsageError

__all__ = ["Exposure", "Instrument", "Summary", "read_summary"]

_INSTRUMENT = re.compile(r"[A-Z][A-Z0-9]")
_EXPOSURE = re.compile(r"\b[SUX][0-9]{3}\b")
_OBSERVATION = re.compile(r"[0-9]{10}")
_NUMBER = re.compile(r"[0-9]{1,6}")
_FILE = re.compile(r"[0-9]{4}_([0-9]{10})_\S+")
_ASSIGNMENT = re.compile(r"(?P<name>\w+)\s*=\s*(?P<value>[^\s/]+)")
_CCD = re.compile(r"DATA_MODE_([0-9]{1,2})")

WITHOUT_MODE = "OM"
"""The instrument whose exposures may do without type and mode here: its configuration has records of its own."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A sub-exposure of an instrument.

    Parameters
    ----------
    id
        `S003` (scheduled) or `U002` (unscheduled).
    type
        ``SCIENCE``, ``CALIBRATION``, ….
    mode
        Of the instrument: ``PrimeFullWindow``, ….
    filter
        Empty where none is told (RGS).
    ccd_modes
        CCD → ``IMAGING``, ``TIMING``, …; empty where they are not told.
    """

    id: str
    type: str
    mode: str
    filter: str = ""
    ccd_modes: Mapping[int, str] = field(default_factory=dict)

    @property
    def scheduled(self) -> bool:
        """Whether it was planned."""
        return self.id.startswith("S")


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument in one observation."""

    name: str
    active: bool
    exposures: tuple[Exposure, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a summary tells.

    Parameters
    ----------
    obsid
        Ten digits.
    revolution
        Of the spacecraft; None where it is not told.
    start, stop
        Scheduled times (UTC, ISO 8601); empty where they are not told.
    instruments
        By name: PN, M1, M2, R1, R2, OM.
    """

    obsid: str
    revolution: int | None
    start: str
    stop: str
    instruments: Mapping[str, Instrument]


def read_summary(text: str, *, source: str = "the summary") -> Summary:
    """Read a summary.

    Parameters
    ----------
    source
        The file's name, for messages.

    Raises
    ------
    vo.errors.UsageError
        When it is none, or contradicts itself; the message names line, instrument and observation.
    """
    lines = [
        (number, line)
        for number, padded in enumerate(re.split(r"\r\n|\n|\r", text), start=1)
        if (line := padded.strip()) and not line.startswith("//")
    ]
    return _Reader(lines, source).summary()


Line = tuple[int, str]


class _Reader:
    def __init__(self, lines: list[Line], source: str) -> None:
        self.lines = lines
        self.source = source
        self.obsid = ""

    def summary(self) -> Summary:
        record = self._observation()
        self.obsid = self._identifier(record)
        revolution = record[1][1] if len(record) > 1 else ""
        times = [value for _, value in record[2:4]] + ["", ""]
        instruments: dict[str, Instrument] = {}
        for start, end in self._sections():
            found = self._instrument(start, end)
            if found.name in instruments:
                raise self._wrong(start, found.name, "it has two records.")
            instruments[found.name] = found
        number = int(revolution) if _NUMBER.fullmatch(revolution) else None
        return Summary(self.obsid, number, times[0], times[1], instruments)

    def _observation(self) -> list[Line]:
        """Identifier, revolution, start and stop, as far as they are there."""
        names = [line for _, line in self.lines]
        if "OBSERVATION" not in names:
            return []
        begin = names.index("OBSERVATION") + 1
        end = names.index("FILES", begin) if "FILES" in names[begin:] else len(names)
        return [(number, _value(line)) for number, line in self.lines[begin : min(end, begin + 4)]]

    def _identifier(self, record: list[Line]) -> str:
        if record and _OBSERVATION.fullmatch(record[0][1]):
            return record[0][1]
        if record:
            number, value = record[0]
            raise UsageError(f"{self.source}: line {number}: {value[:40]!r} is no ObsID; it has ten digits.")
        named = {matched[1] for _, line in self.lines if (matched := _FILE.match(line))}
        if len(named) == 1:
            return named.pop()
        raise UsageError(f"{self.source}: it has no record OBSERVATION; it is no summary of an ODF.")

    def _sections(self) -> Iterator[tuple[int, int]]:
        """Where the record of each instrument begins and ends; indices of lines."""
        starts = [index for index, (_, line) in enumerate(self.lines) if line == "INSTRUMENT"]
        ends = [index for index, (_, line) in enumerate(self.lines) if line == "PROPOSAL"]
        for start in starts:
            yield start, min([stop for stop in (*starts, *ends) if stop > start], default=len(self.lines))

    def _instrument(self, start: int, end: int) -> Instrument:
        head = [_value(line) for _, line in self.lines[start + 1 : min(start + 4, end)]]
        name = head[0] if head else ""
        if not _INSTRUMENT.fullmatch(name):
            raise self._wrong(
                start, "", f"INSTRUMENT is followed by {name[:40]!r}, which is no instrument (PN, M1, …)."
            )
        flag = head[1].upper() if len(head) > 1 else ""
        if flag[:1] not in {"Y", "N"}:
            raise self._wrong(start + 1, name, f"{flag[:40]!r} does not say whether it was active (Y or N).")
        places = [index for index in range(start, end) if self.lines[index][1] == "EXPOSURE"]
        stated = head[2] if len(head) > 2 else ""
        if flag[0] == "N" and not places:
            return Instrument(name, active=False)
        if not _NUMBER.fullmatch(stated):
            raise self._wrong(min(start + 3, end - 1), name, f"{stated[:40]!r} is no number of exposures.")
        if int(stated) != len(places):
            raise self._wrong(start + 3, name, f"{int(stated)} exposures are announced, and {len(places)} are there.")
        exposures: dict[str, Exposure] = {}
        for place, stop in zip(places, [*places, end][1:], strict=True):
            found = self._exposure(name, place, stop)
            if found.id in exposures:
                raise self._wrong(place, name, f"exposure {found.id} has two records.")
            exposures[found.id] = found
        return Instrument(name, active=flag[0] == "Y", exposures=tuple(exposures.values()))

    def _exposure(self, instrument: str, start: int, end: int) -> Exposure:
        lines = [line for _, line in self.lines[start + 1 : end]]
        identifier = _EXPOSURE.search(lines[0]) if lines else None
        if identifier is None:
            told = lines[0][:40] if lines else ""
            raise self._wrong(start, instrument, f"EXPOSURE is followed by {told!r}, which names none, such as S003.")
        kind = mode = filter_ = ""
        ccds: dict[int, str] = {}
        for line in lines[1:]:
            comment = line.partition("/")[2].lower()
            assigned = _ASSIGNMENT.match(line)
            if "exposure type" in comment:
                kind = kind or _value(line).upper()
            elif assigned and "instrument configuration" in comment:
                mode = mode or assigned["value"]
            elif assigned and assigned["name"].upper().endswith("FILTER"):
                filter_ = filter_ or assigned["value"]
            elif assigned and (ccd := _CCD.fullmatch(assigned["name"].upper())):
                ccds[int(ccd[1])] = assigned["value"].upper()
        for missing, value in (("type", kind), ("mode", mode)):
            if not value and instrument != WITHOUT_MODE:
                raise self._wrong(start, instrument, f"exposure {identifier[0]} has no {missing}.")
        return Exposure(identifier[0], kind, mode, filter_, ccds)

    def _wrong(self, index: int, instrument: str, message: str) -> UsageError:
        number = self.lines[index][0] if index < len(self.lines) else self.lines[-1][0]
        where = f"{instrument} of observation {self.obsid}" if instrument else f"observation {self.obsid}"
        return UsageError(f"{self.source}: line {number}: {where}: {message}")


def _value(line: str) -> str:
    """What stands before the comment."""
    return re.split(r"\s+/|/\s", line, maxsplit=1)[0].strip()
