"""Tables of entities, activities, their configuration and agents (ProvenanceDM 1.0 §3.2, §3.3 and §3.5)."""

from __future__ import annotations

from provenance.tap.keys import DATA_SET, SOFTWARE, activity_description, described_by, entity_description, identifier
from provenance.tap.view import address, number, reference, table, text, time

__all__ = ["THINGS"]

_VISIBLE_VALUE = "CASE WHEN {visible:v} THEN v.identifier END"

_RESPONSIBLE = """(
    EXISTS (
        SELECT 1 FROM provenance_wasassociatedwith w JOIN provenance_activity a ON a.id = w.activity_id
        WHERE w.agent_id = g.id AND {activity:a}
    ) OR EXISTS (
        SELECT 1 FROM provenance_wasattributedto t JOIN provenance_entity e ON e.id = t.entity_id
        WHERE t.agent_id = g.id AND {own:e}
    )
)"""


def _told(column: str) -> str:
    """What is told of an open entity alone: of one that an open activity used it would tell who made it, and when."""
    return f"CASE WHEN {{entity:e}} THEN e.{column} END"


ENTITY = table(
    "entity",
    "What was used or made: data sets of the archive, results of jobs, uploaded files, collections of files, values",
    identifier("entity", "e.identifier", "Identifier: obs_publisher_did, or job:<jobid>/<result>", utype="Entity.id"),
    DATA_SET,
    text("kind", "e.kind", "dataset, collection or value", ucd="meta.code.class"),
    text("name", "e.name", "Name of the file, or of what else it is", ucd="meta.title", utype="Entity.name"),
    address("location", _told("location"), "Where it can be had", utype="Entity.location"),
    time(
        "generated_at_time",
        _told("generated_at_time"),
        "When it was made",
        ucd="time.creation",
        utype="Entity.generatedAtTime",
    ),
    time(
        "invalidated_at_time",
        _told("invalidated_at_time"),
        "When it ceased to be there",
        ucd="time.end",
        utype="Entity.invalidatedAtTime",
    ),
    text(
        "comment",
        _told("comment"),
        "What else is to be said of it",
        confine=None,
        ucd="meta.note",
        utype="Entity.comment",
        principal=False,
    ),
    text("sha256", "e.sha256", "SHA-256 of its bytes, in hexadecimal", ucd="meta.checksum"),
    number("entity_size", "e.size", "Its size", datatype="long", unit="byte", ucd="phys.size;meta.file"),
    text(
        "entity_value",
        "e.value",
        "The value, where it is one",
        ucd="meta.note",
        utype="ValueEntity.value",
        principal=False,
    ),
    text("dataproduct_type", "d.type", "Type of data product, in the words of ObsCore", ucd="meta.code.class"),
    text("content_type", "d.content_type", "Media type", ucd="meta.code.mime", utype="DatasetDescription.contentType"),
    described_by("entitydescription", entity_description("d"), "What kind of entity it is"),
    source="provenance_entity e LEFT JOIN provenance_entitydescription d ON d.id = e.description_id",
    where="{visible:e}",
    keys=(reference("entitydescription_id", "entitydescription", "entitydescription_id", "What kind of entity it is"),),
    utype="Entity",
)

ACTIVITY = table(
    "activity",
    "What was done: jobs, ingests of files, publications, comparisons of two runs",
    identifier("activity", "a.identifier", "Identifier: that of the job, or <kind>:<unique>", utype="Activity.id"),
    text("kind", "a.kind", "job, ingest, publication or comparison", ucd="meta.code.class"),
    text("name", "a.name", "Name of the task", ucd="meta.title", utype="Activity.name"),
    text("version", "d.version", "Version of the task", ucd="meta.version", utype="ActivityDescription.version"),
    time("start_time", "a.start_time", "When it began", ucd="time.start", utype="Activity.startTime"),
    time("end_time", "a.end_time", "When it ended", ucd="time.end", utype="Activity.endTime"),
    text("phase", "a.phase", "How it ended: COMPLETED, ERROR, ABORTED", ucd="meta.code.status"),
    text(
        "comment",
        "a.comment",
        "What else is to be said: the message of an error",
        ucd="meta.note",
        utype="Activity.comment",
    ),
    number("exit_code", "a.exit_code", "What its program gave back", ucd="meta.code", principal=False),
    text("host", "a.host", "The machine on which it ran", ucd="meta.id;instr.setup", principal=False),
    text(
        "command",
        "CAST(a.command AS text)",
        "The command, as a list in JSON",
        form="json",
        ucd="meta.note",
        principal=False,
    ),
    SOFTWARE,
    text(
        "resources",
        "CAST(a.usage AS text)",
        "Time, memory and the like that it took, as an object in JSON",
        form="json",
        ucd="meta.note",
        principal=False,
    ),
    text("parent_id", "p.identifier", "The pipeline or array of which it was a step", ucd="meta.id.parent"),
    described_by(
        "activitydescription", activity_description("d"), "What kind of activity it was: the task in its version"
    ),
    address(
        "page_url",
        "CASE WHEN a.kind = 'job' THEN 'jobs/' || a.identifier || '/'"
        " ELSE 'provenance/activities/' || a.identifier || '/' END",
        "Its page",
        principal=False,
    ),
    source="provenance_activity a LEFT JOIN provenance_activitydescription d ON d.id = a.description_id"
    " LEFT JOIN provenance_activity p ON p.id = a.parent_id AND {activity:p}",
    where="{activity:a}",
    keys=(
        reference("activitydescription_id", "activitydescription", "activitydescription_id", "The task in its version"),
        reference("parent_id", "activity", "activity_id", "The pipeline or array of which it was a step"),
    ),
    utype="Activity",
)

