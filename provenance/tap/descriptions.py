"""Tables of what tasks and entities are in general (ProvenanceDM 1.0 §3.4): of those that the asker may see."""

from __future__ import annotations

from provenance.tap.keys import activity_description, described_by, entity_description, identifier
from provenance.tap.view import Item, View, address, number, reference, table, text

__all__ = ["DESCRIPTIONS"]

_TASKS = "(SELECT a.description_id FROM provenance_activity a WHERE {activity:a})"
_KINDS = f"""(
    d.id IN (SELECT v.description_id FROM provenance_entity v WHERE {{visible:v}})
    OR d.id IN (SELECT entity_description_id FROM provenance_usagedescription WHERE activity_description_id IN {_TASKS})
    OR d.id IN (
        SELECT entity_description_id FROM provenance_generationdescription WHERE activity_description_id IN {_TASKS}
    )
)"""  # noqa: S608 - made of texts of ours
_OF = "JOIN provenance_activitydescription k ON k.id = d.activity_description_id"

_TASK = identifier("activitydescription", activity_description("k"), "The task in its version")
_OF_TASK = reference(
    "activitydescription_id", "activitydescription", "activitydescription_id", "The task in its version"
)
_KIND = described_by("entitydescription", entity_description("e"), "What kind of entity it is")


def _own(what: str, sql: str, klass: str) -> Item:
    return identifier(what, sql, "Identifier", utype=f"{klass}.id")


def _words(klass: str, alias: str = "d") -> Item:
    return text("description", f"{alias}.description", "What it is", ucd="meta.note", utype=f"{klass}.description")


def _flows(kind: str, klass: str, description: str, types: str) -> View:
    """The table of what tasks use, or of what they make."""
    name = f"{kind}description"
    return table(
        name,
        description,
        _own(name, f"{activity_description('k')} || '/{kind}/' || d.role", klass),
        _TASK,
        text("task", "k.name", "Name of the task", ucd="meta.title", utype="ActivityDescription.name"),
        text("version", "k.version", "Its version", ucd="meta.version", utype="ActivityDescription.version"),
        text("role", "d.role", "What for", ucd="meta.code", utype=f"{klass}.role"),
        text("type", "d.type", types, ucd="meta.code.class", utype=f"{klass}.type"),
        text(
            "multiplicity",
            "d.multiplicity",
            "How many there may be: min..max",
            ucd="meta.code",
            utype=f"{klass}.multiplicity",
        ),
        _words(klass),
        _KIND,
        source=f"provenance_{name} d {_OF} LEFT JOIN provenance_entitydescription e ON e.id = d.entity_description_id",
        where=f"k.id IN {_TASKS}",
        keys=(
            _OF_TASK,
            reference("entitydescription_id", "entitydescription", "entitydescription_id", "What kind of entity it is"),
        ),
        utype=klass,
    )


ACTIVITY_DESCRIPTION = table(
    "activitydescription",
    "Tasks, in the versions that ran",
    _own("activitydescription", activity_description("k"), "ActivityDescription"),
    text("name", "k.name", "Name of the task", ucd="meta.title", utype="ActivityDescription.name"),
    text("version", "k.version", "Version of the task", ucd="meta.version", utype="ActivityDescription.version"),
    _words("ActivityDescription", "k"),
    address("docurl", "k.docurl", "Its documentation", utype="ActivityDescription.docurl"),
    text(
        "type",
        "k.type",
        "Observation, Simulation, Reduction, Calibration, Reconstruction, Selection or Analysis",
        ucd="meta.code.class",
        utype="ActivityDescription.type",
    ),
    text(
        "subtype",
        "k.subtype",
        "More of its type",
        ucd="meta.code.class",
        utype="ActivityDescription.subtype",
        principal=False,
    ),
    number(
        "activities",
        "(SELECT count(*) FROM provenance_activity a WHERE a.description_id = k.id AND {activity:a})",
        "How many such activities there are",
        ucd="meta.number",
        datatype="long",
    ),
    source="provenance_activitydescription k",
    where=f"k.id IN {_TASKS}",
    utype="ActivityDescription",
)

