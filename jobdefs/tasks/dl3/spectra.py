"""What dl3-onoff-spectrum writes: OGIP spectra of source and background, a table, and the regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..fitscards import Card, Header
from ..fitsout import Field, Outputs, Writer, table_block
from ..gtifile import new_primary
from ..headers import instrument_cards
from ..parameters import Invocation
from ..reporting import Reporter
from .reflected import Cone
from .runs import Run, common_cards
from .significance import li_ma

__all__ = ["Stacked", "write_regions", "write_spectra", "write_table"]

KEV = 1e9
"""keV of a TeV."""


@dataclass(frozen=True, slots=True)
class Stacked:
    """Counts by energy of runs together; or, of `total`, one number each.

    Parameters
    ----------
    on, off
        Counts of the source's and of the background's regions.
    alpha
        By which the background is to be multiplied.
    livetime
        Seconds.
    """

    on: np.ndarray
    off: np.ndarray
    alpha: np.ndarray
    livetime: float

    @property
    def excess(self) -> np.ndarray:
        """Counts without those expected of the background."""
        return self.on - self.alpha * self.off

    @property
    def error(self) -> np.ndarray:
        """One sigma of the excess."""
        return np.sqrt(self.on + self.alpha**2 * self.off)

    @property
    def significance(self) -> np.ndarray:
        """Li & Ma's, in sigma."""
        return li_ma(self.on, self.off, self.alpha)

    def total(self) -> Stacked:
        """The same of all energies together."""
        off = self.off.sum()
        alpha = (self.alpha * self.off).sum() / off if off else self.alpha.mean()
        return Stacked(np.asarray(self.on.sum()), np.asarray(off), np.asarray(alpha), self.livetime)


def write_spectra(
    outputs: Outputs,
    call: Invocation,
    reporter: Reporter,
    *,
    runs: Sequence[Run],
    stacked: Stacked,
    edges: np.ndarray,
) -> None:
    """Write the spectrum of the source (parameter onset) and that of the background (offset), OGIP 92-007.

    BACKSCAL of the source by that of the background is alpha.

    Parameters
    ----------
    runs
        The event lists that were counted; the first gives the keywords of the observation.
    stacked
        Their counts together, in each bin of energy.
    edges
        Of the bins, in TeV.
    """
    alpha = stacked.alpha
    scale = 1 / alpha if np.ptp(alpha) > 1e-12 * alpha.max() else float(1 / alpha[0])
    on, off = call.text("onset"), call.text("offset")
    for target, counts, backscale, background in (
        (on, stacked.on, 1.0, Path(off).name),
        (off, stacked.off, scale, "none"),
    ):
        writer = outputs.open(target)
        primary, table = Header(common_cards(runs)), runs[0].header
        instrument = instrument_cards(primary, Header([card for card in table if card.keyword in primary]))
        head = new_primary(reporter, call, primary, Header())
        head.extend(Card("HISTORY", f"Events of {Path(run.name).name}") for run in runs)
        writer.write(head)
        cards = _spectrum_cards(instrument, len(counts), stacked.livetime, background, is_source=target == on)
        _write_counts(writer, counts, backscale, cards)
        _write_bounds(writer, edges, instrument)


def write_table(target: Path, stacked: Stacked, edges: np.ndarray, *, runs: int) -> None:
    """Write counts, excess and significance by energy as ECSV, those of all energies in its header."""
    from astropy.table import Table  # noqa: PLC0415 (heavy)

    total = stacked.total()
    table = Table(
        {
            "e_min": edges[:-1],
            "e_max": edges[1:],
            "counts": stacked.on.astype(np.int64),
            "counts_off": stacked.off.astype(np.int64),
            "alpha": stacked.alpha,
            "excess": stacked.excess,
            "excess_err": stacked.error,
            "significance": stacked.significance,
        },
        meta={
            "runs": runs,
            "livetime_s": float(stacked.livetime),
            "counts": int(total.on),
            "counts_off": int(total.off),
            "alpha": float(total.alpha),
            "excess": float(total.excess),
            "excess_err": float(total.error),
            "significance": float(total.significance),
        },
    )
    for name, unit, description in (
        ("e_min", "TeV", "Lowest energy of the bin"),
        ("e_max", "TeV", "Highest energy of the bin"),
        ("counts", None, "Counts in the region of the source"),
        ("counts_off", None, "Counts in the regions of the background"),
        ("alpha", None, "Scale of the background"),
        ("excess", None, "counts - alpha * counts_off"),
        ("excess_err", None, "1 sigma of the excess"),
        ("significance", None, "Li & Ma 1983, equation 17"),
    ):
        table[name].description = description
        if unit:
            table[name].unit = unit
    table.write(target, format="ascii.ecsv", overwrite=True)


