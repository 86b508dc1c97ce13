"""evselect: selects rows of an event list and makes products of them in one pass.

Parameters, products and messages are those of evselect-3.71.1 of XMM-Newton SAS.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping

from .. import headers
from ..filespec import file_and_block
from ..fitscards import Card, Header
from ..fitsio import FitsFile, Table, open_fits
from ..fitsout import Outputs, Writer
from ..history import creation_cards, history_cards, without_directories
from ..intervals import parse_ranges
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from ..running import running
from ..selectlib import Selection, compile_selection, file_references
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
from .remarks import instrument_of, remark_on_events, remark_on_exposure, remark_on_table
from .scan import DataRanges, Product, scan
from .subspace import Subspace
from .targets import SWITCHES, check_targets, keeps_list, open_list

__all__ = ["VERSION", "run"]

VERSION = "evselect-3.71.1-compatible"
"""What messages, CREATOR and XPROC0 call this task."""

ProductWriter = Callable[[Writer, Frame, BinnedCounts], None]


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
    with running(call, VERSION) as reporter:
        check_targets(call)
        reporter.stage("Reading the event list")
        path, block = file_and_block(call.text("table"))
        with open_fits(path) as file, Outputs(clobber=call.clobber) as outputs:
            _Run(call, reporter, file.table(file.find(block)), outputs, chunk_rows).execute()


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
        self.updates = call.flag("updateexposure") and not instrument_of(table).startswith("RGS")

    def execute(self) -> None:
        """Plan, scan, write."""
        warn = self.reporter.warning
        remark_on_table(self.call, self.table, warn)
        selection = self._selection()
        check_reach(selection.dss or (), self.table.columns)
        before = base_subspace(self.table, self.time_column, warn)
        after = self._restricted(before, selection)
        exposure = measure(self.table, before, after, self.time_column, warn)
        remark_on_exposure(self.call, self.table, exposure, selection.columns, warn)
        plan = Plan(self.call, self.table, exposure, warn)
        updated = exposure if self.updates else None
        unknown = plan.unknown()
        self.reporter.stage("Selecting events")
        if unknown:
            ranges = DataRanges(unknown)
            self._scan(selection, [ranges], passes=(0, 2))
            plan.data = ranges.ranges
        binned, plane = self._binned(plan)
        ccds = self._ccd_counts(updated)
        subspace = write_subspace(after, self.table, warn)
        filtered = self._filtered(selection, subspace, exposure, before)
        products: list[Product] = [item for item in (*binned.values(), ccds, filtered) if item is not None]
        count = self._scan(selection, products, passes=(1, 2) if unknown else (0, 1))
        self.reporter.message(f"selected {count} rows from the input table.")
        remark_on_events(count, binned, updated, warn)
        self.reporter.stage("Writing products")
        if filtered is not None:
            filtered.finish()
        frame = self._frame(selection, subspace)
        cards = {name: self._exposure_cards(updated, ccds, name) for name in binned}
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
            if self.call.flag(SWITCHES[name]):
                axes[name] = (make(),)
        weights = plan.weights()
        rows = self.table.length
        return {name: BinnedCounts(pair, rows=rows, weights=weights) for name, pair in axes.items()}, plane

    def _ccd_counts(self, exposure: Exposure | None) -> CcdCounts | None:
        weighted = any(self.call.flag(SWITCHES[name]) for name in ("spectrumset", "rateset"))
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
        if not keeps_list(self.call):
            return None
        flag = None
        if self.call.text("destruct") == "no":
            flag = make_flag(self.table, self.call.text("flagcolumn"), self.call.integer("flagbit"))
        header = Header(self.table.header)
        header.remove(headers.FILTERED_KEYS.fullmatch)
        header.append("SLCTEXPR", self._slctexpr(selection), "Filtering expression used by evselect")
        header.extend(subspace.cards if self.call.flag("writedss") else ())
        if exposure is not None and self.updates:
            exposure.update(header)
        return FilteredList(
            open_list(self.call, self.outputs),
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
        return creation_cards(self.reporter, self.call, self.primary)

    def _history(self) -> list[Card]:
        return history_cards(self.reporter, self.primary)

    def _slctexpr(self, selection: Selection) -> str:
        return headers.combined_expression(without_directories(selection.expanded), self.table.header.text("SLCTEXPR"))

    def _exposure_cards(self, exposure: Exposure | None, ccds: CcdCounts | None, product: str) -> list[Card]:
        if product == "histogramset":
            return []
        image = product == "imageset"
        if exposure is None:
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
