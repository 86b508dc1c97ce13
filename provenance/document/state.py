"""All the statements that a graph makes, in their order."""

from __future__ import annotations

from collections.abc import Iterator

from provenance.document import things
from provenance.document.descriptions import describe_entity_kinds, describe_tasks, role_names
from provenance.document.models import Attributes, Model, thing, tie
from provenance.document.names import (
    activity_name,
    agent_name,
    entity_description_name,
    entity_name,
    namespaces,
    part,
    task_name,
)
from provenance.graph import ActivityDescriptionNode, ActivityNode, EntityDescriptionNode, Graph, Key
from provenance.notations import Document, Name, Statement

__all__ = ["state"]


def state(graph: Graph, *, base_url: str, model: Model = Model.W3C, descriptions: bool = True) -> Document:
    """The statements that a graph makes.

    Parameters
    ----------
    base_url
        Root of the service, without a trailing slash: identifiers of jobs and results are URLs below it.
    descriptions
        Whether to tell what tasks and files are of which the activities and entities are cases.
    """
    return Document(namespaces(base_url), _Speaker(graph, model, descriptions).statements())


class _Speaker:
    def __init__(self, graph: Graph, model: Model, descriptions: bool) -> None:
        self.graph = graph
        self.model = model
        self.with_descriptions = descriptions
        self.names: dict[Key, Name] = {
            **{("activity", pk): activity_name(node) for pk, node in graph.activities.items()},
            **{("entity", pk): entity_name(node) for pk, node in graph.entities.items()},
            **{("agent", pk): agent_name(node) for pk, node in graph.agents.items()},
        }

    def statements(self) -> Iterator[Statement]:
        graph, names, model = self.graph, self.names, self.model
        for pk, activity in graph.activities.items():
            name = names["activity", pk]
            yield things.activity(activity, name, model, names.get(("activity", activity.parent or 0)))
            if activity.parameters or activity.config_files:
                yield from self._configuration(activity, name)
        for pk, entity in graph.entities.items():
            yield things.entity(entity, names["entity", pk], model)
        for pk, agent in graph.agents.items():
            yield things.agent(agent, names["agent", pk], model)
        if self.with_descriptions:
            yield from self._descriptions()
        yield from self._relations()

    def _configuration(self, activity: ActivityNode, name: Name) -> Iterator[Statement]:
        for number, parameter in enumerate(activity.parameters, start=1):
            own = part(name, "parameter", number, parameter.name)
            source = self.names.get(("entity", parameter.value_entity or 0))
            yield thing(self.model, "parameter", own, things.parameter(parameter, self.model, source))
            yield tie(self.model, "wasConfiguredBy", name, own, [("voprov:artefactType", "Parameter")])
            if parameter.description and activity.description and self.with_descriptions:
                described = task_name(activity.description, "parameter", parameter.description.name)
                yield tie(self.model, "isDescribedBy", own, described)
        for number, file in enumerate(activity.config_files, start=1):
            own = part(name, "configfile", number, file.name)
            yield thing(self.model, "configFile", own, things.config_file(file, self.model))
            yield tie(self.model, "wasConfiguredBy", name, own, [("voprov:artefactType", "ConfigFile")])
            if file.description and activity.description and self.with_descriptions:
                described = task_name(activity.description, "configfile", file.description.name)
                yield tie(self.model, "isDescribedBy", own, described)

    def _descriptions(self) -> Iterator[Statement]:
        graph, names, model = self.graph, self.names, self.model
        yield from describe_tasks(self._tasks(), model)
        yield from describe_entity_kinds(self._entity_kinds(), model)
        for pk, activity in graph.activities.items():
            if activity.description:
                yield tie(model, "isDescribedBy", names["activity", pk], task_name(activity.description))
        for pk, entity in graph.entities.items():
            if entity.description:
                yield tie(model, "isDescribedBy", names["entity", pk], entity_description_name(entity.description))

    def _tasks(self) -> list[ActivityDescriptionNode]:
        tasks = {node.description.pk: node.description for node in self.graph.activities.values() if node.description}
        return list(tasks.values())

    def _entity_kinds(self) -> list[EntityDescriptionNode]:
        used = [node.description for node in self.graph.entities.values()]
        used += [role.entity_description for task in self._tasks() for role in (*task.usages, *task.generations)]
        return list({kind.pk: kind for kind in used if kind is not None}.values())

    def _relations(self) -> Iterator[Statement]:
        names = self.names
        usages, generations = role_names(self._tasks()) if self.with_descriptions else ({}, {})
        for kind, source, target, role, time, description in self.graph.relations:
            attributes: Attributes = []
            if role:
                # PROV allows prov:role on an association but not on an attribution (PROV-DM §5.7.2.3).
                attributes.append(("voprov:role" if kind == "wasAttributedTo" else "prov:role", role))
            if description in usages and kind == "used":
                attributes.append(("voprov:usageDescription", usages[description]))
            elif description in generations and kind == "wasGeneratedBy":
                attributes.append(("voprov:generationDescription", generations[description]))
            ends = (names[source], names[target])
            yield Statement(kind, None, ends if time is None else (*ends, time), attributes)