ENTITY_DESCRIPTION = table(
    "entitydescription",
    "Kinds of entities",
    _own("entitydescription", entity_description("d"), "EntityDescription"),
    text("name", "d.name", "Name", ucd="meta.title", utype="EntityDescription.name"),
    text(
        "dataproduct_type",
        "d.type",
        "Type of data product, in the words of ObsCore",
        ucd="meta.code.class",
        utype="EntityDescription.type",
    ),
    text("content_type", "d.content_type", "Media type", ucd="meta.code.mime", utype="DatasetDescription.contentType"),
    text("value_type", "d.value_type", "Type of values", ucd="meta.code.class", utype="ValueDescription.valueType"),
    text("unit", "d.unit", "Unit of values", ucd="meta.unit", utype="ValueDescription.unit"),
    text(
        "ucd",
        "d.ucd",
        "What quantity values are (Unified Content Descriptor)",
        ucd="meta.ucd",
        utype="ValueDescription.ucd",
    ),
    text(
        "utype",
        "d.utype",
        "What of a data model values are",
        ucd="meta.code",
        utype="ValueDescription.utype",
        principal=False,
    ),
    _words("EntityDescription"),
    address("docurl", "d.docurl", "Documentation", utype="EntityDescription.docurl", principal=False),
    source="provenance_entitydescription d",
    where=_KINDS,
    utype="EntityDescription",
)

PARAMETER_DESCRIPTION = table(
    "parameterdescription",
    "Parameters that tasks take",
    _own("parameterdescription", f"{activity_description('k')} || '/parameter/' || d.name", "ParameterDescription"),
    _TASK,
    text("name", "d.name", "Name of the parameter", ucd="meta.title", utype="ParameterDescription.name"),
    text(
        "value_type",
        "d.value_type",
        "Type of its values",
        ucd="meta.code.class",
        utype="ParameterDescription.valueType",
    ),
    text("unit", "d.unit", "Unit of its values", ucd="meta.unit", utype="ParameterDescription.unit"),
    text(
        "ucd",
        "d.ucd",
        "What quantity it is (Unified Content Descriptor)",
        ucd="meta.ucd",
        utype="ParameterDescription.ucd",
    ),
    text(
        "utype",
        "d.utype",
        "What of a data model it is",
        ucd="meta.code",
        utype="ParameterDescription.utype",
        principal=False,
    ),
    text("min_value", "d.min", "Lowest value", ucd="meta.number;stat.min", utype="ParameterDescription.min"),
    text("max_value", "d.max", "Highest value", ucd="meta.number;stat.max", utype="ParameterDescription.max"),
    text(
        "default_value",
        'd."default"',
        "Value where none is given",
        ucd="meta.note",
        utype="ParameterDescription.default",
    ),
    text(
        "options",
        "CAST(d.options AS text)",
        "Values that it may have, as a list in JSON",
        form="json",
        ucd="meta.note",
        utype="ParameterDescription.options",
    ),
    _words("ParameterDescription"),
    source=f"provenance_parameterdescription d {_OF}",
    where=f"k.id IN {_TASKS}",
    keys=(_OF_TASK,),
    utype="ParameterDescription",
)

CONFIG_FILE_DESCRIPTION = table(
    "configfiledescription",
    "Files with which tasks are configured",
    _own("configfiledescription", f"{activity_description('k')} || '/configfile/' || d.name", "ConfigFileDescription"),
    _TASK,
    text("name", "d.name", "Name of the file", ucd="meta.title", utype="ConfigFileDescription.name"),
    text(
        "content_type", "d.content_type", "Media type", ucd="meta.code.mime", utype="ConfigFileDescription.contentType"
    ),
    _words("ConfigFileDescription"),
    source=f"provenance_configfiledescription d {_OF}",
    where=f"k.id IN {_TASKS}",
    keys=(_OF_TASK,),
    utype="ConfigFileDescription",
)

DESCRIPTIONS = (
    ACTIVITY_DESCRIPTION,
    _flows("usage", "UsageDescription", "What tasks use", "Main, Calibration, Setup, …"),
    _flows("generation", "GenerationDescription", "What tasks make", "Main, Preview, Quality, Log, …"),
    ENTITY_DESCRIPTION,
    PARAMETER_DESCRIPTION,
    CONFIG_FILE_DESCRIPTION,
)
