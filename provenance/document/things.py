"""What a document says of activities, entities and agents, and of what activities were configured with."""

from __future__ import annotations

import json
from typing import Any

from provenance.document.models import Attributes, Model, present
from provenance.document.names import term
from provenance.graph import ActivityNode, AgentNode, ConfigFileNode, EntityNode, ParameterNode
from provenance.models import ActivityKind, EntityKind
from provenance.notations import Name, Statement, Value

__all__ = ["activity", "agent", "config_file", "entity", "parameter"]

_ENTITIES = {EntityKind.DATASET: "datasetEntity", EntityKind.COLLECTION: "entity", EntityKind.VALUE: "valueEntity"}
_TYPES = {
    EntityKind.DATASET: Name("voprov", "DatasetEntity"),
    EntityKind.COLLECTION: Name("prov", "Collection"),
    EntityKind.VALUE: Name("voprov", "ValueEntity"),
}


def activity(node: ActivityNode, name: Name, model: Model, parent: Name | None) -> Statement:
    """An activity; of a closed one nothing but its name.

    Parameters
    ----------
    parent
        The pipeline of which it was a step, if that is told too.
    """
    if node.closed:
        return Statement("activity", name, (None, None), [("prov:label", "closed"), ("athanor:closed", True)])
    attributes: Attributes = [("voprov:name" if model is Model.IVOA else "prov:label", node.name)]
    if node.kind != ActivityKind.JOB:
        attributes.append(("athanor:kind", str(node.kind)))
    attributes.append(("athanor:phase", node.phase))
    if node.comment:
        attributes.append(("voprov:comment", node.comment))
    if node.exit_code is not None:
        attributes.append(("athanor:exitCode", node.exit_code))
    if node.host:
        attributes.append(("athanor:host", node.host))
    if node.command:
        attributes.append(("athanor:command", json.dumps(node.command)))
    attributes += [(f"athanor:software-{term(item)}", version) for item, version in sorted(node.software.items())]
    attributes += present((f"athanor:{term(measure)}", _plain(value)) for measure, value in sorted(node.usage.items()))
    if parent is not None:
        attributes.append(("athanor:stepOf", parent))
    return Statement("activity", name, (node.start_time, node.end_time), attributes)


def _plain(value: Any) -> Value | None:
    """A value that notations can write: what is stored as a list or an object is told in JSON."""
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)


def entity(node: EntityNode, name: Name, model: Model) -> Statement:
    """An entity of whichever kind."""
    label = node.name or node.identifier
    is_ivoa = model is Model.IVOA
    attributes: Attributes = [("voprov:name", label)] if is_ivoa else [("prov:type", _TYPES[node.kind])]
    if not is_ivoa:
        attributes.append(("prov:label", label))
    elif node.kind == EntityKind.COLLECTION:
        attributes.insert(0, ("prov:type", _TYPES[node.kind]))
    if node.location:
        attributes.append(("voprov:location" if is_ivoa else "prov:location", node.location))
    if node.kind == EntityKind.VALUE:
        attributes.append(("voprov:value" if is_ivoa else "prov:value", node.value))
    if node.generated_at_time:
        attributes.append(("voprov:generatedAtTime", node.generated_at_time))
    if node.invalidated_at_time:
        attributes.append(("voprov:invalidatedAtTime", node.invalidated_at_time))
    if node.comment:
        attributes.append(("voprov:comment", node.comment))
    if node.sha256:
        attributes.append(("athanor:sha256", node.sha256))
    if node.size is not None:
        attributes.append(("athanor:size", node.size))
    if node.description:
        if node.description.content_type:
            attributes.append(("voprov:contentType", node.description.content_type))
        if node.description.type:
            attributes.append(("voprov:dataproduct_type", node.description.type))
    return Statement(_ENTITIES[node.kind] if is_ivoa else "entity", name, (), attributes)


def agent(node: AgentNode, name: Name, model: Model) -> Statement:
    """An agent."""
    attributes: Attributes = [("prov:type", Name("prov", node.type)), ("prov:label", node.name)]
    if model is Model.IVOA:
        attributes = [("voprov:name", node.name), ("voprov:type", node.type)]
    attributes += present(
        [
            ("voprov:comment", node.comment),
            ("voprov:email", node.email),
            ("voprov:affiliation", node.affiliation),
            ("voprov:phone", node.phone),
            ("voprov:address", node.address),
            ("voprov:url", node.url),
        ]
    )
    return Statement("agent", name, (), attributes)


def parameter(node: ParameterNode, model: Model, value_entity: Name | None) -> Attributes:
    """The attributes of a parameter.

    Parameters
    ----------
    value_entity
        Where the value came from, if that is told too.
    """
    attributes: Attributes = [("voprov:name", node.name), ("voprov:value", node.value)]
    if model is Model.W3C:
        label = f"{node.name} = {node.value}"
        attributes = [("prov:label", label), ("prov:value", node.value), ("voprov:name", node.name)]
    if node.description:
        attributes += present(
            [
                ("voprov:valueType", node.description.value_type),
                ("voprov:unit", node.description.unit),
                ("voprov:ucd", node.description.ucd),
            ]
        )
    if value_entity is not None:
        attributes.append(("voprov:valueEntity", value_entity))
    return attributes


def config_file(node: ConfigFileNode, model: Model) -> Attributes:
    """The attributes of a configuration file."""
    is_ivoa = model is Model.IVOA
    return present(
        [
            ("prov:label", "" if is_ivoa else node.name),
            ("voprov:name", node.name),
            ("voprov:location" if is_ivoa else "prov:location", node.location),
            ("voprov:comment", node.comment),
            ("athanor:sha256", node.sha256),
        ]
    )
