"""From stored provenance to a W3C PROV document.

W3C PROV-DM (2013-04-30) has no descriptions or parameters; ProvenanceDM 1.0 §4 maps them to entities whose
``prov:type`` is the class of the IVOA model, tied to the activity by ``wasInfluencedBy``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

from prov.identifier import Namespace, QualifiedName
from prov.model import ProvDocument

from provenance.graph import Graph
from provenance.models import Activity, Entity

__all__ = ["VOPROV", "activity_url", "entity_url", "prov_document", "prov_json"]

VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
"""Namespace of the IVOA model's classes and attributes, as voprov writes it."""


def activity_url(activity: Activity, base_url: str) -> str:
    """The page of the job that the activity was."""
    return f"{base_url}/jobs/{activity.identifier}/"


def entity_url(entity: Entity, base_url: str) -> str:
    """Where the entity can be had: a result's URL, or the link resolver of an archived file's identifier."""
    if entity.location:
        return f"{base_url}/{entity.location}"
    return f"{base_url}/provenance/entities/?ID={quote(entity.identifier, safe='')}"


def prov_document(graph: Graph, *, base_url: str) -> ProvDocument:
    """The graph as a W3C PROV document.

    Parameters
    ----------
    base_url
        Root of the service, without a trailing slash: identifiers of jobs and results are URLs below it.
    """
    document = ProvDocument()
    voprov = document.add_namespace("voprov", VOPROV)
    document.add_namespace("athanor", f"{base_url}/provenance/terms#")
    jobs = document.add_namespace("job", f"{base_url}/jobs/")
    results = document.add_namespace("result", f"{base_url}/uws/")
    agents = document.add_namespace("agent", f"{base_url}/provenance/agents/")
    document.add_namespace("ivo", "ivo://")
    others = document.add_namespace("entity", f"{base_url}/provenance/entities/?ID=")

    names: dict[tuple[str, int], QualifiedName] = {}
    for activity in graph.activities.values():
        names["activity", activity.pk] = jobs[activity.identifier]
        _add_activity(document, activity, jobs, voprov)
    for entity in graph.entities.values():
        names["entity", entity.pk] = _entity_name(entity, results, others)
        document.entity(names["entity", entity.pk], _entity_attributes(entity))
    for agent in graph.agents.values():
        names["agent", agent.pk] = agents[quote(agent.identifier, safe="")]
        document.agent(
            names["agent", agent.pk],
            {"prov:type": document.valid_qualified_name(f"prov:{agent.type}"), "prov:label": agent.name},
        )
    writers: dict[str, Callable] = {
        "used": lambda a, b, role: document.usage(a, b, other_attributes=role),
        "wasGeneratedBy": lambda a, b, role: document.generation(a, b, other_attributes=role),
        "wasAssociatedWith": lambda a, b, role: document.association(a, b, other_attributes=role),
        "wasAttributedTo": lambda a, b, role: document.attribution(a, b, other_attributes=_as_voprov(role)),
        "wasDerivedFrom": lambda a, b, _role: document.derivation(a, b),
        "wasInformedBy": lambda a, b, _role: document.communication(a, b),
    }
    for relation in graph.relations:
        role = {"prov:role": relation.role} if relation.role else {}
        writers[relation.kind](names[relation.source], names[relation.target], role)
    return document


def prov_json(graph: Graph, *, base_url: str) -> bytes:
    """The graph in PROV-JSON (W3C member submission, 2013-04-24), indented for reading."""
    text = prov_document(graph, base_url=base_url).serialize(format="json")
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _as_voprov(role: dict[str, str]) -> dict[str, str]:
    # PROV allows prov:role on an association but not on an attribution (PROV-DM §5.7.2.3).
    return {"voprov:role": role["prov:role"]} if role else {}


def _entity_name(entity: Entity, results: Namespace, others: Namespace) -> QualifiedName:
    if entity.location.startswith("uws/"):
        return results[entity.location.removeprefix("uws/")]
    if entity.identifier.startswith("ivo://"):
        return Namespace("ivo", "ivo://")[entity.identifier.removeprefix("ivo://")]
    return others[quote(entity.identifier, safe="")]


def _entity_attributes(entity: Entity) -> dict[str, object]:
    attributes: dict[str, object] = {"prov:label": entity.name or entity.identifier}
    if entity.location:
        attributes["prov:location"] = entity.location
    if entity.generated_at_time:
        attributes["voprov:generatedAtTime"] = entity.generated_at_time
    if entity.sha256:
        attributes["athanor:sha256"] = entity.sha256
    if entity.size is not None:
        attributes["athanor:size"] = entity.size
    if entity.description:
        attributes["voprov:contentType"] = entity.description.content_type
        if entity.description.type:
            attributes["voprov:dataproduct_type"] = entity.description.type
    return attributes


def _add_activity(document: ProvDocument, activity: Activity, jobs: Namespace, voprov: Namespace) -> None:
    name = jobs[activity.identifier]
    attributes: dict[str, object] = {"prov:label": activity.name, "athanor:phase": activity.phase}
    if activity.comment:
        attributes["voprov:comment"] = activity.comment
    if activity.exit_code is not None:
        attributes["athanor:exitCode"] = activity.exit_code
    if activity.host:
        attributes["athanor:host"] = activity.host
    if activity.command:
        attributes["athanor:command"] = json.dumps(activity.command)
    attributes |= {f"athanor:software-{software}": version for software, version in sorted(activity.software.items())}
    attributes |= {f"athanor:{measure}": value for measure, value in sorted(activity.usage.items())}
    document.activity(name, activity.start_time, activity.end_time, attributes)
    if activity.description is not None:
        description = jobs[f"{activity.identifier}#description"]
        document.entity(
            description,
            {
                "prov:type": voprov["ActivityDescription"],
                "prov:label": str(activity.description),
                "voprov:name": activity.description.name,
                "voprov:version": activity.description.version,
                "voprov:description": activity.description.description,
                "voprov:docurl": activity.description.docurl,
                "voprov:type": activity.description.type,
            },
        )
        document.influence(name, description, other_attributes={"prov:type": voprov["IsDescribedBy"]})
    for number, parameter in enumerate(activity.parameters.all(), start=1):
        item = jobs[f"{activity.identifier}#parameter-{number}-{parameter.name}"]
        described = parameter.description
        attributes = {
            "prov:type": voprov["Parameter"],
            "prov:label": f"{parameter.name} = {parameter.value}",
            "prov:value": parameter.value,
            "voprov:name": parameter.name,
        }
        if described is not None:
            attributes["voprov:valueType"] = described.value_type
            if described.unit:
                attributes["voprov:unit"] = described.unit
        document.entity(item, attributes)
        document.influence(name, item, other_attributes={"prov:type": voprov["WasConfiguredBy"]})
