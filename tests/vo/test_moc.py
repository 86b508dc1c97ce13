"""Coverage maps: reading and writing, cells, regions against them; with mocpy and brute force as references."""

from __future__ import annotations

import mocpy
import numpy as np
import pytest
from astropy.coordinates import Angle, Latitude, Longitude
from hypothesis import given
from hypothesis import strategies as st

from vo import regions
from vo.errors import QueryError, UsageError
from vo.healpix import cells
from vo.healpix_grid import centres, separated
from vo.moc import Moc, covering, parse_moc
from vo.moc_outlines import SAG, contains_shape, intersects, outline
from vo.sphere import distance, lonlat, unit

MANY = 100_000

STRAY = " is not part of a MOC. A MOC is made of orders and cells, such as 4/1 3-5 6/."


@st.composite
def mocs(draw: st.DrawFn, deepest: int = 7) -> Moc:
    order = draw(st.integers(0, deepest))
    parts = []
    for depth in range(order + 1):
        count = 12 << 2 * depth
        starts = draw(st.lists(st.integers(0, count - 1), max_size=4))
        ends = [min(start + draw(st.integers(0, 40)), count - 1) for start in starts]
        parts.append(f"{depth}/{' '.join(f'{a}-{b}' for a, b in zip(starts, ends, strict=True))}")
    return parse_moc(" ".join(parts))


@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, float, float, float]:
    """The number of corners (0 for a circle), the middle and the radius of a region; see `made`."""
    return (
        draw(st.sampled_from([0, 3, 4, 7])),
        draw(st.floats(0, 360)),
        draw(st.floats(-90, 90)),
        10 ** draw(st.floats(-2.5, 1.6)),
    )


def made(corners: int, lon: float, lat: float, radius: float) -> tuple[float, ...]:
    """A circle, or a polygon with all corners on it."""
    if not corners:
        return (lon, lat, radius)
    axis, east = unit(lon, lat), unit(lon + 90, 0)
    turn = np.arange(corners)[:, None] * 2 * np.pi / corners + 0.3
    tangent = np.cos(turn) * east + np.sin(turn) * np.cross(axis, east)
    size = np.radians(radius)
    return tuple(np.stack(lonlat(np.cos(size) * axis + np.sin(size) * tangent), axis=-1).ravel().tolist())


@pytest.mark.parametrize(
    ("text", "order", "written"),
    [
        ("4/1 3-5 6/", 6, "4/1 3-5 6/"),
        ("0/0-11", 0, "0/0-11"),
        ("8/", 8, "8/"),
        ("s3/7", 3, "3/7"),
        (" 3/ 7\n8\r\n4/1\t", 4, "3/7-8 4/1"),
        ("3/1,3-4,5 4/2", 4, "3/1 3-5 4/2"),
        ("4/5 2/1", 4, "2/1 4/5"),
        ("2/3 0/0", 2, "0/0 2/"),
        ("1/0 1 2 3", 1, "0/0 1/"),
        ("1/0-3 2/16 16 16-18", 2, "0/0 2/16-18"),
        ("29/3458764513820540927", 29, "29/3458764513820540927"),
        ("29/0-3458764513820540927", 29, "0/0-11 29/"),
        ("1/1 2 4 2/12-14 21 23 25 8/", 8, "1/1-2 4 2/12-14 21 23 25 8/"),
    ],
)
def test_texts(text: str, order: int, written: str) -> None:
    moc = parse_moc(text)
    assert (moc.order, str(moc)) == (order, written)


