"""What the page of a pipeline or an array shows of the jobs that it has made."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from jobdefs.definition import Definition
from jobdefs.steps import axes_of
from uws.models import TAKEN_OVER, Job, JobKind
from uws.phases import FINAL, Phase
from uws.pipelines.state import branch_numbers
from uws.selectors import child_counts, list_children

__all__ = ["Family", "Grid", "Row"]

AT_MOST = 100
"""Rows of one table; those that failed come first where there are more."""

_BRANCHED = re.compile(r"(?P<output>.+?)-(?P<branch>\d+(?:\.\d+)*)(?:-\d+)?")
"""Name of a result of a pipeline that has branches: its output, the branch, and a number of several files."""

LABEL = 80
"""Characters of what a row is called."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A child in the table: its id and phase; neither where a step was not begun."""

    job_id: str = ""
    phase: str = ""
    taken_over: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A branch: its number, what it stands for, and a cell for each step."""

    branch: str
    label: str
    cells: tuple[Cell, ...]

    @property
    def has_failed(self) -> bool:
        """Whether one of its jobs ended, but not well."""
        return any(cell.phase in FINAL and cell.phase != Phase.COMPLETED for cell in self.cells)

    @property
    def is_done(self) -> bool:
        """Whether all its jobs have completed."""
        return all(cell.phase == Phase.COMPLETED for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """Steps that are run for the same things, as columns, and those things as rows."""

    title: str
    steps: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int = 0

    @property
    def has_branches(self) -> bool:
        """Whether the rows have names."""
        return any(row.branch for row in self.rows)


@dataclass(frozen=True)
class Family:
    """The children of a job."""

    job: Job
    definition: Definition

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """Phases and how many children are in each."""
        counts = child_counts(job=self.job)
        return [(phase, counts[phase]) for phase in Phase if phase in counts]

    @property
    def can_retry(self) -> bool:
        """Whether something did not complete that could be run again."""
        return self.job.phase in FINAL and (
            self.job.phase != Phase.COMPLETED or any(phase != Phase.COMPLETED for phase, _ in self.counts)
        )

    @cached_property
    def grids(self) -> list[Grid]:
        """The children in tables."""
        if self.job.kind == JobKind.ARRAY:
            return [self._array()]
        axes = axes_of(self.definition)
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for step in self.definition.steps:
            groups[axes[step.name]].append(step.name)
        cells = {
            (step, branch): Cell(pk, phase, taken_over) for pk, step, branch, phase, taken_over in self._children()
        }
        return [self._grid(group, steps, cells) for group, steps in groups.items()]

    @cached_property
    def labels(self) -> dict[tuple[str, str], str]:
        """What the branches are for, by step and number."""
        named = list_children(job=self.job).exclude(label="").order_by()
        return {(step, branch): label for step, branch, label in named.values_list("step", "branch", "label")}

    def label_of(self, result: str) -> str:
        """What a result of the job is for, where it comes from one branch of several."""
        matched = _BRANCHED.fullmatch(result)
        if matched is None:
            return ""
        source = {output.name: output.source for output in self.definition.outputs}.get(matched["output"], "")
        return self.labels.get((source.partition("/")[0], matched["branch"]), "")

    def _children(self) -> Iterable[tuple[str, str, str, str, bool]]:
        # Not as jobs: there may be ten thousand, and the page asks every two seconds.
        children = list_children(job=self.job).values_list("pk", "step", "branch", "phase", "handle")
        for pk, step, branch, phase, handle in children:
            yield pk, step, branch, phase, TAKEN_OVER in handle

    def _grid(self, axes: tuple[str, ...], steps: Sequence[str], cells: dict[tuple[str, str], Cell]) -> Grid:
        branches = sorted({branch for step, branch in cells if step in steps}, key=branch_numbers) if axes else [""]
        rows = [
            Row(
                branch,
                next((self.labels[step, branch] for step in steps if (step, branch) in self.labels), ""),
                tuple(cells.get((step, branch), Cell()) for step in steps),
            )
            for branch in branches
        ]
        return _cut(f"For each of {axes[-1]}" if axes else "Once", tuple(steps), rows)

    def _array(self) -> Grid:
        rows = [
            Row(branch, "", (Cell(pk, phase, taken_over),)) for pk, _, branch, phase, taken_over in self._children()
        ]
        shown = _cut("Rows", ("Job",), sorted(rows, key=lambda row: branch_numbers(row.branch)))
        ids = [row.cells[0].job_id for row in shown.rows]
        given = dict(Job.objects.filter(pk__in=ids).values_list("pk", "parameters"))
        return Grid(
            shown.title,
            shown.steps,
            tuple(Row(row.branch, self._values(given[row.cells[0].job_id]), row.cells) for row in shown.rows),
            shown.more,
        )

    def _values(self, parameters: dict[str, list[str]]) -> str:
        """The parameters that a row has of its own."""
        own = [
            f"{name}={' '.join(values)}"
            for name, values in parameters.items()
            if values != self.job.parameters.get(name)
        ]
        return _cropped(", ".join(own))


def _cut(title: str, steps: tuple[str, ...], rows: Sequence[Row]) -> Grid:
    """As many rows as a page holds, those first that one wants to see."""
    if len(rows) <= AT_MOST:
        return Grid(title, steps, tuple(rows))
    urgent = sorted(rows, key=lambda row: (not row.has_failed, row.is_done, branch_numbers(row.branch)))
    return Grid(title, steps, tuple(urgent[:AT_MOST]), len(rows) - AT_MOST)


def _cropped(text: str) -> str:
    return text if len(text) <= LABEL else f"{text[: LABEL - 1]}…"