PARAMETER = table(
    "parameter",
    "Values with which activities were configured",
    identifier("activity", "a.identifier", "The activity"),
    text("name", "m.name", "Name of the parameter", ucd="meta.title", utype="Parameter.name"),
    text("parameter_value", "m.value", "Its value as text", ucd="meta.note", utype="Parameter.value"),
    number(
        "is_default",
        "CASE WHEN m.is_default THEN 1 ELSE 0 END",
        "1 if it is the task's own default, else 0",
        ucd="meta.code",
    ),
    text(
        "value_entity_id",
        _VISIBLE_VALUE,
        "The entity of which the value was taken, where another activity made it",
        ucd="meta.id.assoc",
        confine=None,
        utype="Parameter.valueEntity",
    ),
    text("unit", "d.unit", "Unit of the value", ucd="meta.unit", utype="ParameterDescription.unit"),
    described_by(
        "parameterdescription",
        f"{activity_description('k')} || '/parameter/' || d.name",
        "What is told of the parameter",
    ),
    source="provenance_parameter m JOIN provenance_activity a ON a.id = m.activity_id"
    " LEFT JOIN provenance_entity v ON v.id = m.value_entity_id"
    " LEFT JOIN provenance_parameterdescription d ON d.id = m.description_id"
    " LEFT JOIN provenance_activitydescription k ON k.id = d.activity_description_id",
    where="{activity:a}",
    keys=(
        reference("activity_id", "activity", "activity_id", "The activity that it configured"),
        reference("value_entity_id", "entity", "entity_id", "Where the value came from"),
        reference("parameterdescription_id", "parameterdescription", "parameterdescription_id", "What it means"),
    ),
    utype="Parameter",
)

CONFIG_FILE = table(
    "configfile",
    "Files with which activities were configured: the definition of the task, calibration indices and the like",
    identifier("activity", "a.identifier", "The activity"),
    text("name", "c.name", "Name of the file", ucd="meta.title", utype="ConfigFile.name"),
    address("location", "c.location", "Where it can be had", utype="ConfigFile.location"),
    text(
        "comment",
        "c.comment",
        "What else is to be said of it",
        ucd="meta.note",
        utype="ConfigFile.comment",
        principal=False,
    ),
    text("sha256", "c.sha256", "SHA-256 of its bytes, in hexadecimal", ucd="meta.checksum"),
    described_by(
        "configfiledescription", f"{activity_description('k')} || '/configfile/' || d.name", "What is told of the file"
    ),
    source="provenance_configfile c JOIN provenance_activity a ON a.id = c.activity_id"
    " LEFT JOIN provenance_configfiledescription d ON d.id = c.description_id"
    " LEFT JOIN provenance_activitydescription k ON k.id = d.activity_description_id",
    where="{activity:a}",
    keys=(
        reference("activity_id", "activity", "activity_id", "The activity that it configured"),
        reference("configfiledescription_id", "configfiledescription", "configfiledescription_id", "What it is for"),
    ),
    utype="ConfigFile",
)

AGENT = table(
    "agent",
    "Who was responsible: people, organisations and software; their mail, telephone and address are not told",
    identifier("agent", "g.identifier", "Identifier", utype="Agent.id"),
    text("name", "g.name", "Name", ucd="meta.title", utype="Agent.name"),
    text("type", "g.type", "Person, Organization or SoftwareAgent", ucd="meta.code.class", utype="Agent.type"),
    text("comment", "g.comment", "What else is to be said", ucd="meta.note", utype="Agent.comment", principal=False),
    text("affiliation", "g.affiliation", "Where a person works", ucd="meta.note", utype="Agent.affiliation"),
    address("url", "g.url", "Page", utype="Agent.url"),
    source="provenance_agent g",
    where=_RESPONSIBLE,
    utype="Agent",
)

THINGS = (ENTITY, ACTIVITY, AGENT, PARAMETER, CONFIG_FILE)