@pytest.mark.parametrize(
    ("text", "column", "length", "message"),
    [
        ("", 1, 1, "The MOC is empty. Write orders and cells, such as 4/1 3-5 6/."),
        ("  \n", 1, 3, "The MOC is empty. Write orders and cells, such as 4/1 3-5 6/."),
        ("s", 1, 1, "The MOC is empty. Write orders and cells, such as 4/1 3-5 6/."),
        ("3", 1, 1, "3 has no order before it. Write order and cell, such as 4/3."),
        ("30/1", 1, 3, "There is no order 30. Orders are 0 to 29."),
        ("4/3071 3072", 8, 4, "Order 4 has no cell 3072. Its cells are 0 to 3071."),
        ("4/5-99999", 3, 7, "Order 4 has no cell 99999. Its cells are 0 to 3071."),
        ("4/5-3", 3, 3, "The range 5-3 runs backwards. Write 3-5."),
        ("4/5-", 3, 2, "'5-'" + STRAY),
        ("4/1 x", 5, 1, "'x'" + STRAY),
        ("4/-1", 3, 2, "'-1'" + STRAY),
        ("4/1;2", 3, 3, "'1;2'" + STRAY),
        ("4/1-2-3", 3, 5, "'1-2-3'" + STRAY),
        ("t61/1", 1, 5, "'t61/1' is not part of a MOC. Only the sky is covered: give a MOC of space."),
        ("4/1 t61/1", 5, 5, "'t61/1' is not part of a MOC. Only the sky is covered: give a MOC of space."),
        (
            '{"4":[1]}',
            1,
            9,
            "'{\"4\":[1]}' is not part of a MOC. A MOC is made of orders and cells, such as 4/1 3-5 6/.",
        ),
        ("4/" + "9" * 5000, 3, 5000, f"Order 4 has no cell {'9' * 20}. Its cells are 0 to 3071."),
        ("9" * 5000 + "/1", 1, 5001, f"There is no order {'9' * 20}. Orders are 0 to 29."),
    ],
)
def test_wrong_texts_are_told_with_their_place(text: str, column: int, length: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_moc(text)
    error = caught.value
    assert (error.line, error.column, error.length) == (1, column, length)
    assert f"{error.message} {error.hint}" == message


def test_place_in_a_later_line() -> None:
    with pytest.raises(QueryError) as caught:
        parse_moc("4/1\n5/2\n 6/oops 3")
    assert (caught.value.line, caught.value.column, caught.value.length) == (3, 4, 4)


@given(mocs())
def test_agrees_with_mocpy(moc: Moc) -> None:
    other = mocpy.MOC.from_string(str(moc))
    assert np.array_equal(other.to_depth29_ranges.reshape(-1, 2).astype(np.int64), moc.ranges + np.array([0, 1]))
    assert np.array_equal(parse_moc(other.to_string()).ranges, moc.ranges)
    rng = np.random.default_rng(len(moc.ranges))
    lon, lat = rng.uniform(0, 360, 200), np.degrees(np.arcsin(rng.uniform(-1, 1, 200)))
    assert np.array_equal(
        moc.contains(cells(lon, lat)), other.contains_lonlat(Longitude(lon, "deg"), Latitude(lat, "deg"))
    )


@given(mocs())
def test_largest_cells_and_joined_ranges(moc: Moc) -> None:
    found = dict(moc.by_order())
    rebuilt = parse_moc(" ".join(f"{order}/{' '.join(map(str, cell))}" for order, cell in found.items()) or "0/")
    assert np.array_equal(rebuilt.ranges, moc.ranges)
    for order, cell in found.items():
        siblings, counts = np.unique(cell >> 2, return_counts=True)
        assert order == 0 or not (counts == 4).any(), siblings
    for most in (1, 3, 10_000):
        ranges = np.array(moc.joined(most)).reshape(-1, 2)
        assert len(ranges) <= most
        assert len(ranges) == len(moc.ranges) or len(ranges) == most
        rank = np.searchsorted(ranges[:, 0], moc.ranges[:, 0], side="right") - 1
        assert (rank >= 0).all()
        assert (moc.ranges[:, 1] <= ranges[rank, 1]).all()


def test_borders_belong_to_one_cell() -> None:
    moc = parse_moc("0/4")
    lon, lat = np.array([0.0, 0.0, 0.0, 45.0, 44.999999]), np.array([0.0, 41.8, -41.8, 0.0, 0.0])
    assert np.array_equal(moc.contains(cells(lon, lat)), cells(lon, lat, 0) == 4)


@pytest.mark.parametrize("order", range(6))
def test_outline_has_the_moc_on_one_side(order: int) -> None:
    """A step off the middle of each arc of a chequered sky leads into the MOC on one side, out of it on the other."""
    cell = np.arange(12 << 2 * order)
    _, x, y = separated(cell, order)
    moc = parse_moc(f"{order}/" + " ".join(map(str, cell[(x + y) % 2 == 0])))
    arcs = outline(moc)
    a, b = unit(arcs[:, 0], arcs[:, 1]), unit(arcs[:, 2], arcs[:, 3])
    across = np.cross(a, b) / np.linalg.norm(np.cross(a, b), axis=-1, keepdims=True)
    left, right = (moc.contains(cells(*lonlat(a + b + step * np.radians(SAG) * across))) for step in (2.2, -2.2))
    assert (left != right).all()


def outline_ends(arcs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places where arcs end, and how many do."""
    places = np.round(unit(*arcs.reshape(-1, 2).T), 9) + 0.0
    return np.unique(places, axis=0, return_counts=True)


@given(mocs())
def test_outline_is_closed(moc: Moc) -> None:
    """In each place an even number of arcs end; only what has no border has no arcs."""
    arcs = outline(moc)
    assert (outline_ends(arcs)[1] % 2 == 0).all()
    assert bool(len(arcs)) == (str(moc).partition(" ")[0] != "0/0-11" and len(moc.ranges) > 0)


def test_outline_of_cells_of_two_orders() -> None:
    """Where a cell lies beside smaller ones, its side is a border only beside those that are left out."""
    whole, parts = outline(parse_moc("6/1000-1003")), outline(parse_moc("5/250 7/4016-4031"))
    assert len(whole) == len(outline(parse_moc("5/250")))
    around, hole = outline(parse_moc("3/20")), outline(parse_moc("4/80-82 6/1328-1339 1341-1343"))
    assert len(hole) == len(around) + len(outline(parse_moc("6/1340")))
    assert len(parts) > len(whole)


@given(mocs(), shapes())
def test_regions_and_mocs(moc: Moc, form: tuple[int, float, float, float]) -> None:
    shape = np.array([made(*form)])
    touches, within = bool(intersects(moc, shape)[0]), bool(contains_shape(moc, shape)[0])
    assert touches or not within
    lon, lat = deep_places(shape[0])
    inside = moc.contains(cells(lon, lat))
    assert touches or not inside.any()
    assert inside.all() or not within
    if touches:
        wider = made(*form[:3], (form[3] + 4 * SAG) * (1.0 if not form[0] else 1 / np.cos(np.pi / form[0])))
        cover = covering(max(min(9 - int(np.log2(form[3])), 14), moc.order), wider, MANY)
        assert any(not moc.overlap(cell, order)[1].all() for order, cell in cover.by_order())


def deep_places(shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places further inside a region than the tolerance of outlines reaches."""
    x, y, z, radius = (float(value) for value in regions.bounding_cone(shape))
    steps = np.random.default_rng(8).normal(0, 0.6, (300, 3)) * np.radians(min(radius, 60))
    lon, lat = lonlat(np.array([x, y, z]) + steps)
    deep = regions.contains_shape(shape, np.stack([lon, lat, np.full(len(lon), 2.5 * SAG)], axis=-1))
    return lon[deep], lat[deep]


def test_points_are_told_exactly() -> None:
    moc = parse_moc("0/4 3/100 29/12345")
    places = np.stack(centres(29, np.array([12344, 12345, 12346])), axis=-1)
    assert intersects(moc, places).tolist() == contains_shape(moc, places).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "shape", "touches", "within"),
    [
        ("3/", (10, 10, 5), False, False),
        ("0/0-11", (10, 10, 5), True, True),
        ("0/0-11", (10, 10, 180), True, True),
        ("0/4", (0, 0, 10), True, True),
        ("0/4", (0, 0, 60), True, False),
        ("0/4", (180, 0, 10), False, False),
        ("0/4", (180, 0, 170), True, False),
        ("9/3000000", (46.7, 24, 0), False, False),
    ],
)
def test_some_circles(text: str, shape: tuple[float, ...], touches: bool, within: bool) -> None:
    moc = parse_moc(text)
    assert (intersects(moc, [shape]).tolist(), contains_shape(moc, [shape]).tolist()) == ([touches], [within])


