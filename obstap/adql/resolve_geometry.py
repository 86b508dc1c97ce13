"""The functions of geometry (ADQL 2.1 §4.2): their forms, and regions that are known before the query runs.

All coordinates are ICRS degrees. The optional first argument that names a coordinate system may be ICRS, FK5, J2000,
UNKNOWN or empty; others are refused, because nothing is converted. Boundaries belong to regions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from obstap.adql import bound, tree
from obstap.adql.bound import Kind
from obstap.adql.constants import fixed, number, numbers
from obstap.adql.kinds import GEOMETRY, NUMBERS, column_of, described
from obstap.adql.resolve_values import Context, ValueResolver
from obstap.adql.tokens import Place
from vo import regions
from vo.errors import UsageError
from vo.shapes import parse_shape
from vo.stcs import require_icrs

__all__ = ["GeometryResolver"]


class GeometryResolver(ValueResolver):
    """Resolves the functions of geometry."""

    def geometry(self, node: tree.Call, context: Context) -> bound.Value:
        """A function of geometry."""
        return _FUNCTIONS[node.name](self, node, context)

    def shape_constant(self, text: str, kind: Kind, place: Place) -> bound.Value:
        """The region that a text has in the form of DALI (DALI 1.1 §3.3): coordinates with spaces between them."""
        values = self._try(lambda: parse_shape(text, kind.value), place)
        return bound.Shape(tuple(map(number, values)), kind, column_of(kind))

    # constructors

    def _point(self, node: tree.Call, context: Context) -> bound.Value:
        arguments = self._without_coosys(node)
        if len(arguments) != 2:
            raise self._wrong_form(node, "POINT(lon, lat)")
        return self._shape(Kind.POINT, self._numbers(arguments, context, "POINT"), node)

    def _circle(self, node: tree.Call, context: Context) -> bound.Value:
        parts = self._centred(node, context, 1, "CIRCLE(lon, lat, radius) or CIRCLE(point, radius)")
        return self._shape(Kind.CIRCLE, parts, node)

    def _box(self, node: tree.Call, context: Context) -> bound.Value:
        parts = self._centred(node, context, 2, "BOX(lon, lat, width, height) or BOX(point, width, height)")
        values = numbers(parts)
        if values is None:
            self._check_latitude(parts[1], node.place)
            return bound.Shape(parts, Kind.POLYGON, column_of(Kind.POLYGON), box=True)
        with_vertices = self._try(lambda: regions.box(*values), node.place)
        return self._shape(Kind.POLYGON, tuple(number(value) for value in with_vertices), node)

    def _polygon(self, node: tree.Call, context: Context) -> bound.Value:
        arguments = self._without_coosys(node)
        first = self.value(arguments[0], context) if arguments else None
        if first is not None and first.kind is Kind.POINT:
            parts = tuple(part for argument in arguments for part in self._coordinates(argument, context, "POLYGON"))
        else:
            if len(arguments) % 2:
                raise self._wrong_form(node, "POLYGON(lon1, lat1, lon2, lat2, …): coordinates come in pairs")
            parts = self._numbers(arguments, context, "POLYGON")
        if len(parts) < 6:
            raise self._wrong_form(node, "a POLYGON of three vertices or more")
        return self._shape(Kind.POLYGON, parts, node)

    def _region(self, node: tree.Call, context: Context) -> bound.Value:  # noqa: ARG002 - one of a family
        text = node.arguments[0]
        if not isinstance(text, tree.Text):
            raise self.source.error(
                "REGION takes a text in quotes.", text.place, "Such as REGION('CIRCLE ICRS 10.5 -20.1 0.5')."
            )
        values = self._try(lambda: regions.parse_stcs(text.value), text.place)
        kind = {2: Kind.POINT, 3: Kind.CIRCLE}.get(len(values), Kind.POLYGON)
        return self._shape(kind, tuple(number(value) for value in values), node)

    def _centroid(self, node: tree.Call, context: Context) -> bound.Value:
        shape = self._shaped(node.arguments[0], context, "CENTROID")
        if shape.kind is Kind.POINT:
            return shape
        if (values := fixed(shape)) is not None:
            centre = regions.centroid(values).tolist()
            return self._shape(Kind.POINT, tuple(number(value) for value in centre), node)
        return bound.Call("CENTROID", (shape,), Kind.POINT, column_of(Kind.POINT))

    # functions of regions

    def _contains(self, node: tree.Call, context: Context) -> bound.Value:
        inner, outer = (self._shaped(argument, context, "CONTAINS") for argument in node.arguments)
        return self._predicate("CONTAINS", inner, outer)

    def _intersects(self, node: tree.Call, context: Context) -> bound.Value:
        first, second = (self._shaped(argument, context, "INTERSECTS") for argument in node.arguments)
        if first.kind is Kind.POINT:
            return self._predicate("CONTAINS", first, second)
        if second.kind is Kind.POINT:
            return self._predicate("CONTAINS", second, first)
        return self._predicate("INTERSECTS", first, second)

    def _predicate(self, name: str, first: bound.Value, second: bound.Value) -> bound.Value:
        shapes = fixed(first), fixed(second)
        if None not in shapes:
            judge = (
                regions.intersects
                if name == "INTERSECTS"
                else lambda inner, outer: regions.contains_shape(outer, inner)
            )
            return number(int(judge(*shapes)))
        return bound.Call(name, (first, second), Kind.INT, column_of(Kind.INT))

    def _area(self, node: tree.Call, context: Context) -> bound.Value:
        shape = self._shaped(node.arguments[0], context, "AREA")
        if (values := fixed(shape)) is not None:
            return number(float(regions.area(values)), "deg2")
        return bound.Call("AREA", (shape,), Kind.DOUBLE, column_of(Kind.DOUBLE, "deg2", "phys.angArea"))

    def _distance(self, node: tree.Call, context: Context) -> bound.Value:
        if len(node.arguments) == 4:
            parts = self._numbers(node.arguments, context, "DISTANCE")
            for lat, argument in ((parts[1], node.arguments[1]), (parts[3], node.arguments[3])):
                self._check_latitude(lat, argument.place)
        elif len(node.arguments) == 2:
            parts = tuple(part for point in node.arguments for part in self._coordinates(point, context, "DISTANCE"))
        else:
            raise self._wrong_form(node, "DISTANCE(point, point) or DISTANCE(lon1, lat1, lon2, lat2)")
        if (values := numbers(parts)) is not None:
            return number(float(regions.distance(*values)), "deg")
        return bound.Call("DISTANCE", parts, Kind.DOUBLE, column_of(Kind.DOUBLE, "deg", "pos.angDistance"))

    def _coord1(self, node: tree.Call, context: Context) -> bound.Value:
        return self._coordinates(node.arguments[0], context, "COORD1")[0]

    def _coord2(self, node: tree.Call, context: Context) -> bound.Value:
        return self._coordinates(node.arguments[0], context, "COORD2")[1]

    def _coosys(self, node: tree.Call, context: Context) -> bound.Value:
        shape = self._shaped(node.arguments[0], context, "COORDSYS")
        return bound.Call("COORDSYS", (shape,), Kind.TEXT, column_of(Kind.TEXT))

    # arguments

    def _without_coosys(self, node: tree.Call) -> tuple[tree.Value, ...]:
        """The arguments behind the coordinate system, which is looked at and left out."""
        first = node.arguments[0]
        if not isinstance(first, tree.Text):
            return node.arguments
        try:
            require_icrs(first.value)
        except UsageError as error:
            raise self.source.error(error.message, first.place, error.hint) from error
        return node.arguments[1:]

    def _numbers(self, arguments: Sequence[tree.Value], context: Context, name: str) -> tuple[bound.Value, ...]:
        return tuple(self.number(argument, context, name) for argument in arguments)

    def _centred(self, node: tree.Call, context: Context, sizes: int, usage: str) -> tuple[bound.Value, ...]:
        """The numbers of a region that is given by its centre, as a point or two numbers, and sizes."""
        arguments = self._without_coosys(node)
        if len(arguments) == sizes + 2:
            return self._numbers(arguments, context, node.name)
        if len(arguments) == sizes + 1:
            centre = self._coordinates(arguments[0], context, node.name)
            return (*centre, *self._numbers(arguments[1:], context, node.name))
        raise self._wrong_form(node, usage)

    def _coordinates(self, node: tree.Value, context: Context, name: str) -> tuple[bound.Value, bound.Value]:
        point = self._shaped(node, context, name, only_points=True)
        if isinstance(point, bound.Shape):
            return point.parts[0], point.parts[1]
        column = column_of(Kind.DOUBLE, "deg")
        return (
            bound.Call("COORD1", (point,), Kind.DOUBLE, column),
            bound.Call("COORD2", (point,), Kind.DOUBLE, column),
        )

    def _shaped(self, node: tree.Value, context: Context, name: str, *, only_points: bool = False) -> bound.Value:
        """A value that must be a region; columns that show one as text are taken for what they show."""
        value = self.value(node, context)
        if isinstance(value, bound.Field) and (region := value.region) is not None:
            value = bound.Field(value.relation, region.shape, Kind.REGION, column_of(Kind.REGION), node.place)
        if only_points and value.kind is not Kind.POINT:
            hint = "Write POINT(lon, lat)." if value.kind in NUMBERS else "CENTROID(region) is a point."
            raise self.source.error(
                f"{name} takes a POINT here, and this is {described(value.kind)}.", node.place, hint
            )
        if value.kind not in GEOMETRY:
            raise self.source.error(f"{name} takes a region, and this is {described(value.kind)}.", node.place)
        return value

    # checks

    def _shape(self, kind: Kind, parts: tuple[bound.Value, ...], node: tree.Call) -> bound.Shape:
        values = numbers(parts)
        if values is not None:
            checked = self._try(lambda: regions.checked(values), node.place)
            parts = tuple(number(value) for value in checked)
        else:
            for index in range(1, 2 if kind is Kind.CIRCLE else len(parts), 2):
                self._check_latitude(parts[index], node.place)
            if kind is Kind.CIRCLE and (radius := numbers(parts[2:])) and radius[0] < 0:
                raise self.source.error(f"The radius {radius[0]:g} is negative.", node.place)
        return bound.Shape(parts, kind, column_of(kind))

    def _check_latitude(self, value: bound.Value, place: Place) -> None:
        values = numbers((value,))
        if values is not None and not abs(values[0]) <= 90:
            raise self.source.error(f"The latitude {values[0]:g} lies outside -90 to 90 degrees.", place)

    def _try(self, make: Callable[[], tuple[float, ...]], place: Place) -> tuple[float, ...]:
        """A region's coordinates; what is wrong with them is told at their place."""
        try:
            return make()
        except UsageError as error:
            raise self.source.error(error.message, place, error.hint) from error

    def _wrong_form(self, node: tree.Call, usage: str) -> Exception:
        return self.source.error(f"{node.name} has the wrong number of arguments.", node.place, f"Write {usage}.")


_FUNCTIONS = {
    "AREA": GeometryResolver._area,
    "BOX": GeometryResolver._box,
    "CENTROID": GeometryResolver._centroid,
    "CIRCLE": GeometryResolver._circle,
    "CONTAINS": GeometryResolver._contains,
    "COORD1": GeometryResolver._coord1,
    "COORD2": GeometryResolver._coord2,
    "COORDSYS": GeometryResolver._coosys,
    "DISTANCE": GeometryResolver._distance,
    "INTERSECTS": GeometryResolver._intersects,
    "POINT": GeometryResolver._point,
    "POLYGON": GeometryResolver._polygon,
    "REGION": GeometryResolver._region,
}
