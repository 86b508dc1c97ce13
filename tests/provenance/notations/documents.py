"""Documents that the tests of all notations write."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from hypothesis import strategies as st

from provenance.notations import KINDS, Document, Name, Statement

NAMESPACES = {
    "voprov": "http://www.ivoa.net/documents/ProvenanceDM/index.html#",
    "job": "http://archive.example/jobs/",
    "result": "http://archive.example/uws/",
    "ivo": "ivo://",
    "agent": "http://archive.example/provenance/agents/",
}
TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

JOB = Name("job", "a1b2c3")
EVENTS = Name("ivo", "athanor.example/xmm-sim?P0999000101PNS003PIEVLI0000.FIT")
NUMBER = Name("ivo", "athanor.example/hess?47802")
IMAGE = Name("result", "evselect/a1b2c3/results/image")
USER = Name("agent", "user%2Fada")
LIMIT = Name("job", "a1b2c3#parameter-1")

W3C = Document(
    NAMESPACES,
    [
        Statement(
            "activity",
            JOB,
            (TIME, TIME.replace(minute=1)),
            [
                ("prov:label", "evselect"),
                ("voprov:comment", 'It said "no" & <left>;\nback\\slash'),
                ("voprov:exitCode", 1),
                ("voprov:cpu_seconds", 1.5),
                ("voprov:size", 2**40),
            ],
        ),
        Statement("entity", EVENTS, (), [("prov:label", "events"), ("voprov:size", 100)]),
        Statement("entity", NUMBER, (), [("prov:type", Name("voprov", "DatasetEntity"))]),
        Statement(
            "entity",
            LIMIT,
            (),
            [("prov:value", "1500"), ("prov:type", Name("voprov", "Parameter")), ("voprov:unit", "eV")],
        ),
        Statement("entity", IMAGE, (), [("voprov:generatedAtTime", TIME), ("prov:location", "uws/x")]),
        Statement("agent", USER, (), [("prov:type", Name("prov", "Person")), ("prov:label", "Ada Ω 𝄞")]),
        Statement("used", None, (JOB, EVENTS, TIME), [("prov:role", "events")]),
        Statement("used", None, (JOB, NUMBER), [("prov:role", "background")]),
        Statement("wasGeneratedBy", None, (IMAGE, JOB), [("prov:role", "image")]),
        Statement("wasAssociatedWith", None, (JOB, USER), [("prov:role", "Operator")]),
        Statement("wasAttributedTo", None, (IMAGE, USER)),
        Statement("wasDerivedFrom", None, (IMAGE, EVENTS, JOB)),
        Statement("wasInfluencedBy", None, (JOB, LIMIT), [("prov:type", Name("voprov", "WasConfiguredBy"))]),
        Statement("hadMember", None, (EVENTS, NUMBER)),
        Statement("alternateOf", None, (IMAGE, EVENTS)),
    ],
)
"""All that W3C PROV knows and we state; identifiers that XML cannot hold as they are."""

IVOA = Document(
    NAMESPACES,
    [
        *W3C.statements[:2],
        Statement(
            "activityDescription", Name("job", "d1"), (), [("voprov:name", "evselect"), ("voprov:version", "1.0")]
        ),
        Statement("parameter", LIMIT, (), [("voprov:name", "limit"), ("prov:value", "1500")]),
        Statement("isDescribedBy", None, (JOB, Name("job", "d1"))),
        Statement("wasConfiguredBy", None, (JOB, LIMIT), [("voprov:artefactType", "Parameter")]),
    ],
)
"""With classes of the IVOA's own model."""

_locals = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12).map(
    lambda text: "a/" + quote(text, safe="/~&+*?$!=',():;.-")
)
_names = st.builds(Name, st.sampled_from(["job", "result", "ivo"]), _locals)
_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=20)
_values = st.one_of(
    _texts, st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.just(TIME)
)
_attributes = st.lists(
    st.tuples(st.sampled_from(["prov:label", "voprov:comment", "voprov:x"]), _texts)
    | st.tuples(st.sampled_from(["voprov:y", "voprov:z"]), _values),
    max_size=4,
    unique_by=lambda pair: pair[0],
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Documents of any W3C statements with names and texts of all kinds."""
    entities = draw(st.lists(_names, min_size=2, max_size=4, unique=True))
    activity = Name("job", "activity")
    statements = [Statement("activity", activity, (TIME, None), draw(_attributes))]
    statements += [Statement("entity", name, (), draw(_attributes)) for name in entities]
    statements.append(Statement("used", None, (activity, entities[0]), [("prov:role", draw(_texts))]))
    statements.append(Statement("wasGeneratedBy", None, (entities[1], activity, TIME)))
    return Document(NAMESPACES, statements)


assert {item.kind for item in W3C.statements} >= {name for name, kind in KINDS.items() if not kind.is_ivoa} - {
    "wasInformedBy"
}