def test_a_corner_between_an_arc_and_the_border_it_stands_for() -> None:
    """A polygon with its first corner there is neither lost from the MOC nor taken for a part of it."""
    moc = parse_moc("1/17")
    arcs = outline(moc)
    a, b = unit(arcs[:, 0], arcs[:, 1]), unit(arcs[:, 2], arcs[:, 3])
    pole = np.cross(a, b) / np.linalg.norm(np.cross(a, b), axis=-1, keepdims=True)
    inwards = np.where(moc.contains(cells(*lonlat(a + b + 2.2 * np.radians(SAG) * pole))), 1, -1)[:, None] * pole
    for depth in np.linspace(-1, 1, 9):
        corner = a + b + depth * 2 * np.radians(SAG) * inwards
        for way, inside in ((1, True), (-1, False)):
            far = way * np.radians(0.5) * inwards
            along = np.radians(0.1) * np.cross(pole, a + b)
            triangles = np.stack(
                [np.stack(lonlat(v), -1) for v in (corner, corner + far + along, corner + far - along)], 1
            )
            triangles = triangles.reshape(-1, 6)
            if inside:
                assert intersects(moc, triangles).all()
            else:
                assert not contains_shape(moc, triangles).any()


# MOCs of regions


@given(st.integers(0, 6), shapes())
def test_covering(order: int, form: tuple[int, float, float, float]) -> None:
    """Each cell in and around it is in it if, and only if, the cell's own outline touches the region."""
    corners, lon, lat, radius = form
    moc = covering(order, made(*form), MANY)
    assert moc.order == order
    assert moc.contains(cells(lon, lat) if not corners else cells(*made(*form)[:2]))
    margin = 60 / 2**order / 900 + 4 * SAG
    stretched = 1 / np.cos(np.pi / corners) if corners else 1
    wider = np.array([made(corners, lon, lat, radius + margin * stretched)])
    smaller = np.array([made(corners, lon, lat, max(radius - margin * stretched, 0))])
    distances = distance(lon, lat, *centres(order, np.arange(12 << 2 * order)))
    for cell in np.argsort(np.abs(distances - radius))[:6]:
        one = parse_moc(f"{order}/{cell}")
        if moc.contains(one.ranges[0, 0]):
            assert intersects(one, wider).all()
        elif radius > margin * stretched:
            assert not intersects(one, smaller).any()


