"""From a graph to the statements of a document, in the model of the IVOA or in that of the W3C.

W3C PROV-DM (2013-04-30) has no descriptions and no configuration; ProvenanceDM 1.0 §4 maps them to entities whose
``prov:type`` is the class of the IVOA's model, tied to the activity by ``wasInfluencedBy``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote

from provenance.graph import ActivityDescriptionNode, ActivityNode, AgentNode, EntityNode, Graph, Key, ParameterNode
from provenance.notations import Document, Name, Statement, Value

__all__ = ["VOPROV", "Model", "activity_url", "entity_url", "state"]

VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
"""Namespace of the IVOA model's classes and attributes, as voprov writes it."""

_SAFE = "/~&+*?$!=',;:.-#%"
"""Characters of an identifier that a name holds as they are."""

Attributes = list[tuple[str, Value]]


class Model(StrEnum):
    """Whose classes a document uses."""

    IVOA = "IVOA"
    W3C = "W3C"


def activity_url(activity: ActivityNode, base_url: str) -> str:
    """The page of the job that the activity was."""
    return f"{base_url}/jobs/{activity.identifier}/"


def entity_url(entity: EntityNode, base_url: str) -> str:
    """Where the entity can be had: a result's URL, or the link resolver of an archived file's identifier."""
    if entity.location:
        return f"{base_url}/{entity.location}"
    return f"{base_url}/provenance/entities/?ID={quote(entity.identifier, safe='')}"


def state(graph: Graph, *, base_url: str, model: Model = Model.W3C, descriptions: bool = True) -> Document:
    """The statements that a graph makes.

    Parameters
    ----------
    base_url
        Root of the service, without a trailing slash: identifiers of jobs and results are URLs below it.
    descriptions
        Whether to tell what tasks and files are of which the activities and entities are cases.
    """
    namespaces = {
        "voprov": VOPROV,
        "athanor": f"{base_url}/provenance/terms#",
        "job": f"{base_url}/jobs/",
        "task": f"{base_url}/jobdefs/",
        "result": f"{base_url}/uws/",
        "agent": f"{base_url}/provenance/agents/",
        "ivo": "ivo://",
        "entity": f"{base_url}/provenance/entities/?ID=",
    }
    speaker = _Speaker(graph, model, descriptions)
    return Document(namespaces, list(speaker.statements()))


