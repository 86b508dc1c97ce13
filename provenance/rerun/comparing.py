"""Comparing a job that has ended with the one that it repeats: results by name, steps by name and branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from provenance.models import ComparedItem
from provenance.rerun.files import compare_files
from provenance.rerun.inputs import recorded_inputs
from provenance.rerun.outcomes import FileComparison, Outcome, worst
from uws.models import Job, JobInput, JobKind, Result
from uws.phases import Phase
from uws.references import SUMMARY

__all__ = ["Comparison", "Item", "compare_jobs"]

Kind = ComparedItem.Kind


@dataclass(frozen=True, slots=True)
class Item:
    """What was found of one input, result or step; the checksums are those of the original and the repetition."""

    kind: Kind
    name: str
    outcome: Outcome
    before: str = ""
    after: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on a repetition, why it is so where phases decide, and what was found of each thing."""

    verdict: Outcome
    reason: str = ""
    items: list[Item] = field(default_factory=list)


def compare_jobs(original: Job, repetition: Job) -> Comparison:
    """Compare two jobs that have ended; files are read where checksums differ, which may take long.

    Results decide; those of an array's rows decide in place of its table, which names jobs. Steps of a pipeline are
    told, but its results alone decide. Inputs that changed are told.
    """
    comparer = _Comparer()
    inputs = list(_changed_inputs(original, repetition))
    steps = list(comparer.steps(original, repetition))
    results = list(comparer.results(_results(original), _results(repetition)))
    decisive = results
    if original.kind == JobKind.ARRAY:
        results = [item for item in results if item.name != SUMMARY or item.outcome in (Outcome.MISSING, Outcome.EXTRA)]
        decisive = [*results, *steps]
    reason = _reason(original, repetition)
    verdict = _verdict(original, repetition) or worst(item.outcome for item in decisive)
    return Comparison(verdict, reason, [*inputs, *results, *steps])


class _Comparer:
    """Compares each pair of files once: the results of a pipeline are files of its steps."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], FileComparison] = {}

    def results(self, before: Mapping[str, Result], after: Mapping[str, Result]) -> Iterator[Item]:
        for name in dict.fromkeys((*before, *after)):
            old, new = before.get(name), after.get(name)
            if old is None or new is None:
                outcome = Outcome.EXTRA if old is None else Outcome.MISSING
                detail = "The original has none." if old is None else "The repetition has none."
                found = FileComparison(outcome, detail)
            else:
                found = self._compare(old, new)
            sums = [item.sha256 if item is not None else "" for item in (old, new)]
            yield Item(Kind.RESULT, name, found.outcome, *sums, found.detail)

    def steps(self, original: Job, repetition: Job) -> Iterator[Item]:
        before, after = _children(original), _children(repetition)
        old_results, new_results = _results_of_children(original), _results_of_children(repetition)
        for key in dict.fromkeys((*before, *after)):
            old, new = before.get(key), after.get(key)
            if old is None or new is None:
                outcome = Outcome.EXTRA if old is None else Outcome.MISSING
                yield Item(Kind.STEP, _step_name(*key), outcome)
                continue
            items = list(self.results(old_results[old.pk], new_results[new.pk]))
            outcome = _verdict(old, new) or worst(item.outcome for item in items)
            unlike = [f"{item.name}: {item.outcome}" for item in items if item.outcome != Outcome.IDENTICAL]
            detail = _reason(old, new) or "; ".join(unlike[:10])
            yield Item(Kind.STEP, _step_name(*key), outcome, detail=detail)

    def _compare(self, old: Result, new: Result) -> FileComparison:
        if old.sha256 == new.sha256:
            return FileComparison(Outcome.IDENTICAL)
        key = (old.sha256, new.sha256)
        if key not in self._known:
            self._known[key] = compare_files(old.job.workdir / old.path, new.job.workdir / new.path)
        return self._known[key]


def _verdict(original: Job, repetition: Job) -> Outcome | None:
    """What the phases say already; None where the results decide."""
    before, after = _phase(original), _phase(repetition)
    if after == Phase.ABORTED or (after != Phase.COMPLETED and before == Phase.COMPLETED):
        return Outcome.FAILED
    if before != after or original.exit_code != repetition.exit_code:
        return Outcome.DIFFERENT
    return None


def _reason(original: Job, repetition: Job) -> str:
    before, after = _phase(original), _phase(repetition)
    why = f" ({repetition.error_message})" if repetition.error_message and after != Phase.COMPLETED else ""
    if before != after:
        return f"The original ended {before}, the repetition {after}{why}."
    if original.exit_code != repetition.exit_code:
        return f"The original ended with the exit code {original.exit_code}, the repetition {repetition.exit_code}."
    return f"Both ended {after}{why}." if after != Phase.COMPLETED else ""


def _phase(job: Job) -> Phase:
    """The phase in which a job ended; an archived one has it in its history."""
    if job.phase != Phase.ARCHIVED:
        return Phase(job.phase)
    ended = job.phase_changes.filter(phase__in=(Phase.COMPLETED, Phase.ERROR, Phase.ABORTED)).last()
    return Phase(ended.phase) if ended is not None else Phase.ARCHIVED


def _changed_inputs(original: Job, repetition: Job) -> Iterator[Item]:
    """The inputs that are not the same bytes, as the runs themselves have read them."""
    after = defaultdict(list)
    for row in recorded_inputs(repetition):
        after[row.parameter, row.reference].append(row)
        after[row.parameter, ""].append(row)
    for row in recorded_inputs(original):
        same = after.get((row.parameter, row.reference)) or after.get((row.parameter, ""), [])
        sums = {other.sha256 for other in same if other.sha256}
        if row.sha256 and sums and row.sha256 not in sums:
            name = f"{row.parameter}={row.entity_id}"[:700]
            detail = "The input has changed since the original read it."
            yield Item(Kind.INPUT, name, Outcome.CHANGED, row.sha256, _first(same).sha256, detail)


def _first(rows: list[JobInput]) -> JobInput:
    return next(row for row in rows if row.sha256)


def _results(job: Job) -> dict[str, Result]:
    return {result.name: result for result in job.results.select_related("job").order_by("pk")}


def _children(job: Job) -> dict[tuple[str, str], Job]:
    children = job.children.order_by("creation_time", "pk").defer("definition_document", "usage", "messages")
    return {(child.step, child.branch): child for child in children}


def _results_of_children(job: Job) -> dict[str, dict[str, Result]]:
    found: dict[str, dict[str, Result]] = defaultdict(dict)
    if job.kind != JobKind.TASK:
        for result in Result.objects.filter(job__parent=job).select_related("job").order_by("pk"):
            found[result.job_id][result.name] = result
    return found


def _step_name(step: str, branch: str) -> str:
    if not step:
        return f"row {branch}"
    return f"{step}/{branch}" if branch else step