@pytest.mark.parametrize(
    ("order", "shape"), [(3, (10, 20, 30)), (6, (83, 22, 3)), (10, (0, 90, 0.2)), (5, (200, -89, 5))]
)
def test_covering_agrees_with_mocpy(order: int, shape: tuple[float, ...]) -> None:
    moc = covering(order, shape, MANY)
    lon, lat = (Longitude(shape[0], "deg"), Latitude(shape[1], "deg"))
    other = mocpy.MOC.from_cone(lon, lat, radius=Angle(shape[2], "deg"), max_depth=order, delta_depth=4)
    mine = mocpy.MOC.from_string(str(moc))
    assert mine.difference(other).empty()
    assert other.difference(mine).sky_fraction < 0.02 * mine.sky_fraction


def test_covering_of_the_whole_sky_and_of_places() -> None:
    assert str(covering(5, (10, 10, 180), 100)) == "0/0-11 5/"
    assert str(covering(17, (1, 1), 100)) == "17/81609757711"
    assert str(covering(29, (1, 1, 0), 100)) == f"29/{cells(1, 1)}"
    assert str(covering(0, (45, 41.8, 1), 100)) == "0/0"


def test_a_border_that_is_too_long_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        covering(14, (83, 22, 30), 1000)
    assert str(caught.value) == "The border of the region touches more than 1,000 cells of order 8. Use a lower order."
