"""Graphs are drawn in layers, without overlaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenance.graph import ActivityNode, AgentNode, EntityNode, Graph, Relation
from provenance.layout import NODE_HEIGHT, NODE_WIDTH, place


def chain(length: int) -> Graph:
    """`length` activities, each using what the one before generated."""
    graph = Graph(agents={1: AgentNode(1)})
    for pk in range(1, length + 1):
        graph.activities[pk] = ActivityNode(pk, "")
        graph.entities[pk] = EntityNode(pk, "")
        graph.relations.append(Relation("used", ("activity", pk), ("entity", pk)))
        graph.relations.append(Relation("wasAssociatedWith", ("activity", pk), ("agent", 1)))
        graph.entities[pk + 1] = EntityNode(pk + 1, "")
        graph.relations.append(Relation("wasGeneratedBy", ("entity", pk + 1), ("activity", pk)))
    return graph


def test_a_chain_runs_from_left_to_right() -> None:
    places = place(chain(3)).places
    order = [
        ("entity", 1),
        ("activity", 1),
        ("entity", 2),
        ("activity", 2),
        ("entity", 3),
        ("activity", 3),
        ("entity", 4),
    ]
    columns = [places[key].x for key in order]
    assert columns == sorted(columns)
    assert len(set(columns)) == 7
    assert places["agent", 1].y > max(places[key].y for key in order)


def test_an_empty_graph_is_an_empty_drawing() -> None:
    assert place(Graph()).places == {}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 7), st.lists(st.integers(0, 11), max_size=4), st.lists(st.integers(12, 23), max_size=4)
        ),
        max_size=8,
        unique_by=lambda item: item[0],
    )
)
def test_nodes_never_overlap(activities) -> None:
    graph = Graph()
    for pk, used, made in activities:
        graph.activities[pk] = ActivityNode(pk, "")
        for entity in (*used, *made):
            graph.entities[entity] = EntityNode(entity, "")
        graph.relations.extend(Relation("used", ("activity", pk), ("entity", entity)) for entity in used)
        graph.relations.extend(Relation("wasGeneratedBy", ("entity", entity), ("activity", pk)) for entity in made)
    layout = place(graph)
    spots = list(layout.places.values())
    assert len(spots) == len(graph.activities) + len(graph.entities)
    for index, one in enumerate(spots):
        assert 0 <= one.x <= layout.width - NODE_WIDTH
        assert 0 <= one.y <= layout.height - NODE_HEIGHT
        for other in spots[index + 1 :]:
            assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT


def test_a_cycle_in_broken_records_still_ends() -> None:
    graph = Graph(activities={1: ActivityNode(1, "")}, entities={1: EntityNode(1, "")})
    graph.relations = [
        Relation("used", ("activity", 1), ("entity", 1)),
        Relation("wasGeneratedBy", ("entity", 1), ("activity", 1)),
    ]
    assert len(place(graph).places) == 2
