"""Parameters of VO requests as DALI 1.1 §3 has them: names without case, values as text; its form of answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from vo.errors import ParameterError

__all__ = ["VOTABLE", "Parameters", "parse_maxrec"]

VOTABLE = "application/x-votable+xml"
"""Media type of a VOTable (VOTable 1.4 §8)."""

UNLIMITED = 10**18
"""Rows that no table has."""


class Parameters:
    """The parameters of one request.

    Parameters
    ----------
    pairs
        Names and values in the order of the request; a name may come several times.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.upper(), []).append(value)

    @classmethod
    def from_lists(cls, values: Mapping[str, Sequence[str]]) -> Parameters:
        """The parameters of a mapping from names to all their values."""
        return cls((name, value) for name, several in values.items() for value in several)

    def __contains__(self, name: str) -> bool:
        return name.upper() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may come several times."""
        return list(self._values.get(name.upper(), ()))

    def single(self, name: str, *synonyms: str) -> str:
        """The value of a parameter that may come once, stripped; empty when it is absent or empty.

        Parameters
        ----------
        synonyms
            Older names of the same parameter.

        Raises
        ------
        vo.errors.ParameterError
            When it is given more than once with different values (DALI 1.1 §3.4).
        """
        given = [value.strip() for one in (name, *synonyms) for value in self.all(one)]
        values = sorted({value for value in given if value})
        if len(values) > 1:
            raise ParameterError(name, f"it is given {len(values)} times with different values; give it once.")
        return values[0] if values else ""

    def required(self, name: str, meaning: str) -> str:
        """The value of a parameter that must come once.

        Parameters
        ----------
        meaning
            What the value would be, for the message.

        Raises
        ------
        vo.errors.ParameterError
            When it is absent or empty, or given more than once with different values.
        """
        value = self.single(name)
        if not value:
            raise ParameterError(name, f"it is required: {meaning}.")
        return value


def parse_maxrec(text: str) -> int | None:
    """The number of rows that a MAXREC asks for (DALI 1.1 §3.4.4), or None where it is empty.

    Numbers beyond `UNLIMITED` are as good as that.

    Raises
    ------
    vo.errors.ParameterError
        When it is no whole number of at least 0.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise ParameterError("MAXREC", f"{text[:80]!r} is no number of rows; give a whole number of at least 0.")
    digits = text.lstrip("0")
    return int(digits or "0") if len(digits) < len(str(UNLIMITED)) else UNLIMITED
