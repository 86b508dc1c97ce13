"""Drawings are laid out in layers, without overlaps, whatever the graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenance.drawing.layout import NODE_HEIGHT, NODE_WIDTH, layers_of, place


def test_a_chain_runs_straight_from_left_to_right() -> None:
    layout = place("dabc", [("b", "a"), ("c", "b"), ("d", "c")])
    assert [key for key, _ in sorted(layout.places.items(), key=lambda item: item[1].x)] == ["a", "b", "c", "d"]
    assert len({spot.y for spot in layout.places.values()}) == 1


def test_what_stands_beneath_is_below_all_else_and_near_to_its_own() -> None:
    layout = place("abc", [("b", "a"), ("c", "b")], beneath={"one": ["a"], "two": ["c"]})
    places = layout.places
    assert places["one"].y == places["two"].y > max(places[key].y for key in "abc") + NODE_HEIGHT
    assert (places["one"].x, places["two"].x) == (places["a"].x, places["c"].x)
    assert layout.height >= places["one"].y + NODE_HEIGHT


def test_an_empty_graph_is_an_empty_drawing() -> None:
    assert place([], []).places == {}


def test_an_input_stands_next_to_what_uses_it_first() -> None:
    places = place("abcdx", [("b", "a"), ("c", "b"), ("d", "c"), ("d", "x")]).places
    assert places["x"].x == places["c"].x


def test_a_long_arrow_keeps_a_way_free_through_each_layer() -> None:
    layout = place("abcd", [("b", "a"), ("c", "b"), ("d", "c"), ("d", "a")])
    ways = layout.ways["d", "a"]
    assert [way.x for way in ways] == [layout.places["c"].x, layout.places["b"].x]
    for way, key in zip(ways, "cb", strict=True):
        assert not layout.places[key].y <= way.y <= layout.places[key].y + NODE_HEIGHT


def test_cycles_in_broken_records_are_cut() -> None:
    assert set(place("ab", [("a", "b"), ("b", "a")]).places) == {"a", "b"}
    assert set(place("a", [("a", "a")]).places) == {"a"}
    assert layers_of("abcd", [("b", "a"), ("a", "b"), ("c", "b"), ("d", "c")]) == {"a": 0, "b": 1, "c": 2, "d": 3}


GRAPHS = st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=80)
"""Any arrows at all, cycles among them."""


@given(GRAPHS)
def test_nodes_and_ways_never_overlap_and_lie_within_the_drawing(arrows) -> None:
    nodes = list(range(25))
    layout = place(nodes, arrows)
    assert set(layout.places) == set(nodes)
    spots = list(layout.places.values())
    ways = {way for passed in layout.ways.values() for way in passed}
    for index, one in enumerate(spots):
        assert 0 <= one.x <= layout.width - NODE_WIDTH
        assert 0 <= one.y <= layout.height - NODE_HEIGHT
        for other in spots[index + 1 :]:
            assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT
        assert not any(way.x == one.x and one.y < way.y < one.y + NODE_HEIGHT for way in ways)


@given(GRAPHS)
def test_without_cycles_every_arrow_points_to_the_left(arrows) -> None:
    forward = [(max(pair), min(pair)) for pair in arrows if pair[0] != pair[1]]
    places = place(list(range(25)), forward).places
    assert all(places[later].x > places[earlier].x for later, earlier in forward)


@given(GRAPHS)
def test_a_drawing_is_the_same_each_time(arrows) -> None:
    assert place(list(range(25)), arrows) == place(list(range(25)), arrows)
