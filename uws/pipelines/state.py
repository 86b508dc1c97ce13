"""What a pipeline has come to: the state of every branch of its steps, and what is to be done next.

Every branch of every step is in one state:

* WAITING: something that it needs has not ended, or it is not known yet which branches there are;
* READY: it can be begun;
* RUNNING, COMPLETED, FAILED: its child is under way, or has ended;
* BLOCKED: something that it needs has failed;
* LEFT_OUT: its condition does not hold, or what it would read was left out itself.

A step that gathers all branches of another reads those that completed; it is BLOCKED when none has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from jobdefs.definition import Definition, Step

__all__ = ["OPEN", "Branch", "Child", "Item", "Plan", "Row", "State", "Wanted", "branch_name", "branch_numbers"]

Branch = tuple[int, ...]
Row = Mapping[str, str]


class State(Enum):
    """Of a branch of a step; see the head of this module."""

    WAITING = "waiting"
    READY = "ready"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    BLOCKED = "blocked"
    LEFT_OUT = "left out"


OPEN = frozenset({State.WAITING, State.READY, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Child:
    """A child that was made: its id, RUNNING, COMPLETED or FAILED, and the names of its results."""

    id: str
    state: State
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A child to be made; with an `error` its parameters cannot be made of the templates.

    Parameters
    ----------
    duration
        Seconds that it may run; None for what its task says.
    label
        What the branch is for, where there is little room.
    """

    step: Step
    branch: str
    parameters: Mapping[str, list[str]] = field(default_factory=dict)
    duration: int | None = None
    error: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One of several things: its value, empty for the row of a table, and its columns."""

    value: str
    columns: Row


@dataclass(slots=True)
class Plan:
    """What is to be done and how far it is.

    Parameters
    ----------
    wanted
        Children that can be begun now.
    states
        By step and branch.
    errors
        Why it cannot be known what a step is to be run for.
    """

    definition: Definition
    wanted: list[Wanted] = field(default_factory=list)
    states: dict[tuple[str, str], State] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """Whether nothing runs and nothing is to be begun."""
        return not self.wanted and State.RUNNING not in self.states.values()

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Step and branch of the children that failed."""
        return [key for key, state in self.states.items() if state == State.FAILED]

    @property
    def stops(self) -> bool:
        """Whether a step has failed that ends the whole, or it cannot be known what to do."""
        ends = {step.name for step in self.definition.steps if step.on_failure == "stop"}
        return bool(self.errors) or any(step in ends for step, _ in self.failed)

    @property
    def total(self) -> int:
        """Branches of steps that are known so far, without those left out."""
        return sum(state != State.LEFT_OUT for state in self.states.values())

    @property
    def done(self) -> int:
        """Branches that have ended."""
        return sum(state in (State.COMPLETED, State.FAILED) for state in self.states.values())

    @property
    def stage(self) -> str:
        """The steps that run, with how many branches of each."""
        running = Counter(step for (step, _), state in self.states.items() if state == State.RUNNING)
        return ", ".join(f"{step} ({number})" if number > 1 else step for step, number in running.items())


def branch_name(branch: Branch) -> str:
    """The branch as its child has it: numbers from 1, joined by dots; empty for a step without branches."""
    return ".".join(str(number) for number in branch)


def branch_numbers(name: str) -> Branch:
    """The branch that has this name; by it branches stand in their order, 2 before 10."""
    return tuple(int(number) for number in name.split(".")) if name else ()
