"""Provenance as it is stored: the classes of the IVOA Provenance Data Model 1.0 (REC 2020-04-11), a table each.

Attribute names are the model's in snake case; identifiers are the ones that users meet elsewhere: an
``obs_publisher_did`` or ``job:<jobid>/<result>`` for entities, the job's identifier for activities.
"""

from __future__ import annotations

from provenance.models.comparisons import ComparedItem
from provenance.models.descriptions import (
    ActivityDescription,
    ConfigFileDescription,
    EntityDescription,
    GenerationDescription,
    ParameterDescription,
    UsageDescription,
)
from provenance.models.relations import (
    AlternateOf,
    HadMember,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.models.things import (
    Activity,
    ActivityKind,
    Agent,
    ConfigFile,
    Entity,
    EntityKind,
    Parameter,
)

__all__ = [
    "Activity",
    "ActivityDescription",
    "ActivityKind",
    "Agent",
    "AlternateOf",
    "ComparedItem",
    "ConfigFile",
    "ConfigFileDescription",
    "Entity",
    "EntityDescription",
    "EntityKind",
    "GenerationDescription",
    "HadMember",
    "Parameter",
    "ParameterDescription",
    "UsageDescription",
    "Used",
    "WasAssociatedWith",
    "WasAttributedTo",
    "WasDerivedFrom",
    "WasGeneratedBy",
    "WasInformedBy",
]
