"""Large graphs are drawn as steps and piles of files; nothing is lost that cannot be opened again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenance.drawing.collapse import ALL, FEW, collapse, flatten
from provenance.drawing.compose import MOST_NODES, compose
from provenance.drawing.parts import Links
from provenance.graph import ActivityDescriptionNode, ActivityNode, EntityNode, Graph, Key, Relation

SIEVE = ActivityDescriptionNode(1, "sieve", "1.0")
PLOT = ActivityDescriptionNode(2, "plot", "1.0")
LINKS = Links(
    lambda node: f"/a/{node.identifier}", lambda node: f"/e/{node.identifier}", lambda token: f"?expand={token}"
)


def branches(number: int, *, failed: tuple[int, ...] = ()) -> Graph:
    """`number` times: a raw file is sieved, what is kept is plotted; the sieves of some fail."""
    graph = Graph()
    for index in range(number):
        raw, kept, plot = (3 * index + more for more in (1, 2, 3))
        sieve, plotter = 2 * index + 1, 2 * index + 2
        phase = "ERROR" if index in failed else "COMPLETED"
        graph.activities[sieve] = ActivityNode(sieve, f"s{index}", phase=phase, description=SIEVE)
        graph.entities[raw] = EntityNode(raw, f"raw{index}", name=f"raw{index}.fits")
        graph.relations.append(Relation("used", ("activity", sieve), ("entity", raw), "events"))
        if index in failed:
            continue
        graph.activities[plotter] = ActivityNode(plotter, f"p{index}", phase="COMPLETED", description=PLOT)
        graph.entities[kept] = EntityNode(kept, f"kept{index}", sha256=f"{index}")
        graph.entities[plot] = EntityNode(plot, f"plot{index}")
        graph.relations += [
            Relation("wasGeneratedBy", ("entity", kept), ("activity", sieve), "filtered"),
            Relation("used", ("activity", plotter), ("entity", kept), "table"),
            Relation("wasGeneratedBy", ("entity", plot), ("activity", plotter), "picture"),
        ]
    return graph


def shown(graph: Graph, **options) -> list[tuple[str, str, str, str]]:
    """What the nodes of a drawing say: style, name, detail and link."""
    nodes = compose(graph, links=LINKS, **options).nodes
    return sorted((node.style, node.name, node.detail, node.url) for node in nodes)


def test_a_small_graph_is_drawn_as_it_is() -> None:
    graph = branches(4)
    assert len(compose(graph, links=LINKS).nodes) == len(graph.activities) + len(graph.entities) == FEW


def test_branches_become_steps_and_piles() -> None:
    assert shown(branches(9, failed=(3, 4))) == [
        ("activity", "plot 1.0 × 7", "all 7 COMPLETED", "?expand=plot-1.0"),
        ("entity", "events × 9", "entities", "?expand=inputs.events"),
        ("entity", "filtered × 7", "entities", "?expand=sieve-1.0.filtered"),
        ("entity", "picture × 7", "entities", "?expand=plot-1.0.picture"),
        ("failed", "sieve 1.0 × 9", "ERROR: 2 of 9", "?expand=sieve-1.0"),
    ]


def test_arrows_are_counted() -> None:
    arrows = compose(branches(9, failed=(3,)), links=LINKS).arrows
    assert sorted((arrow.kind, arrow.count) for arrow in arrows) == [
        ("used", 8),
        ("used", 9),
        ("wasGeneratedBy", 8),
        ("wasGeneratedBy", 8),
    ]


def test_a_step_that_is_opened_shows_its_jobs_and_parts_their_files() -> None:
    names = [name for _, name, _, _ in shown(branches(9), expand=["sieve-1.0"])]
    assert names.count("sieve 1.0") == 9
    assert "plot 1.0 × 9" in names
    assert "picture × 9" in names
    assert {f"raw{index}.fits" for index in range(9)} <= set(names)


def test_everything_can_be_opened() -> None:
    graph = branches(9)
    assert len(shown(graph, expand=[ALL])) == len(graph.activities) + len(graph.entities)


def test_what_the_page_is_about_stays_by_itself() -> None:
    names = [name for _, name, _, _ in shown(branches(9), focus=[("activity", 1), ("entity", 1)])]
    assert {"sieve 1.0", "sieve 1.0 × 8", "raw0.fits", "events × 8"} <= set(names)


def test_closed_jobs_tell_nothing_but_that_they_are() -> None:
    graph = branches(9)
    for pk in (1, 3, 5):
        graph.activities[pk] = ActivityNode(pk, "secret", closed=True)
    drawn = shown(graph)
    assert ("closed", "closed × 3", "jobs of somebody else", "") in drawn
    assert "secret" not in repr(compose(graph, links=LINKS).nodes)


def test_a_pipeline_made_nothing_by_itself() -> None:
    graph = branches(3)
    graph.activities[99] = ActivityNode(99, "pipeline", phase="COMPLETED")
    for index in range(3):
        graph.activities[2 * index + 1].parent = graph.activities[2 * index + 2].parent = 99
        kept, passed = 3 * index + 2, 100 + index
        graph.entities[passed] = EntityNode(passed, f"passed{index}", sha256=f"{index}")
        graph.relations += [
            Relation("used", ("activity", 99), ("entity", 3 * index + 1), "events"),
            Relation("wasGeneratedBy", ("entity", passed), ("activity", 99), "result"),
            Relation("wasDerivedFrom", ("entity", passed), ("entity", kept)),
        ]
    flat, kept = flatten(graph)
    assert 99 not in flat.activities
    assert set(flat.entities) == set(range(1, 10))
    assert kept == {("entity", 2), ("entity", 5), ("entity", 8)}
    graph.entities[100] = graph.entities[100]._replace(sha256="other")
    assert flatten(graph) == (graph, set())


def test_what_is_too_much_is_left_out_and_counted_from_the_far_end() -> None:
    graph = Graph()
    for pk in range(1, 2 * MOST_NODES):
        graph.activities[pk] = ActivityNode(pk, f"a{pk}", description=ActivityDescriptionNode(pk, f"task{pk}"))
        graph.entities[pk] = EntityNode(pk, f"e{pk}")
        graph.relations.append(Relation("used", ("activity", pk), ("entity", pk), "in"))
        if pk > 1:
            graph.relations.append(Relation("wasGeneratedBy", ("entity", pk), ("activity", pk - 1), "out"))
    last = ("activity", 2 * MOST_NODES - 1)
    drawing = compose(graph, links=LINKS, focus=[last])
    assert len(drawing.nodes) == MOST_NODES
    assert drawing.left_out == 2 * (2 * MOST_NODES - 1) - MOST_NODES
    assert {key[1] for key in (node.key for node in drawing.nodes)} == set(
        range(2 * MOST_NODES - MOST_NODES // 2, 2 * MOST_NODES)
    )


@st.composite
def graphs(draw) -> Graph:
    """Any graph at all, cycles and loose ends among them."""
    graph = Graph()
    tasks = [SIEVE, PLOT]
    for pk in range(1, draw(st.integers(0, 20)) + 1):
        phase = draw(st.sampled_from(["COMPLETED", "ERROR", "ABORTED"]))
        closed = draw(st.booleans())
        description = draw(st.sampled_from(tasks))
        parent = draw(st.none() | st.integers(1, 20))
        graph.activities[pk] = ActivityNode(
            pk, f"a{pk}", phase=phase, closed=closed, description=description, parent=parent
        )
    for pk in range(1, draw(st.integers(0, 40)) + 1):
        graph.entities[pk] = EntityNode(pk, f"e{pk}", sha256=draw(st.sampled_from("ab")))
    ends = st.tuples(st.integers(1, 20), st.integers(1, 40), st.sampled_from(["", "x", "y"]))
    for activity, entity, role in draw(st.lists(ends, max_size=60)):
        if activity in graph.activities and entity in graph.entities:
            here, there = ("activity", activity), ("entity", entity)
            made = draw(st.booleans())
            graph.relations.append(
                Relation("wasGeneratedBy", there, here, role) if made else Relation("used", here, there, role)
            )
    for one, other in draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=20)):
        if one in graph.entities and other in graph.entities:
            graph.relations.append(Relation("wasDerivedFrom", ("entity", one), ("entity", other)))
    return graph


@given(graphs())
def test_nothing_is_lost_and_nothing_is_twice(graph: Graph) -> None:
    keys: list[Key] = [key for cluster in collapse(graph) for key in cluster.members]
    wanted = [("activity", pk) for pk in graph.activities] + [("entity", pk) for pk in graph.entities]
    assert sorted(keys) == sorted(wanted)


@given(graphs())
def test_every_graph_has_a_drawing_with_all_its_ends(graph: Graph) -> None:
    drawing = compose(graph, links=LINKS)
    places = {node.key for node in drawing.nodes}
    assert set(drawing.layout.places) == places
    assert {end for arrow in drawing.arrows for end in (arrow.source, arrow.target)} <= places
    assert {label.key for label in drawing.labels} <= places
