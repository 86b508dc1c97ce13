"""Writes the values that a pipeline took from tables of its steps, for a step that is run for each row of one.

Such a value is an entity, made by the activity that made the table and derived from the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobdefs.definition import Definition, Step
from jobdefs.steps import TemplateField, axes_of, gives_rows, read_field, stands_alone
from provenance.models import Activity, Entity, EntityKind, WasDerivedFrom, WasGeneratedBy
from provenance.recording.entities import Thing, entities_of, fitting, known_entities, public_since
from provenance.recording.roles import VALUE
from uws.entities import result_id
from uws.models import Job, JobKind

__all__ = ["record_values"]


def record_values(job: Job, definition: Definition) -> dict[str, Entity]:
    """Write the values that a job was given out of tables; by the parameter."""
    parent = job.parent
    if parent is None or parent.kind != JobKind.PIPELINE or not job.branch:
        return {}
    pipeline = Definition.from_dict(parent.definition_document)
    step = next((step for step in pipeline.steps if step.name == job.step), None)
    sources = dict(_sources(pipeline, step)) if step is not None else {}
    taken = {name: source for name, source in sources.items() if len(job.parameters.get(name, ())) == 1}
    if not taken:
        return {}
    return _write(job, definition, taken)


def _sources(pipeline: Definition, step: Step) -> Iterator[tuple[str, tuple[str, str, int, str]]]:
    """For each parameter that is a column of one table: step and result that gave it, its depth, and the column."""
    axes = axes_of(pipeline)[step.name]
    tasks: Mapping[str, str] = {item.name: item.task for item in pipeline.steps}
    own = {axis for axis in axes if "/" not in axis}
    tables = []
    for depth, axis in enumerate(axes):
        source, slash, result = axis.partition("/")
        task = pipeline.task(tasks[source]) if slash else None
        if task is not None and any(item.name == result and gives_rows(item, task) for item in task.outputs):
            tables.append((source, result, depth))
    if len(tables) != 1:  # which of several has the column, they alone could tell
        return
    for name, templates in step.parameters.items():
        field = read_field(templates[0][1:-1]) if len(templates) == 1 and stands_alone(templates[0]) else None
        if isinstance(field, TemplateField) and field.kind == "item" and field.name and field.name not in own:
            yield name, (*tables[0], field.name)


def _write(job: Job, definition: Definition, taken: Mapping[str, tuple[str, str, int, str]]) -> dict[str, Entity]:
    numbers = job.branch.split(".")
    step, result, depth, _ = next(iter(taken.values()))
    outer = ".".join(numbers[:depth])
    maker = Job.objects.filter(parent=job.parent_id, step=step, branch=outer).first()
    if maker is None:
        return {}
    table = result_id(maker.taken_over or maker.pk, result)
    source = known_entities([table]).get(table)
    if source is None:
        return {}
    things = {}
    for name, (*_, column) in taken.items():
        parameter = definition.parameter(name)
        things[name] = Thing(
            fitting(f"{table}#{numbers[depth]}.{column}"),
            name=column,
            kind=EntityKind.VALUE,
            value=job.parameters[name][0],
            value_type=parameter.type if parameter else "",
            unit=parameter.unit if parameter else "",
            generated_at_time=source.generated_at_time,
            owner=job.owner,
            public_since=public_since(job),
        )
    entities, before = entities_of(list(things.values()), shared=True)
    new = [entity for entity in {entity.pk: entity for entity in entities}.values() if entity.pk not in before]
    WasDerivedFrom.objects.bulk_create(WasDerivedFrom(entity=entity, used_entity=source) for entity in new)
    doer = Activity.objects.filter(generated__entity=source).first()
    if doer is not None:
        WasGeneratedBy.objects.bulk_create(WasGeneratedBy(entity=entity, activity=doer, role=VALUE) for entity in new)
    return dict(zip(things, entities, strict=True))
