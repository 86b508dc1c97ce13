"""User-defined functions that have rules of their own, and MOCs.

The functions are those of the Endorsed Note "Catalogue of ADQL User Defined Functions" 1.2. MOC is an extension: the
text of a MOC 2.0, or an order and a region, as an argument of CONTAINS or INTERSECTS.
"""

from __future__ import annotations

from dataclasses import replace

from obstap.adql import bound, tree
from obstap.adql.bound import Kind
from obstap.adql.constants import fixed, number, numbers
from obstap.adql.kinds import INTEGERS, column_of, described
from obstap.adql.limits import ARCS, BINS, CELLS
from obstap.adql.resolve_geometry import GeometryResolver
from obstap.adql.resolve_values import Context
from obstap.adql.tokens import Place
from vo import epochs, frames, healpix_grid, moc_outlines
from vo.errors import QueryError, UsageError
from vo.healpix import cells
from vo.moc import Moc, covering, parse_moc

__all__ = ["UdfResolver"]

_STAR = ("ra", "dec", "parallax", "pmra", "pmdec", "radial_velocity", "ref_epoch", "out_epoch")
_REQUIRED = frozenset({"ra", "dec", "ref_epoch", "out_epoch"})
_ARRAY = column_of(Kind.OTHER)


class UdfResolver(GeometryResolver):
    """Resolves user-defined functions, and what stands between regions and MOCs."""

    def udf(self, node: tree.Call, context: Context) -> bound.Value:
        """A user-defined function."""
        return _FUNCTIONS[node.name](self, node, context)

    def geometry(self, node: tree.Call, context: Context) -> bound.Value:
        """A function of geometry; CONTAINS and INTERSECTS take MOCs too."""
        if node.name in ("CONTAINS", "INTERSECTS") and any(map(_is_moc, node.arguments)):
            return self._against_moc(node, context)
        return super().geometry(node, context)

    # the catalogue's functions

    def _healpix_index(self, node: tree.Call, context: Context) -> bound.Value:
        order = self._order(node.arguments[0], context, node.name)
        if len(node.arguments) == 2:
            place = self._coordinates(node.arguments[1], context, node.name)
        else:
            place = self._numbers(node.arguments[1:], context, node.name)
            self._check_latitude(place[1], node.arguments[2].place)
        about = column_of(Kind.LONG, ucd="pos.healpix")
        if (values := numbers((order, *place))) is not None:
            return bound.Constant(int(cells(values[1], values[2], int(values[0]))), Kind.LONG, about)
        return bound.Call(node.name, (order, *map(_double, place)), Kind.LONG, about)

    def _healpix_center(self, node: tree.Call, context: Context) -> bound.Value:
        order = self._order(node.arguments[0], context, node.name)
        cell = self._whole(node.arguments[1], context, node.name, "the number of a cell")
        if isinstance(order, bound.Constant) and isinstance(cell, bound.Constant):
            count = 12 << 2 * order.value
            if not 0 <= cell.value < count:
                raise self.source.error(
                    f"Order {order.value} has no cell {cell.value}.",
                    node.arguments[1].place,
                    f"Its cells are 0 to {count - 1}.",
                )
            centre = (float(value) for value in healpix_grid.centres(order.value, cell.value))
            return self._shape(Kind.POINT, tuple(map(number, centre)), node)
        return bound.Call(node.name, (order, cell), Kind.POINT, column_of(Kind.POINT))

    def _epoch_prop_pos(self, node: tree.Call, context: Context) -> bound.Value:
        arguments = self._star_and_years(node, context)
        if (values := _known(arguments)) is not None:
            place = epochs.propagated(values[:6], values[6])[:2].tolist()
            return self._shape(Kind.POINT, tuple(map(number, place)), node)
        return bound.Call(node.name, arguments, Kind.POINT, column_of(Kind.POINT))

    def _epoch_prop(self, node: tree.Call, context: Context) -> bound.Value:
        return bound.Call(node.name, self._star_and_years(node, context), Kind.OTHER, replace(_ARRAY, arraysize="6"))

    def _star_and_years(self, node: tree.Call, context: Context) -> tuple[bound.Value, ...]:
        """The six parameters of a star, and the years from the one epoch to the other."""
        values = [self.number(argument, context, node.name) for argument in node.arguments]
        for name, value, argument in zip(_STAR, values, node.arguments, strict=True):
            if value.kind is Kind.NULL and name in _REQUIRED:
                raise self.source.error(f"{node.name} needs {name}; it cannot be NULL.", argument.place)
        self._check_latitude(values[1], node.arguments[1].place)
        *star, given, wanted = map(_double, values)
        epoch = numbers((given, wanted))
        years = bound.Call("-", (wanted, given), Kind.DOUBLE, column_of(Kind.DOUBLE, "yr"))
        return (*star, years if epoch is None else number(epoch[1] - epoch[0]))

    def _geom_transform(self, node: tree.Call, context: Context) -> bound.Value:
        given, wanted = (self._frame(argument) for argument in node.arguments[:2])
        shape = self._shaped(node.arguments[2], context, node.name)
        matrix = frames.rotation(given, wanted)
        if given == wanted:
            return shape
        if (values := fixed(shape)) is not None:
            return self._shape(shape.kind, tuple(map(number, frames.rotated(values, matrix).tolist())), node)
        turn = bound.Shape(tuple(map(number, matrix.ravel().tolist())), Kind.OTHER, _ARRAY)
        return bound.Call(node.name, (shape, turn), shape.kind, column_of(shape.kind))

    def _frame(self, node: tree.Value) -> str:
        if not isinstance(node, tree.Text):
            raise self.source.error(
                "A frame of reference is a text in quotes.", node.place, f"Frames are {', '.join(frames.FRAMES)}."
            )
        try:
            frames.rotation(node.value, "ICRS")
        except UsageError as error:
            raise self.source.error(error.message, node.place, error.hint) from error
        return node.value

    def _normal_random(self, node: tree.Call, context: Context) -> bound.Value:
        mean, deviation = (self.number(argument, context, node.name) for argument in node.arguments)
        if (values := numbers((deviation,))) and values[0] < 0:
            raise self.source.error("A standard deviation cannot be negative.", node.arguments[1].place)
        about = column_of(Kind.DOUBLE, mean.about.unit)
        return bound.Call(node.name, (_double(mean), _double(deviation)), Kind.DOUBLE, about)

    def _histogram(self, node: tree.Call, context: Context) -> bound.Value:
        """The aggregate; `context` forbids others within it."""
        if node.distinct:
            raise self.source.error("ivo_histogram takes no DISTINCT.", node.place)
        value = _double(self.number(node.arguments[0], context, node.name))
        low, high = (self.number(argument, context, node.name) for argument in node.arguments[1:3])
        limits = numbers((low, high))
        if limits is None:
            raise self.source.error("The limits of ivo_histogram must be constants.", node.arguments[1].place)
        if not limits[0] < limits[1] or limits[1] - limits[0] == float("inf"):
            raise self.source.error(
                f"ivo_histogram cannot divide the interval from {limits[0]:g} to {limits[1]:g}.",
                node.arguments[1].place.to(node.arguments[2].place),
                "The lower limit comes first.",
            )
        bins = self._whole(node.arguments[3], context, node.name, "the number of bins")
        if not isinstance(bins, bound.Constant) or not 1 <= bins.value <= BINS:
            raise self.source.error(
                f"The number of bins must be a whole number from 1 to {BINS:,}.", node.arguments[3].place
            )
        count = bound.Constant(bins.value, Kind.INT, column_of(Kind.INT))
        about = replace(_ARRAY, datatype="int", ucd="meta.number")
        return bound.Aggregate(node.name, (value, *map(_double, (low, high)), count), False, Kind.OTHER, about)

    # MOCs

    def _moc_elsewhere(self, node: tree.Call, context: Context) -> bound.Value:  # noqa: ARG002 - one of a family
        raise self.source.error(
            "A MOC cannot stand here.", node.place, "Write CONTAINS(region, MOC(…)) or INTERSECTS(region, MOC(…))."
        )

    def _against_moc(self, node: tree.Call, context: Context) -> bound.Value:
        first, second = node.arguments
        if _is_moc(first) and _is_moc(second):
            raise self.source.error("Two MOCs cannot be compared.", node.place, "One of them must be a region.")
        if _is_moc(first) and node.name == "CONTAINS":
            raise self.source.error("A MOC cannot be within a region.", first.place, "Write CONTAINS(region, MOC(…)).")
        if _is_moc(first):
            first, second = second, first
        shape = self._shaped(first, context, node.name)
        moc = self._moc(second, context)
        name = "CONTAINS" if shape.kind is Kind.POINT else node.name
        if (values := fixed(shape)) is not None:
            judge = moc_outlines.contains_shape if name == "CONTAINS" else moc_outlines.intersects
            return number(int(judge(moc, [values])[0]))
        if shape.kind is not Kind.POINT and (arcs := len(moc_outlines.outline(moc))) > ARCS:
            raise self.source.error(
                f"The borders of this MOC have {arcs:,} arcs; regions are compared with {ARCS:,} at most.",
                second.place,
                "Give it to a lower order, or ask for a POINT.",
            )
        return bound.Call(name, (shape, bound.Constant(moc, Kind.MOC, _ARRAY)), Kind.INT, column_of(Kind.INT))

    def _moc(self, node: tree.Call, context: Context) -> Moc:
        moc = self._covering(node, context) if len(node.arguments) == 2 else self._moc_of_text(node.arguments[0])
        count = sum(len(found) for _, found in moc.by_order())
        if count > CELLS:
            raise self.source.error(
                f"This MOC has {count:,} cells; {CELLS:,} are allowed.", node.place, "Give it to a lower order."
            )
        return moc

    def _moc_of_text(self, node: tree.Value) -> Moc:
        if not isinstance(node, tree.Text):
            raise self.source.error(
                "MOC takes a text in quotes, or an order and a region.", node.place, "Such as MOC('4/1 3-5 6/')."
            )
        try:
            return parse_moc(node.value)
        except QueryError as error:
            lines = node.value.split("\n")[: error.line - 1]
            start = node.place.start + sum(len(line) + 1 for line in lines) + error.column
            place = Place(start, min(start + error.length, node.place.end))
            raise self.source.error(error.message, place, error.hint) from error

    def _covering(self, node: tree.Call, context: Context) -> Moc:
        order = self._order(node.arguments[0], context, "MOC")
        if not isinstance(order, bound.Constant):
            raise self.source.error("The order of a MOC must be a whole number.", node.arguments[0].place)
        shape = fixed(self._shaped(node.arguments[1], context, "MOC"))
        if shape is None:
            raise self.source.error(
                "The region of a MOC must be made of constants.",
                node.arguments[1].place,
                "Such as MOC(8, CIRCLE(83.6, 22, 0.5)).",
            )
        try:
            return covering(order.value, shape, CELLS)
        except UsageError as error:
            raise self.source.error(error.message, node.place, error.hint) from error

    # arguments

    def _order(self, node: tree.Value, context: Context, name: str) -> bound.Value:
        order = self._whole(node, context, name, "the order")
        if isinstance(order, bound.Constant) and not 0 <= order.value <= healpix_grid.MOST:
            raise self.source.error(f"There is no order {order.value}.", node.place, "Orders are 0 to 29.")
        return order

    def _whole(self, node: tree.Value, context: Context, name: str, purpose: str) -> bound.Value:
        """An integer as BIGINT."""
        value = self.value(node, context)
        if value.kind not in INTEGERS:
            raise self.source.error(
                f"{name} takes an integer for {purpose}, and this is {_kind_of_number(value.kind)}.", node.place
            )
        if isinstance(value, bound.Constant):
            return bound.Constant(value.value, Kind.LONG, column_of(Kind.LONG))
        return value if value.kind is Kind.LONG else bound.Cast(value, Kind.LONG, column_of(Kind.LONG))


