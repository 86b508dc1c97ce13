"""What is told when a table has been published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from obstap.names import quoted
from obstap.publish.plan import Plan

__all__ = ["Summary", "summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Lines that say what was done, and lines that say what is doubtful."""

    facts: tuple[str, ...]
    warnings: tuple[str, ...]


def summary(plan: Plan, *, dry_run: bool = False) -> Summary:
    """What is to be told of a plan whose rows have gone by."""
    return Summary(tuple(_facts(plan, dry_run)), (*plan.warnings, *_counted(plan)))


def _facts(plan: Plan, dry_run: bool) -> Iterator[str]:
    table, chosen = plan.table, plan.position
    done = "would be published" if dry_run else "published"
    yield f"{table.name} {done}: {plan.tally.rows:,} rows, {len(table.columns)} columns"
    yield f"position: {quoted(chosen.lon)}, {quoted(chosen.lat)} ({chosen.why})" if chosen.lon else "position: none"
    yield f"key: {quoted(table.key)} ({plan.key_reason})" if table.key else f"key: {plan.key_reason}"
    for region in table.regions:
        yield f"region: {quoted(region.text)}"
    for key in table.foreign_keys:
        for source, target in key.columns:
            yield f"foreign key: {quoted(source)} -> {key.target}.{quoted(target)}"


def _counted(plan: Plan) -> Iterator[str]:
    if count := plan.tally.unplaced:
        yield (
            f"{count:,} row{'s' if count > 1 else ''} without a position between 0 and 360, -90 and 90 degrees:"
            " searches around a position do not find them."
        )
    for name, count in plan.tally.regions.items():
        if count:
            yield (
                f"Column {name}: {count:,} {'texts are' if count > 1 else 'text is'} no CIRCLE, BOX or POLYGON in ICRS:"
                " searches by region do not find such rows."
            )
