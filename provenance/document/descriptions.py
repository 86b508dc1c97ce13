"""What a document says of tasks and of kinds of entities: descriptions (ProvenanceDM 1.0 §3.4, §3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provenance.document.models import Attributes, Model, present, thing, tie
from provenance.document.names import entity_description_name, task_name
from provenance.graph import (
    ActivityDescriptionNode,
    ConfigFileDescriptionNode,
    EntityDescriptionNode,
    ParameterDescriptionNode,
    RoleDescriptionNode,
)
from provenance.notations import Name, Statement

__all__ = ["describe_entity_kinds", "describe_tasks", "role_names"]


def describe_tasks(tasks: Iterable[ActivityDescriptionNode], model: Model) -> Iterator[Statement]:
    """The tasks, and all that they use, generate and are configured with."""
    for task in tasks:
        name = task_name(task)
        attributes = [
            ("voprov:name", task.name),
            ("voprov:version", task.version),
            ("voprov:description", task.description),
            ("voprov:docurl", task.docurl),
            ("voprov:type", task.type),
            ("voprov:subtype", task.subtype),
        ]
        yield thing(model, "activityDescription", name, _labelled(model, task.label, present(attributes)))
        for way, roles in (("usage", task.usages), ("generation", task.generations)):
            for role in roles:
                yield from _role(model, task, way, role)
        for parameter in task.parameters:
            own = task_name(task, "parameter", parameter.name)
            yield thing(model, "parameterDescription", own, _labelled(model, parameter.name, _parameter(parameter)))
            yield tie(model, "isRelatedTo", own, name)
        for file in task.config_files:
            own = task_name(task, "configfile", file.name)
            yield thing(model, "configFileDescription", own, _labelled(model, file.name, _config_file(file)))
            yield tie(model, "isRelatedTo", own, name)


def role_names(tasks: Iterable[ActivityDescriptionNode]) -> tuple[dict[int, Name], dict[int, Name]]:
    """Names of the descriptions of usages and of generations, by primary key."""
    known = list(tasks)
    return (
        {role.pk: task_name(task, "usage", role.role) for task in known for role in task.usages},
        {role.pk: task_name(task, "generation", role.role) for task in known for role in task.generations},
    )


def describe_entity_kinds(kinds: Iterable[EntityDescriptionNode], model: Model) -> Iterator[Statement]:
    """The kinds of entities: of data sets if they have a content type, of values if they have a type of values."""
    for kind in kinds:
        name = entity_description_name(kind)
        attributes = [
            ("voprov:name", kind.name),
            ("voprov:description", kind.description),
            ("voprov:docurl", kind.docurl),
            ("voprov:type", kind.type),
            ("voprov:contentType", kind.content_type),
            ("voprov:valueType", kind.value_type),
            ("voprov:unit", kind.unit),
            ("voprov:ucd", kind.ucd),
            ("voprov:utype", kind.utype),
        ]
        klass = "datasetDescription" if kind.content_type else "entityDescription"
        klass = "valueDescription" if kind.value_type else klass
        yield thing(model, klass, name, _labelled(model, kind.name, present(attributes)))


def _role(model: Model, task: ActivityDescriptionNode, way: str, role: RoleDescriptionNode) -> Iterator[Statement]:
    name = task_name(task, way, role.role)
    attributes = [
        ("voprov:role", role.role),
        ("voprov:description", role.description),
        ("voprov:type", role.type),
        ("voprov:multiplicity", role.multiplicity),
    ]
    yield thing(model, f"{way}Description", name, _labelled(model, role.role, present(attributes)))
    yield tie(model, "isRelatedTo", name, task_name(task))
    if role.entity_description is not None:
        yield tie(model, "isRelatedTo", name, entity_description_name(role.entity_description))


def _parameter(parameter: ParameterDescriptionNode) -> Attributes:
    return [
        *present(
            [
                ("voprov:name", parameter.name),
                ("voprov:valueType", parameter.value_type),
                ("voprov:unit", parameter.unit),
                ("voprov:ucd", parameter.ucd),
                ("voprov:utype", parameter.utype),
                ("voprov:min", parameter.min),
                ("voprov:max", parameter.max),
                ("voprov:default", parameter.default),
                ("voprov:description", parameter.description),
            ]
        ),
        *(("voprov:options", str(option)) for option in parameter.options),
    ]


def _config_file(file: ConfigFileDescriptionNode) -> Attributes:
    return present(
        [
            ("voprov:name", file.name),
            ("voprov:contentType", file.content_type),
            ("voprov:description", file.description),
        ]
    )


def _labelled(model: Model, label: str, attributes: Attributes) -> Attributes:
    return attributes if model is Model.IVOA else [("prov:label", label), *attributes]