def _is_moc(node: tree.Value) -> bool:
    return isinstance(node, tree.Call) and node.name == "MOC"


def _kind_of_number(kind: Kind) -> str:
    return "a number of type " + kind.value if kind in (Kind.FLOAT, Kind.DOUBLE) else described(kind)


def _double(value: bound.Value) -> bound.Value:
    """A number as DOUBLE PRECISION."""
    if value.kind is Kind.DOUBLE:
        return value
    about = column_of(Kind.DOUBLE, value.about.unit)
    if isinstance(value, bound.Constant) and value.kind is not Kind.NULL:
        return bound.Constant(float(value.value), Kind.DOUBLE, about)
    return bound.Cast(value, Kind.DOUBLE, about)


def _known(arguments: tuple[bound.Value, ...]) -> list[float] | None:
    """The numbers that arguments are, NaN for NULL, if all are constants."""
    values = []
    for argument in arguments:
        constant = argument.operand if isinstance(argument, bound.Cast) else argument
        if not isinstance(constant, bound.Constant):
            return None
        values.append(float("nan") if constant.value is None else float(constant.value))
    return values


_FUNCTIONS = {
    "IVO_EPOCH_PROP": UdfResolver._epoch_prop,
    "IVO_EPOCH_PROP_POS": UdfResolver._epoch_prop_pos,
    "IVO_GEOM_TRANSFORM": UdfResolver._geom_transform,
    "IVO_HEALPIX_CENTER": UdfResolver._healpix_center,
    "IVO_HEALPIX_INDEX": UdfResolver._healpix_index,
    "IVO_HISTOGRAM": UdfResolver._histogram,
    "IVO_NORMAL_RANDOM": UdfResolver._normal_random,
    "MOC": UdfResolver._moc_elsewhere,
}
