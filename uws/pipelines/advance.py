"""A pipeline's next children, made of its plan in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from jobdefs.activation import effective
from jobdefs.checking import check
from jobdefs.definition import Definition
from uws.models import Job, Result
from uws.phases import FINAL, Phase
from uws.pipelines.children import check_child, new_child, refuse, save_children
from uws.pipelines.plan import make_plan
from uws.pipelines.state import Child, Plan, Row, State
from uws.pipelines.tables import read_table
from uws.pipelines.takeover import Predecessor
from vo.errors import UsageError

__all__ = ["Tables", "advance", "plan_of"]


class Tables:
    """Rows of the tables that children have written; each is read once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Sequence[Row]] = {}

    def read(self, child: Child, name: str) -> Sequence[Row]:
        """The rows of a result; `vo.errors.UsageError` when it is no table."""
        key = child.id, name
        if key not in self._rows:
            result = Result.objects.select_related("job").get(job=child.id, name=name)
            path = result.job.workdir / result.path
            try:
                self._rows[key] = read_table(path, most=settings.ATHANOR_MAX_ARRAY)
            except OSError as error:
                raise UsageError(f"The file of {name} is no longer here.") from error
        return self._rows[key]


def plan_of(parent: Job, tables: Tables) -> Plan:
    """What a pipeline has to do next, as its children are now."""
    definition = Definition.from_dict(parent.definition_document)
    values = effective(definition, check(definition, parent.parameters, complete=False))
    return make_plan(definition, values, _children(parent), tables.read, most=settings.ATHANOR_MAX_ARRAY)


def advance(job_id: str, tables: Tables) -> Plan:
    """Make the children of a pipeline that can begin; the plan as it is then.

    A pipeline that is not EXECUTING any more begins nothing.
    """
    parent = Job.objects.select_related("owner").get(pk=job_id)
    plan = plan_of(parent, tables)
    if not plan.wanted:
        return plan
    with transaction.atomic():
        parent = Job.objects.select_for_update(of=("self",)).select_related("owner").get(pk=job_id)
        plan = plan_of(parent, tables)
        if parent.phase == Phase.EXECUTING:
            _begin(parent, plan)
        plan.wanted.clear()
    return plan


def _begin(parent: Job, plan: Plan) -> None:
    predecessor = Predecessor(parent)
    children = []
    for wanted in plan.wanted:
        task = plan.definition.task(wanted.step.task)
        child = new_child(
            parent,
            task,
            step=wanted.step.name,
            branch=wanted.branch,
            label=wanted.label,
            parameters=wanted.parameters,
            duration=wanted.duration,
        )
        if wanted.error:
            refuse(child, wanted.error)
        else:
            check_child(child, task)
        predecessor.take_over(child)
        children.append(child)
        plan.states[wanted.step.name, wanted.branch] = State.RUNNING
    save_children(children)


def _children(parent: Job) -> dict[tuple[str, str], Child]:
    results: dict[str, list[str]] = defaultdict(list)
    for job_id, name in Result.objects.filter(job__parent=parent).order_by("pk").values_list("job_id", "name"):
        results[job_id].append(name)
    rows = parent.children.values_list("pk", "step", "branch", "phase", "reaped")
    return {
        (step, branch): Child(pk, _state(phase, reaped), tuple(results[pk])) for pk, step, branch, phase, reaped in rows
    }


def _state(phase: str, reaped: bool) -> State:
    if phase not in FINAL or not reaped:
        return State.RUNNING
    return State.COMPLETED if phase == Phase.COMPLETED else State.FAILED
