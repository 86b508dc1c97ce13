"""Tables of what activities, entities and agents have to do with each other (ProvenanceDM 1.0 §3.2 and §3.3)."""

from __future__ import annotations

from obstap.metadata import ForeignKey
from provenance.tap.keys import activity_description, described_by, identifier
from provenance.tap.view import View, reference, table, text, time

__all__ = ["RELATIONS"]

_ACTIVITY = identifier("activity", "a.identifier", "The activity")
_ENTITY = identifier("entity", "e.identifier", "The entity")
_AGENT = identifier("agent", "g.identifier", "The agent")

_A = "JOIN provenance_activity a ON a.id = r.activity_id"
_E = "JOIN provenance_entity e ON e.id = r.entity_id"
_G = "JOIN provenance_agent g ON g.id = r.agent_id"


def _to(what: str, description: str, *, column: str = "") -> ForeignKey:
    return reference(column or f"{what}_id", what, f"{what}_id", description)


def _described(kind: str) -> str:
    return (
        f"LEFT JOIN provenance_{kind}description d ON d.id = r.description_id"
        " LEFT JOIN provenance_activitydescription k ON k.id = d.activity_description_id"
    )


USED = table(
    "used",
    "Which activities used which entities",
    _ACTIVITY,
    _ENTITY,
    text("role", "r.role", "What for", ucd="meta.code", utype="Used.role"),
    time("used_time", "r.time", "When", ucd="time.epoch", utype="Used.time"),
    text(
        "role_type",
        "d.type",
        "Kind of use: Main, Calibration, Setup, …",
        ucd="meta.code.class",
        utype="UsageDescription.type",
    ),
    described_by("usagedescription", f"{activity_description('k')} || '/usage/' || d.role", "What is told of the use"),
    source=f"provenance_used r {_A} {_E} {_described('usage')}",
    where="{activity:a}",
    keys=(
        _to("activity", "The activity that used it"),
        _to("entity", "The entity that was used"),
        _to("usagedescription", "What such activities use"),
    ),
    utype="Used",
)

WAS_GENERATED_BY = table(
    "wasgeneratedby",
    "Which entities were made by which activities",
    _ENTITY,
    _ACTIVITY,
    text("role", "r.role", "As what", ucd="meta.code", utype="WasGeneratedBy.role"),
    text(
        "role_type",
        "d.type",
        "Kind of product: Main, Preview, Quality, Log, …",
        ucd="meta.code.class",
        utype="GenerationDescription.type",
    ),
    described_by(
        "generationdescription",
        f"{activity_description('k')} || '/generation/' || d.role",
        "What is told of the product",
    ),
    source=f"provenance_wasgeneratedby r {_A} {_E} {_described('generation')}",
    where="{activity:a}",
    keys=(
        _to("entity", "The entity that was made"),
        _to("activity", "The activity that made it"),
        _to("generationdescription", "What such activities make"),
    ),
    utype="WasGeneratedBy",
)

WAS_DERIVED_FROM = table(
    "wasderivedfrom",
    "Which entities were made from which others",
    _ENTITY,
    identifier("entity", "u.identifier", "The entity that it was made from", name="used_entity_id"),
    source=f"provenance_wasderivedfrom r {_E} JOIN provenance_entity u ON u.id = r.used_entity_id",
    where="{own:e} AND {visible:u}",
    keys=(
        _to("entity", "The entity that was made"),
        _to("entity", "The entity that it was made from", column="used_entity_id"),
    ),
    utype="WasDerivedFrom",
)

WAS_INFORMED_BY = table(
    "wasinformedby",
    "Which activities used what which others had made",
    identifier("activity", "a.identifier", "The activity that used it"),
    identifier("activity", "b.identifier", "The activity that had made it", name="informant_id"),
    source="provenance_wasinformedby r JOIN provenance_activity a ON a.id = r.informed_id"
    " JOIN provenance_activity b ON b.id = r.informant_id",
    where="{activity:a} AND {activity:b}",
    keys=(
        _to("activity", "The activity that used it"),
        _to("activity", "The activity that had made it", column="informant_id"),
    ),
    utype="WasInformedBy",
)

WAS_ASSOCIATED_WITH = table(
    "wasassociatedwith",
    "Who was responsible for activities",
    _ACTIVITY,
    _AGENT,
    text("role", "r.role", "As what: Operator, Provider, …", ucd="meta.code", utype="WasAssociatedWith.role"),
    source=f"provenance_wasassociatedwith r {_A} {_G}",
    where="{activity:a}",
    keys=(_to("activity", "The activity"), _to("agent", "Who was responsible")),
    utype="WasAssociatedWith",
)

WAS_ATTRIBUTED_TO = table(
    "wasattributedto",
    "Who is responsible for entities",
    _ENTITY,
    _AGENT,
    text("role", "r.role", "As what: Creator, Publisher, …", ucd="meta.code", utype="WasAttributedTo.role"),
    source=f"provenance_wasattributedto r {_E} {_G}",
    where="{own:e}",
    keys=(_to("entity", "The entity"), _to("agent", "Who is responsible")),
    utype="WasAttributedTo",
)

HAD_MEMBER = table(
    "hadmember",
    "Which entities lie in collections",
    identifier("entity", "c.identifier", "The collection", name="collection_id"),
    _ENTITY,
    source=f"provenance_hadmember r {_E} JOIN provenance_entity c ON c.id = r.collection_id",
    where="{own:e} AND {own:c}",
    keys=(_to("entity", "The collection", column="collection_id"), _to("entity", "What lies in it")),
    utype="Collection",
)

ALTERNATE_OF = table(
    "alternateof",
    "Entities that are the same bytes, made by different activities",
    _ENTITY,
    identifier("entity", "o.identifier", "The earlier entity with the same bytes", name="alternate_id"),
    source=f"provenance_alternateof r {_E} JOIN provenance_entity o ON o.id = r.alternate_id",
    where="{visible:e} AND {visible:o}",
    keys=(_to("entity", "The later entity"), _to("entity", "The earlier one", column="alternate_id")),
)

RELATIONS: tuple[View, ...] = (
    USED,
    WAS_GENERATED_BY,
    WAS_DERIVED_FROM,
    WAS_INFORMED_BY,
    WAS_ASSOCIATED_WITH,
    WAS_ATTRIBUTED_TO,
    HAD_MEMBER,
    ALTERNATE_OF,
)