class _Speaker:
    def __init__(self, graph: Graph, model: Model, descriptions: bool) -> None:
        self.graph = graph
        self.is_ivoa = model == Model.IVOA
        self.with_descriptions = descriptions
        self.names: dict[Key, Name] = {}

    def statements(self) -> Iterator[Statement]:
        graph = self.graph
        for activity in graph.activities.values():
            self.names["activity", activity.pk] = Name("job", activity.identifier)
            yield from self._activity(activity)
        for entity in graph.entities.values():
            self.names["entity", entity.pk] = _entity_name(entity)
            yield self._entity(entity)
        for agent in graph.agents.values():
            self.names["agent", agent.pk] = Name("agent", quote(agent.identifier, safe=""))
            yield self._agent(agent)
        if self.with_descriptions:
            yield from self._descriptions()
        yield from self._relations()

    def _activity(self, activity: ActivityNode) -> Iterator[Statement]:
        name = self.names["activity", activity.pk]
        if activity.closed:
            yield Statement("activity", name, (None, None), [("prov:label", "closed"), ("athanor:closed", True)])
            return
        attributes: Attributes = [("prov:label", activity.name)]
        if self.is_ivoa:
            attributes = [("voprov:name", activity.name)]
        attributes.append(("athanor:phase", activity.phase))
        if activity.comment:
            attributes.append(("voprov:comment", activity.comment))
        if activity.exit_code is not None:
            attributes.append(("athanor:exitCode", activity.exit_code))
        if activity.host:
            attributes.append(("athanor:host", activity.host))
        if activity.command:
            attributes.append(("athanor:command", json.dumps(activity.command)))
        attributes += [
            (f"athanor:software-{_term(item)}", version) for item, version in sorted(activity.software.items())
        ]
        attributes += [(f"athanor:{_term(measure)}", value) for measure, value in sorted(activity.usage.items())]
        yield Statement("activity", name, (activity.start_time, activity.end_time), attributes)
        for number, parameter in enumerate(activity.parameters, start=1):
            yield from self._parameter(activity, parameter, number)

    def _parameter(self, activity: ActivityNode, parameter: ParameterNode, number: int) -> Iterator[Statement]:
        name = Name("job", f"{activity.identifier}#parameter-{number}-{parameter.name}")
        attributes: Attributes = [
            ("prov:label", f"{parameter.name} = {parameter.value}"),
            ("prov:value", parameter.value),
            ("voprov:name", parameter.name),
        ]
        if parameter.value_type:
            attributes.append(("voprov:valueType", parameter.value_type))
        if parameter.unit:
            attributes.append(("voprov:unit", parameter.unit))
        if parameter.ucd:
            attributes.append(("voprov:ucd", parameter.ucd))
        yield self._thing("parameter", "Parameter", name, attributes)
        yield self._tie("wasConfiguredBy", self.names["activity", activity.pk], name)

    def _entity(self, entity: EntityNode) -> Statement:
        label = entity.name or entity.identifier
        attributes: Attributes = [("voprov:name" if self.is_ivoa else "prov:label", label)]
        if entity.location:
            attributes.append(("voprov:location" if self.is_ivoa else "prov:location", entity.location))
        if entity.generated_at_time:
            attributes.append(("voprov:generatedAtTime", entity.generated_at_time))
        if entity.comment:
            attributes.append(("voprov:comment", entity.comment))
        if entity.sha256:
            attributes.append(("athanor:sha256", entity.sha256))
        if entity.size is not None:
            attributes.append(("athanor:size", entity.size))
        if entity.description:
            attributes.append(("voprov:contentType", entity.description.content_type))
            if entity.description.type:
                attributes.append(("voprov:dataproduct_type", entity.description.type))
        return Statement("entity", self.names["entity", entity.pk], (), attributes)

    def _agent(self, agent: AgentNode) -> Statement:
        attributes: Attributes = [("prov:type", Name("prov", agent.type)), ("prov:label", agent.name)]
        if self.is_ivoa:
            attributes = [("voprov:name", agent.name), ("voprov:type", agent.type)]
        if agent.url:
            attributes.append(("voprov:url", agent.url))
        return Statement("agent", self.names["agent", agent.pk], (), attributes)

    def _descriptions(self) -> Iterator[Statement]:
        kinds = {node.description.pk: node.description for node in self.graph.activities.values() if node.description}
        for kind in kinds.values():
            yield self._thing(
                "activityDescription",
                "ActivityDescription",
                _task_name(kind),
                [
                    *([] if self.is_ivoa else [("prov:label", kind.label)]),
                    ("voprov:name", kind.name),
                    ("voprov:version", kind.version),
                    ("voprov:description", kind.description),
                    ("voprov:docurl", kind.docurl),
                    ("voprov:type", kind.type),
                ],
            )
        for node in self.graph.activities.values():
            if node.description:
                yield self._tie("isDescribedBy", self.names["activity", node.pk], _task_name(node.description))

    def _relations(self) -> Iterator[Statement]:
        for kind, source, target, role, time in self.graph.relations:
            # PROV allows prov:role on an association but not on an attribution (PROV-DM §5.7.2.3).
            term = "voprov:role" if kind == "wasAttributedTo" else "prov:role"
            ends = (self.names[source], self.names[target])
            arguments = (*ends, time) if time is not None else ends
            yield Statement(kind, None, arguments, [(term, role)] if role else [])

    def _thing(self, kind: str, klass: str, name: Name, attributes: Attributes) -> Statement:
        """Something that W3C PROV has no class for."""
        if self.is_ivoa:
            return Statement(kind, name, (), attributes)
        return Statement("entity", name, (), [("prov:type", Name("voprov", klass)), *attributes])

    def _tie(self, kind: str, source: Name, target: Name) -> Statement:
        """A relation that W3C PROV has no name for."""
        if self.is_ivoa:
            return Statement(kind, None, (source, target))
        klass = Name("voprov", kind[0].upper() + kind[1:])
        return Statement("wasInfluencedBy", None, (source, target), [("prov:type", klass)])


def _task_name(kind: ActivityDescriptionNode) -> Name:
    return Name("task", f"{kind.name}/#{quote(kind.version, safe='')}")


def _entity_name(entity: EntityNode) -> Name:
    if entity.location.startswith("uws/"):
        return Name("result", quote(entity.location.removeprefix("uws/"), safe=_SAFE))
    if entity.identifier.startswith("ivo://"):
        return Name("ivo", quote(entity.identifier.removeprefix("ivo://"), safe=_SAFE))
    return Name("entity", quote(entity.identifier, safe=""))


@lru_cache(maxsize=1024)
def _term(text: str) -> str:
    """A text as part of the name of an attribute."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-.") else "_" for sign in text)
