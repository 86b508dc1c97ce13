"""The table ``provenance.last_step``: what made each data set or result, in one flat row."""

from __future__ import annotations

from provenance.tap.keys import DATA_SET, SOFTWARE, identifier
from provenance.tap.view import number, reference, table, text, time

__all__ = ["LAST_STEP"]

_MAKERS = """
    SELECT r.entity_id, r.activity_id, 0 AS way
    FROM provenance_wasgeneratedby r
    JOIN provenance_activity m ON m.id = r.activity_id AND m.kind <> 'publication'
    WHERE {activity:m}
    UNION ALL
    SELECT r.entity_id, o.activity_id, 1
    FROM provenance_wasgeneratedby r
    JOIN provenance_activity p ON p.id = r.activity_id AND p.kind = 'publication'
    JOIN provenance_wasderivedfrom d ON d.entity_id = r.entity_id
    JOIN provenance_wasgeneratedby o ON o.entity_id = d.used_entity_id
    JOIN provenance_activity m ON m.id = o.activity_id AND m.kind <> 'publication'
    JOIN provenance_entity v ON v.id = r.entity_id
    WHERE {activity:m} AND {visible:v}
"""
"""Who made an entity; of what was published, who made the result that it is a copy of."""

_STEPS = f"""
    SELECT entity_id, activity_id,
        row_number() OVER (PARTITION BY entity_id ORDER BY way, activity_id) AS place
    FROM ({_MAKERS}) AS made
"""  # noqa: S608 - made of texts of ours

LAST_STEP = table(
    "last_step",
    "The last step of each data set and result whose making is known: the activity that made it, in one row",
    identifier(
        "entity", "e.identifier", "Identifier of the data set or result: obs_publisher_did, or job:<jobid>/<result>"
    ),
    DATA_SET,
    text("entity_name", "e.name", "Name of the file", ucd="meta.title", utype="Entity.name"),
    text("sha256", "e.sha256", "SHA-256 of its bytes, in hexadecimal", ucd="meta.checksum"),
    identifier("activity", "a.identifier", "The job that made it; of published data sets, not the publication"),
    text("kind", "a.kind", "job, ingest, publication or comparison", ucd="meta.code.class"),
    text("task", "a.name", "Name of the task", ucd="meta.title", utype="Activity.name"),
    text("version", "k.version", "Version of the task", ucd="meta.version", utype="ActivityDescription.version"),
    SOFTWARE,
    text(
        "operator",
        "(SELECT min(g.name) FROM provenance_wasassociatedwith w JOIN provenance_agent g ON g.id = w.agent_id"
        " WHERE w.activity_id = a.id AND w.role = 'Operator')",
        "Who had it run",
        ucd="meta.id;meta.curation",
        utype="Agent.name",
        confine=None,
    ),
    time("start_time", "a.start_time", "When it began", ucd="time.start", utype="Activity.startTime"),
    time("end_time", "a.end_time", "When it ended", ucd="time.end", utype="Activity.endTime"),
    text("phase", "a.phase", "How it ended", ucd="meta.code.status"),
    number("exit_code", "a.exit_code", "What its program gave back", ucd="meta.code", principal=False),
    source=f"({_STEPS}) AS s JOIN provenance_entity e ON e.id = s.entity_id AND e.kind <> 'value'"
    " JOIN provenance_activity a ON a.id = s.activity_id"
    " LEFT JOIN provenance_activitydescription k ON k.id = a.description_id",
    where="s.place = 1",
    keys=(
        reference("entity_id", "entity", "entity_id", "The data set or result"),
        reference("activity_id", "activity", "activity_id", "The activity that made it"),
    ),
)
