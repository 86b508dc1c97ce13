"""Writes what a task is: its inputs, outputs and parameters, once for each version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.models import ActivityDescription, GenerationDescription, ParameterDescription, UsageDescription
from vo.wording import plain

if TYPE_CHECKING:
    from jobdefs.definition import Definition

__all__ = ["describe"]


def describe(definition: Definition) -> ActivityDescription:
    """Return the description of a definition in its version; it is written when there is none yet."""
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
        _describe_contents(kind, definition)
    return kind


def _describe_contents(kind: ActivityDescription, definition: Definition) -> None:
    required = {parameter.name: parameter.required for parameter in definition.parameters}
    UsageDescription.objects.bulk_create(
        UsageDescription(
            activity_description=kind,
            role=item.role,
            type="Main",
            multiplicity="1" if required.get(item.parameter) else "0..1",
            description=item.description,
        )
        for item in definition.inputs
    )
    GenerationDescription.objects.bulk_create(
        GenerationDescription(
            activity_description=kind,
            role=item.role or item.name,
            type="Main",
            multiplicity="1" if item.required and not item.when else "0..1",
            description=item.description,
        )
        for item in definition.outputs
    )
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
