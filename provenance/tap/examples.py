"""Queries of provenance to start from; those of the demonstration archive find rows once jobs have run on it."""

from __future__ import annotations

from obstap.tap.examples import Example

__all__ = ["EXAMPLES"]

OBSCORE = "ivoa.obscore"
LAST_STEP = "provenance.last_step"

EXAMPLES = (
    Example(
        "made-with",
        "All products made with a calibration file",
        "Whatever used calibration or a response matrix, and what came of it. Provenance shows what you may see: public"
        " jobs and, when you are signed in, your own.",
        ("provenance.entity", "provenance.used", "provenance.wasgeneratedby"),
        """SELECT made.entity_id AS product, used.role, source.name AS calibration_file, source.sha256
FROM provenance.used AS used
JOIN provenance.entity AS source ON source.entity_id = used.entity_id
JOIN provenance.wasgeneratedby AS made ON made.activity_id = used.activity_id
WHERE used.role_type = 'Calibration' OR source.name LIKE '%.rmf'
ORDER BY product""",
    ),
    Example(
        "jobs-of",
        "Jobs that used an event list",
        "Event lists of the archive, and which jobs worked on them when.",
        (OBSCORE, "provenance.entity", "provenance.used", "provenance.activity"),
        """SELECT obs_id, instrument_name, activity.activity_id, activity.name AS task, start_time, phase
FROM ivoa.obscore AS obs
JOIN provenance.entity AS entity ON entity.obs_publisher_did = obs.obs_publisher_did
JOIN provenance.used AS used ON used.entity_id = entity.entity_id
JOIN provenance.activity AS activity ON activity.activity_id = used.activity_id
WHERE obs.dataproduct_type = 'event'
ORDER BY start_time DESC""",
    ),
    Example(
        "versions",
        "Versions of evselect behind products",
        "The last step of what a task made: its version, the software, and who had it run.",
        (LAST_STEP,),
        """SELECT entity_id, entity_name, task, version, software, operator, end_time
FROM provenance.last_step
WHERE task = 'evselect' AND phase = 'COMPLETED'
ORDER BY end_time DESC""",
    ),
    Example(
        "origins",
        "Where data sets of the archive come from",
        "Each data set with its last step, where that is known: the ingest or, of a published product, the job.",
        (OBSCORE, LAST_STEP),
        """SELECT TOP 100 obs.obs_id, obs.dataproduct_type, step.kind, step.task, step.version, step.end_time
FROM ivoa.obscore AS obs
JOIN provenance.last_step AS step ON step.obs_publisher_did = obs.obs_publisher_did
ORDER BY end_time DESC""",
    ),
    Example(
        "settings",
        "Parameters of a task",
        "With which values a task ran, and how often.",
        ("provenance.activity", "provenance.parameter"),
        """SELECT activity.name AS task, parameter.name AS parameter, parameter_value, COUNT(*) AS jobs
FROM provenance.parameter AS parameter
JOIN provenance.activity AS activity ON activity.activity_id = parameter.activity_id
WHERE activity.name = 'evselect' AND parameter.is_default = 0
GROUP BY activity.name, parameter.name, parameter_value
ORDER BY jobs DESC""",
    ),
)
"""The examples, in the order of the page."""
