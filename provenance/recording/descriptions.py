"""Writes what a task is: its inputs, outputs, parameters and configuration, once for each version."""

from __future__ import annotations

from collections.abc import Mapping

from jobdefs.definition import Definition, Input, Output
from provenance.models import (
    ActivityDescription,
    ConfigFileDescription,
    GenerationDescription,
    ParameterDescription,
    UsageDescription,
)
from provenance.recording.entities import Kind, describe_entities, describe_file
from vo.wording import plain

__all__ = ["DEFINITION", "SETUP", "describe"]

DEFINITION = "definition"
"""Name of the file that every activity of a task is configured by: the task's definition."""

SETUP = "Setup"
"""Type of the inputs by which a task is configured (ProvenanceDM §3.4.2)."""


def describe(definition: Definition) -> ActivityDescription:
    """The description of a definition in its version; it is written when there is none yet."""
    kind, new = ActivityDescription.objects.get_or_create(
        name=definition.name,
        version=definition.version,
        defaults={
            "description": definition.description or definition.title,
            "docurl": definition.documentation,
            "type": definition.type,
        },
    )
    if new:
        _describe_files(kind, definition)
        _describe_configuration(kind, definition)
    return kind


def _describe_files(kind: ActivityDescription, definition: Definition) -> None:
    used = {item: describe_file(item.media_type) for item in definition.inputs}
    made = {item: describe_file(item.media_type, item.product_type) for item in definition.outputs}
    keys: Mapping[Kind, int] = describe_entities([*used.values(), *made.values()])
    UsageDescription.objects.bulk_create(
        UsageDescription(
            activity_description=kind,
            role=item.role,
            type=item.type,
            multiplicity=_taken(item, definition),
            description=item.description,
            entity_description_id=keys[used[item]],
        )
        for item in definition.inputs
    )
    GenerationDescription.objects.bulk_create(
        GenerationDescription(
            activity_description=kind,
            role=item.role or item.name,
            type=item.type,
            multiplicity=_given(item, definition),
            description=item.description,
            entity_description_id=keys[made[item]],
        )
        for item in definition.outputs
    )


def _describe_configuration(kind: ActivityDescription, definition: Definition) -> None:
    ParameterDescription.objects.bulk_create(
        ParameterDescription(
            activity_description=kind,
            name=parameter.name,
            value_type=parameter.type,
            unit=parameter.unit,
            ucd=parameter.ucd,
            min="" if parameter.min is None else plain(parameter.min),
            max="" if parameter.max is None else plain(parameter.max),
            default=parameter.default,
            options=list(parameter.options),
            description=parameter.description,
        )
        for parameter in definition.parameters
    )
    ConfigFileDescription.objects.bulk_create(
        [
            ConfigFileDescription(
                activity_description=kind,
                name=DEFINITION,
                content_type="application/json",
                description="What the task takes, gives and runs.",
            ),
            *(
                ConfigFileDescription(
                    activity_description=kind,
                    name=item.parameter,
                    content_type=item.media_type,
                    description=item.description,
                )
                for item in definition.inputs
                if item.type == SETUP
            ),
        ]
    )


def _taken(item: Input, definition: Definition) -> str:
    parameter = definition.parameter(item.parameter)
    least = int(parameter is not None and parameter.required)
    return _multiplicity(least, several=parameter is not None and parameter.multiple)


def _given(item: Output, definition: Definition) -> str:
    """Files of a pattern may be several, and so may be those that a pipeline has of a step's branches."""
    several = bool(item.source or item.pattern) and not item.single
    if definition.environment == "pipeline":
        branched = {step.name for step in definition.steps if step.foreach}
        several = item.source.partition("/")[0] in branched
    return _multiplicity(int(item.required and not item.when), several=several)


def _multiplicity(least: int, *, several: bool) -> str:
    """As in UML (ProvenanceDM §3.4.2): ``min..max``, or a number where they are the same."""
    if several:
        return f"{least}..*"
    return "1" if least else "0..1"