def write_regions(target: Path, regions: Mapping[str, tuple[Cone, Sequence[Cone]]]) -> None:
    """Write the regions of source and background of each run, as DS9 reads them."""
    lines = ["# Region file format: DS9", "icrs"]
    for name, (source, cones) in regions.items():
        lines.append(f"{source.text} # color=green text={{{name}}}")
        lines += [f"{cone.text} # color=red background" for cone in cones]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _spectrum_cards(
    instrument: Sequence[Card], channels: int, livetime: float, background: str, *, is_source: bool
) -> list[Card]:
    return [
        *instrument,
        Card("HDUCLASS", "OGIP", "format conforms to OGIP standard"),
        Card("HDUCLAS1", "SPECTRUM", "file contains a spectrum"),
        Card("HDUCLAS2", "TOTAL" if is_source else "BKG", "gross counts" if is_source else "background"),
        Card("HDUCLAS3", "COUNT", "spectrum is stored as counts"),
        Card("HDUVERS", "1.2.1", "version of format"),
        Card("HDUVERS1", "1.2.1", "version of format"),
        Card("CHANTYPE", "PI", "channels are bins of energy"),
        Card("DETCHANS", channels, "number of channels"),
        Card("EXPOSURE", livetime, "[s] sum of the live times of the runs"),
        Card("AREASCAL", 1.0, "scaling of area"),
        Card("CORRSCAL", 1.0, "scaling of correction"),
        Card("BACKFILE", background, "spectrum of the background"),
        Card("CORRFILE", "none", "no correction"),
        Card("RESPFILE", "none", "no response"),
        Card("ANCRFILE", "none", "no effective area"),
        Card("POISSERR", True, "Poisson errors are appropriate"),
        Card("STAT_ERR", 0, "no other statistical error"),
        Card("SYS_ERR", 0, "no systematic error"),
        Card("QUALITY", 0, "all channels are good"),
        Card("GROUPING", 0, "no grouping"),
    ]


def _write_counts(writer: Writer, counts: np.ndarray, backscale: float | np.ndarray, cards: list[Card]) -> None:
    channels = np.arange(len(counts), dtype=np.int16)
    fields = [
        Field("CHANNEL", channels, "channel number", limits=(0, len(counts) - 1)),
        Field("COUNTS", counts.astype(np.int32), "counts in the channel", "count"),
    ]
    if isinstance(backscale, np.ndarray):
        fields.append(Field("BACKSCAL", backscale, "scaling of the background"))
    else:
        cards = [*cards, Card("BACKSCAL", backscale, "scaling of the background")]
    writer.write(*table_block("SPECTRUM", fields, cards))


def _write_bounds(writer: Writer, edges: np.ndarray, instrument: Sequence[Card]) -> None:
    fields = [
        Field("CHANNEL", np.arange(len(edges) - 1, dtype=np.int16), "channel number"),
        Field("E_MIN", edges[:-1] * KEV, "lowest energy", "keV"),
        Field("E_MAX", edges[1:] * KEV, "highest energy", "keV"),
    ]
    cards = [
        *instrument,
        Card("HDUCLASS", "OGIP", "format conforms to OGIP standard"),
        Card("HDUCLAS1", "RESPONSE", "file contains part of a response"),
        Card("HDUCLAS2", "EBOUNDS", "energies of channels"),
        Card("HDUVERS", "1.2.0", "version of format"),
        Card("CHANTYPE", "PI", "channels are bins of energy"),
        Card("DETCHANS", len(edges) - 1, "number of channels"),
    ]
    writer.write(*table_block("EBOUNDS", fields, cards))
