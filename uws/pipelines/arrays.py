"""Arrays: one task over the rows of a table, as one job with a child for each row.

The rows lie in ``array.json`` in the parent's directory. They are checked, all of them, before the parent is queued;
the engine makes the children of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from jobdefs.definition import Definition
from uws.models import Job, JobInput
from uws.parameters import check_complete, check_partial
from uws.phases import Phase
from uws.pipelines.children import new_child, save_children
from uws.pipelines.tables import read_table
from uws.pipelines.takeover import Predecessor
from uws.references import Found, find_file, find_inputs
from uws.runner_files import read_json, write_json
from uws.times import now
from vo.errors import AthanorError, ParameterError, ParameterErrors, UsageError

__all__ = ["ARRAY", "FILE", "Rows", "make_children", "prepare_rows", "store_rows"]

ARRAY = "ARRAY"
"""Control word that names the table."""

FILE = "array.json"

ERRORS = 50
"""Mistakes that are listed at most."""

AT_ONCE = 1000
"""Children that are made in one transaction."""


@dataclass(slots=True)
class Rows:
    """The parameters of each row, as given; what each child may take in seconds; and the files that they refer to."""

    rows: list[dict[str, list[str]]]
    duration: int | None = None
    inputs: list[list[dict[str, Any]]] | None = None

    @classmethod
    def read(cls, job: Job) -> Rows:
        """What `store_rows` and `prepare_rows` have kept."""
        found = read_json(job.workdir / FILE)
        if found is None:
            raise UsageError("The table of the array is no longer here.")
        return cls(found["rows"], found["duration"], found["inputs"])

    def write(self, job: Job) -> None:
        """Keep it, whole or not at all."""
        job.workdir.mkdir(parents=True, exist_ok=True)
        write_json(job.workdir / FILE, {"rows": self.rows, "duration": self.duration, "inputs": self.inputs})


def store_rows(job: Job, definition: Definition, reference: str, *, duration: int | None) -> None:
    """Read the table of a new array and keep its rows.

    Columns have the names of parameters, in any case; those whose names begin with ``_`` are not looked at.

    Parameters
    ----------
    reference
        ``job:<jobid>/<result>``, ``param:<name of an upload>``, or what else stands for a file.

    Raises
    ------
    vo.errors.ParameterErrors
        When the table cannot be read, a column is no parameter, or a value is wrong; each names row and parameter.
    """
    try:
        found = find_file(reference, job=job)
        table = read_table(found.path, most=settings.ATHANOR_MAX_ARRAY)
    except AthanorError as error:
        raise ParameterError(ARRAY, error.message, hint=error.hint) from error
    if not table:
        raise ParameterError(ARRAY, "The table has no rows.")
    columns = _columns(definition, list(table[0]))
    rows = [{name: [row[column]] for column, name in columns.items() if row[column]} for row in table]
    errors = _Errors()
    for number, row in enumerate(rows, start=1):
        errors.collect(number, lambda row=row: check_partial(definition, {**job.parameters, **row}))
    errors.stop()
    Rows(rows, duration).write(job)
    JobInput.objects.create(
        job=job,
        parameter=ARRAY,
        reference=reference,
        entity_id=found.entity_id,
        name=found.name,
        path=str(found.path),
        media_type=found.media_type,
        size=found.size,
        sha256=found.sha256,
    )


def prepare_rows(job: Job, definition: Definition) -> list[tuple[str, Job]]:
    """Check every row of an array and find the files that the rows refer to; the jobs that must end before.

    Raises
    ------
    vo.errors.ParameterErrors
        With each mistake, by row and parameter.
    """
    kept = Rows.read(job)
    errors = _Errors()
    inputs: list[list[dict[str, Any]]] = []
    needed: dict[str, tuple[str, Job]] = {}
    known: dict[str, Any] = {}
    for number, row in enumerate(kept.rows, start=1):
        found = errors.collect(number, lambda row=row: _find(job, definition, {**job.parameters, **row}, known))
        if found is not None:
            needed |= {item.pk: (parameter, item) for parameter, item in found.needed}
            inputs.append([_plain(item) for item in found.inputs])
    errors.stop()
    kept.inputs = inputs
    kept.write(job)
    return list(needed.values())


def make_children(parent: Job, definition: Definition, kept: Rows) -> int:
    """Make the next children of an array, as many as fit in one transaction; how many there are then."""
    with transaction.atomic():
        Job.objects.select_for_update(of=("self",)).get(pk=parent.pk)
        begun = parent.children.count()
        if Job.objects.values_list("phase", flat=True).get(pk=parent.pk) != Phase.EXECUTING:
            return begun
        instant = now()
        predecessor = Predecessor(parent)
        children = []
        for number in range(begun, min(begun + AT_ONCE, len(kept.rows))):
            child = new_child(
                parent,
                definition,
                branch=str(number + 1),
                parameters={**parent.parameters, **kept.rows[number]},
                duration=kept.duration,
                instant=instant,
            )
            child.inputs = [JobInput(job=child.job, **item) for item in (kept.inputs or [])[number]]
            predecessor.take_over(child)
            children.append(child)
        save_children(children)
        return begun + len(children)


def _find(job: Job, definition: Definition, parameters: Mapping[str, Sequence[str]], known: dict[str, Any]) -> Found:
    return find_inputs(job=job, definition=definition, values=check_complete(definition, parameters), known=known)


def _columns(definition: Definition, names: Sequence[str]) -> dict[str, str]:
    """Column → parameter."""
    errors, columns = [], {}
    for name in names:
        parameter = definition.parameter(name)
        if parameter is not None:
            columns[name] = parameter.name
        elif definition.open and not name.startswith("_"):
            columns[name] = name
        elif not name.startswith("_"):
            hint = "Columns have the names of parameters; one that begins with _ is not looked at."
            errors.append(ParameterError(ARRAY, f"{definition.name} has no parameter {name!r}.", hint=hint))
    if errors:
        raise ParameterErrors(errors[:ERRORS])
    if not columns:
        raise ParameterError(ARRAY, f"No column of the table is a parameter of {definition.name}.")
    return columns


def _plain(item: JobInput) -> dict[str, Any]:
    names = ("parameter", "reference", "entity_id", "name", "block", "path", "media_type", "size", "sha256")
    return {name: getattr(item, name) for name in names}


class _Errors:
    """Mistakes of rows, as many as are worth reading."""

    def __init__(self) -> None:
        self._found: list[ParameterError] = []
        self._more = 0

    def collect(self, row: int, check: Any) -> Any:
        """What `check` gives; its mistakes are kept with the row."""
        try:
            return check()
        except ParameterErrors as error:
            self._add(row, error.errors)
        except ParameterError as error:
            self._add(row, [error])
        except UsageError as error:
            self._add(row, [ParameterError(ARRAY, error.message, hint=error.hint)])
        return None

    def stop(self) -> None:
        if self._more:
            self._found.append(ParameterError(ARRAY, f"There are {self._more:,} mistakes more."))
        if self._found:
            raise ParameterErrors(self._found)

    def _add(self, row: int, errors: Sequence[ParameterError]) -> None:
        for error in errors:
            if len(self._found) < ERRORS:
                self._found.append(ParameterError(error.parameter, f"row {row}: {error.message}", hint=error.hint))
            else:
                self._more += 1
