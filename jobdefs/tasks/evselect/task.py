"""evselect: selects rows of an event list and makes products of them in one pass.

Parameters, products and messages are those of evselect-3.71.1 of XMM-Newton SAS.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from vo.errors import AthanorError, QueryError

from .. import headers
from ..fitscards import Card, Header
from ..fitsio import FitsFile, Table, open_fits
from ..fitsout import Outputs, Writer
from ..intervals import parse_ranges
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from ..selectlib import Selection, compile_selection, file_references, split_blockspec
from ..skyplane import SkyPlane
from .blocks import open_block
from .counting import BinnedCounts, CcdCounts
from .dss import (
    WrittenSubspace,
    base_subspace,
    named_blocks,
    read_subspace,
    subspace_expression,
    write_subspace,
)
from .exposure import Exposure, measure
from .filtered import FilteredList, make_flag
from .plan import Plan
from .products import Channels, Frame, write_histogram, write_image, write_rate, write_spectrum
from .reach import check_reach
from .scan import DataRanges, Product, scan
from .subspace import Subspace

__all__ = ["VERSION", "run"]

VERSION = "evselect-3.71.1-compatible"
"""What messages, CREATOR and XPROC0 call this task."""

ProductWriter = Callable[[Writer, Frame, BinnedCounts], None]

_OUTPUTS = {
    "filteredset": "withfilteredset",
    "imageset": "withimageset",
    "spectrumset": "withspectrumset",
    "rateset": "withrateset",
    "histogramset": "withhistogramset",
}


def run(call: Invocation, *, chunk_rows: int = 0) -> None:
    """Do what the parameters ask for.

    Parameters
    ----------
    chunk_rows
        Rows taken at a time; 0 for as many as suit the processor's cache. No product depends on it.

    Raises
    ------
    TaskError
        What was asked for can't be done; nothing is left behind then.
    """
    reporter = Reporter("evselect", VERSION, verbosity=call.verbosity)
    reporter.executing(call.command, call.options)
    reporter.started()
    try:
        _check_outputs(call)
        reporter.stage("Reading the event list")
        path, block = _split_table(call.text("table"))
        with open_fits(path) as file, Outputs(clobber=call.clobber) as outputs:
            _Run(call, reporter, file.table(file.find(block)), outputs, chunk_rows).execute()
    except TaskError:
        raise
    except QueryError as error:
        if error.excerpt:
            sys.stderr.write(f"{error.excerpt}\n")
        raise TaskError("DssException", str(error)) from error
    except AthanorError as error:
        raise TaskError("DatasetError", str(error)) from error
    except OSError as error:
        raise TaskError(
            "DatasetError", f"{error.filename or 'a product'} can't be written: {error.strerror}."
        ) from error
    reporter.ended()


def _split_table(text: str) -> tuple[str, str]:
    return (text, "") if Path(text).exists() else split_blockspec(text)


def _check_outputs(call: Invocation) -> None:
    if call.text("keepfilteroutput") == "yes" and not call.flag("withfilteredset"):
        raise TaskError(
            "InPlace", "keepfilteroutput=yes without filteredset would change the input table; name a filteredset."
        )
    table = Path(_split_table(call.text("table"))[0]).resolve()
    seen: dict[Path, str] = {table: "table"}
    for name, switch in _OUTPUTS.items():
        if call.flag(switch):
            other = seen.setdefault(Path(call.text(name)).resolve(), name)
            if other != name:
                raise TaskError("SameDataset", f"{name}={call.text(name)} is the same file as {other}.")


class _Run:
    """One selection on one table."""

    def __init__(self, call: Invocation, reporter: Reporter, table: Table, outputs: Outputs, chunk_rows: int) -> None:
        self.call = call
        self.reporter = reporter
        self.table = table
        self.file: FitsFile = table.file
        self.outputs = outputs
        self.chunk_rows = chunk_rows
        self.primary: Header = self.file.hdus[0].header
        self.time_column = call.text("timecolumn")

    def execute(self) -> None:
        """Plan, scan, write."""
        self._remark_on_table()
        selection = self._selection()
        check_reach(selection.dss or (), self.table.columns)
        before = base_subspace(self.table, self.time_column, self.reporter.warning)
        after = self._restricted(before, selection)
        exposure = measure(self.table, before, after, self.time_column, self.reporter.warning)
        plan = Plan(self.call, self.table, exposure, self.reporter.warning)
        unknown = plan.unknown()
        self.reporter.stage("Selecting events")
        if unknown:
            ranges = DataRanges(unknown)
            self._scan(selection, [ranges], passes=(0, 2))
            plan.data = ranges.ranges
        binned, plane = self._binned(plan)
        ccds = self._ccd_counts(exposure)
        subspace = write_subspace(after, self.table, self.reporter.warning)
        filtered = self._filtered(selection, subspace, exposure, before)
        products: list[Product] = [item for item in (*binned.values(), ccds, filtered) if item is not None]
        count = self._scan(selection, products, passes=(1, 2) if unknown else (0, 1))
        self.reporter.message(f"selected {count} rows from the input table.")
        self._remark_on_events(count, binned)
        self.reporter.stage("Writing products")
        if filtered is not None:
            filtered.finish()
        frame = self._frame(selection, subspace)
        cards = {name: self._exposure_cards(exposure, ccds, image=name == "imageset") for name in binned}
        self._write_products(binned, self._writers(plane, after), frame, cards)

    def _selection(self) -> Selection:
        return compile_selection(
            self._expression(),
            header={**self.primary.as_dict(), **self.table.header.as_dict()},
            columns=[column.name for column in self.table.columns.values()],
            open_table=functools.partial(open_block, self.file),
        )

    def _expression(self) -> str:
        if self.call.text("filtertype") != "dataSubspace":
            return self.call.text("expression")
        block = self.call.text("dssblock")
        hdu = self.file.find(block.removeprefix(":")) if block else self.table.hdu
        subspace = read_subspace(self.file, hdu.header, self.reporter.warning)
        if not subspace.dimensions:
            raise TaskError(
                "DssException", f"filtertype=dataSubspace: block {hdu.name or hdu.index} has no data subspace."
            )
        expression = subspace_expression(subspace, self.table.columns, self.reporter.warning)
        if file_references(expression):
            raise TaskError("DssException", "filtertype=dataSubspace: a data subspace can't name other files.")
        return expression

    def _restricted(self, before: Subspace, selection: Selection) -> Subspace:
        if selection.dss is None:
            if self.time_column.upper() in {name.upper() for name in selection.columns}:
                self.reporter.warning(
                    "ExpBadTimeComp",
                    f"the expression joins conditions on {self.time_column} by 'or'; exposure times are not updated.",
                )
            return before
        units = {name: column.unit for name, column in self.table.columns.items()}
        after = before.restricted(selection.dss, units)
        return after.simplified() if self.call.flag("cleandss") else after

    def _scan(self, selection: Selection, products: list[Product], *, passes: tuple[int, int]) -> int:
        number, total = passes

        def progress(done: int, rows: int) -> None:
            self.reporter.progress(done + number * rows, total * rows)

        return scan(self.table, selection, products, progress=progress, chunk_rows=self.chunk_rows)

    def _binned(self, plan: Plan) -> tuple[dict[str, BinnedCounts], SkyPlane | None]:
        plane = None
        axes = {}
        if self.call.flag("withimageset"):
            axes["imageset"], plane = plan.image()
        for name, make in (("spectrumset", plan.spectrum), ("rateset", plan.rate), ("histogramset", plan.histogram)):
            if self.call.flag(_OUTPUTS[name]):
                axes[name] = (make(),)
        weights = plan.weights()
        rows = self.table.length
        return {name: BinnedCounts(pair, rows=rows, weights=weights) for name, pair in axes.items()}, plane

    def _ccd_counts(self, exposure: Exposure | None) -> CcdCounts | None:
        weighted = any(self.call.flag(_OUTPUTS[name]) for name in ("spectrumset", "rateset", "histogramset"))
        if exposure is None or not exposure.column or not weighted:
            return None
        if exposure.column in self.table.columns:
            return CcdCounts(exposure.column)
        self.reporter.warning(
            "NoCCDcolumn", f"the table has no column {exposure.column}; exposures are not weighted by events."
        )
        return None

    def _filtered(
        self, selection: Selection, subspace: WrittenSubspace, exposure: Exposure | None, before: Subspace
    ) -> FilteredList | None:
        if not self.call.flag("withfilteredset"):
            return None
        flag = None
        if self.call.text("destruct") == "no":
            flag = make_flag(self.table, self.call.text("flagcolumn"), self.call.integer("flagbit"))
        header = Header(self.table.header)
        header.remove(headers.FILTERED_KEYS.fullmatch)
        header.append("SLCTEXPR", self._slctexpr(selection), "Filtering expression used by evselect")
        header.extend(subspace.cards if self.call.flag("writedss") else ())
        if exposure is not None and self.call.flag("updateexposure"):
            exposure.update(header)
        return FilteredList(
            self.outputs.open(self.call.text("filteredset")),
            self.table,
            primary=headers.list_primary(self.primary, self._creation(), self._history()),
            header=header,
            flag=flag,
            subspace=subspace,
            left_out=named_blocks(before),
            exposure=exposure if self.call.flag("filterexposure") else None,
        )

    def _frame(self, selection: Selection, subspace: WrittenSubspace) -> Frame:
        observation = headers.observation_cards(self.primary, self.table.header)
        names = self.call.texts("attributestocopy")
        observation += headers.attribute_cards(names, [self.table.header, self.primary], self.reporter.warning)
        written = subspace if self.call.flag("writedss") else WrittenSubspace()
        return Frame(
            creation=self._creation(),
            observation=observation,
            instrument=headers.instrument_cards(self.primary, self.table.header),
            times=headers.time_cards(self.primary, self.table.header),
            sky=headers.sky_cards(self.table.header, observation),
            history=self._history(),
            expression=self._slctexpr(selection),
            subspace=written,
            exposure=(),
        )

    def _creation(self) -> list[Card]:
        return headers.creation_cards(self.reporter, self.call.command)

    def _history(self) -> list[Card]:
        return headers.history_cards(self.reporter, self.primary)

    def _slctexpr(self, selection: Selection) -> str:
        return headers.combined_expression(selection.expanded, self.table.header.text("SLCTEXPR"))

    def _exposure_cards(self, exposure: Exposure | None, ccds: CcdCounts | None, *, image: bool) -> list[Card]:
        if exposure is None or not self.call.flag("updateexposure"):
            return headers.exposure_cards(self.table.header, with_ccds=image)
        return exposure.image_cards() if image else exposure.product_cards(ccds.counts if ccds else {})

    def _writers(self, plane: SkyPlane | None, after: Subspace) -> dict[str, ProductWriter]:
        call = self.call
        writers: dict[str, ProductWriter] = {
            "spectrumset": write_spectrum,
            "histogramset": write_histogram,
        }
        if call.flag("withimageset"):
            data_type = call.text("imagedatatype") if call.flag("withimagedatatype") else ""
            writers["imageset"] = functools.partial(write_image, plane=plane, data_type=data_type)
        if call.flag("withrateset"):
            writers["rateset"] = functools.partial(
                write_rate,
                channels=Channels(call.text("energycolumn").upper(), self._energy_range(after)),
                as_rate=call.flag("makeratecolumn"),
                with_time=call.flag("maketimecolumn"),
            )
        return writers

    def _write_products(
        self,
        binned: Mapping[str, BinnedCounts],
        writers: Mapping[str, ProductWriter],
        frame: Frame,
        exposures: Mapping[str, list[Card]],
    ) -> None:
        for name, product in binned.items():
            writer = self.outputs.open(self.call.text(name))
            writers[name](writer, dataclasses.replace(frame, exposure=exposures[name]), product)
            frame.subspace.write_blocks(writer)
            for block in self.call.texts("blockstocopy"):
                writer.copy(self.file, self.file.find(block.removeprefix(":")))

    def _energy_range(self, after: Subspace) -> tuple[float, float] | None:
        """CHANMIN and CHANMAX of a rate curve: the range that was selected, within the legal limits."""
        column = self.table.columns.get(self.call.text("energycolumn").upper())
        if column is None:
            name = self.call.text("energycolumn")
            self.reporter.warning("RateEnergy", f"the table has no column {name}; CHANMIN and CHANMAX are not written.")
            return None
        number = after.find(column.name)
        ranges = None if number is None else parse_ranges(after.components[0][number].value)
        low, high = (-math.inf, math.inf) if ranges is None else (float(ranges[0, 0]), float(ranges[-1, 1]))
        low = column.low if column.low is not None and math.isinf(low) else low
        high = column.high if column.high is not None and math.isinf(high) else high
        return None if math.isinf(low) or math.isinf(high) else (low, high)

    def _remark_on_table(self) -> None:
        warn = self.reporter.warning
        telescope = self.table.header.text("TELESCOP") or self.primary.text("TELESCOP")
        if telescope.upper() != "XMM":
            warn("NotXMM", f"the table is from {telescope or 'an unnamed telescope'}, not from XMM-Newton.")
        if any(re.fullmatch(r"TCROT\d+|TP\d+_\d+[A-Z]?|TPC\d+_\d+", card.keyword) for card in self.table.header.cards):
            warn("WcsTransform", "the rotation between columns (TCROTn, TPn_k) is ignored in the WCS of images.")
        if self.table.length == 0:
            warn("NoInputEvents", f"{self.file.name} has no rows in block {self.table.hdu.name}.")
        if not any(self.call.flag(switch) for switch in _OUTPUTS.values()):
            warn("NoOutput", "no product is asked for: set withfilteredset, withimageset, … to yes.")

    def _remark_on_events(self, count: int, binned: dict[str, BinnedCounts]) -> None:
        if count == 0:
            self.reporter.warning("NoFilteredEvents", "no event passes the expression; products hold no counts.")
            return
        for name, product in binned.items():
            if product.inside == 0:
                self.reporter.warning("NoFilteredEvents", f"no selected event lies within the range of {name}.")
