"""What an engine's SQL must say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from obstap.adql.bound import Kind
from obstap.names import delimited, literal

__all__ = ["Dialect"]


class Dialect(ABC):
    """An engine's SQL. Templates take the arguments as {0}, {1} and so on."""

    functions: Mapping[str, str]
    """Templates of operators and functions by their names in `obstap.adql.bound`."""

    shorter: Mapping[str, str] = {}
    """Templates of functions that are called without their last, optional argument."""

    safe: Mapping[str, str]
    """Templates of divisions by what is known not to be 0."""

    aggregates: Mapping[str, str]
    """Templates of aggregates; {distinct} is where DISTINCT may stand."""

    time_text: str
    """Template of a time as text in DALI's form, with a T between date and time."""

    types: Mapping[Kind, str]
    """Names of types, for casts."""

    def identifier(self, name: str) -> str:
        """A name in quotes."""
        return delimited(name)

    def text(self, value: str) -> str:
        """A text in quotes."""
        return literal(value)

    @abstractmethod
    def number(self, value: int | float, kind: Kind) -> str:
        """A number that the engine reads as exactly this one."""

    def time(self, value: str) -> str:
        """A time, given as ISO 8601 with a space."""
        return f"TIMESTAMP {self.text(value)}"

    @abstractmethod
    def shape(self, parts: Sequence[str]) -> str:
        """A region of numbers."""

    @abstractmethod
    def element(self, shape: str, number: int) -> str:
        """A coordinate of a region, counted from 1."""
