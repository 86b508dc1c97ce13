"""Parameter files of SAS (``$SAS_DIR/config/<task>.par``): XML that says what a task takes.

Source: SAS documentation of param-2.18, and what SAS's own reader makes of such a file: ``PARAM`` elements anywhere
below ``CONFIG``, with ``id``, ``type``, ``default``, ``mandatory`` and ``list``; the parameters within ``ITEM
value="…"`` of the ``CASE`` of another count only while that one has the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from vo.errors import AthanorError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["ParParameter", "Range", "read_par", "read_range"]

MAX_BYTES = 4 * 2**20
"""Largest parameter file that is read; SAS's own have some ten thousand bytes."""

MAX_PARAMETERS = 1000
"""Most parameters of one task."""

_YES = frozenset({"yes", "true", "y", "t", "1"})
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_RANGE = re.compile(
    rf"\s*(?P<name>\w+)\s+in\s+(?P<open>[\[(])\s*(?P<low>{_NUMBER})?\s*:\s*(?P<high>{_NUMBER})?\s*(?P<close>[\])])\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParParameter:
    """One ``PARAM``, as it stands in the file.

    Parameters
    ----------
    type
        In lower case: bool, int, real, string, choice, directory, file, dataset, block, table, array, column, angle,
        time, …
    default
        None where the file has none.
    parent, parent_value
        The parameter below whose ``CASE`` it stands, and the value of the ``ITEM``.
    options
        Values of the ``ITEM`` elements of its own ``CASE``, in order.
    """

    name: str
    type: str
    default: str | None = None
    mandatory: bool = False
    is_list: bool = False
    description: str = ""
    constraints: str = ""
    parent: str = ""
    parent_value: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """What a constraint such as ``order in [1:]`` allows; `exact` says whether both ends belong to it."""

    low: float | None
    high: float | None
    exact: bool


def read_par(data: bytes, *, source: str) -> tuple[ParParameter, ...]:
    """The parameters of a file in its order; one that stands below several values comes several times.

    Parameters
    ----------
    source
        The file's name, for messages.

    Raises
    ------
    vo.errors.AthanorError
        When the file is too large, no XML, declares entities, or has no ``CONFIG`` or a ``PARAM`` without name.
    """
    if len(data) > MAX_BYTES:
        raise AthanorError(f"{source}: it has {len(data):,} bytes; {MAX_BYTES:,} are read.")
    try:
        root = fromstring(data)
    except ParseError as error:
        raise AthanorError(f"{source}: this is no XML: {error}.") from error
    except DefusedXmlException as error:
        raise AthanorError(f"{source}: it declares entities, or refers to other files; that is refused.") from error
    except (LookupError, ValueError) as error:
        raise AthanorError(f"{source}: its encoding is not known: {error}.") from error
    config = root if root.tag.upper() == "CONFIG" else next((one for one in root.iter() if one.tag == "CONFIG"), None)
    if config is None:
        raise AthanorError(f"{source}: it has no CONFIG element, and so is no parameter file of SAS.")
    return _parameters(config, source)


def read_range(name: str, constraint: str) -> Range | None:
    """The range that a constraint gives a parameter; None where it says something else."""
    matched = _RANGE.fullmatch(constraint)
    if matched is None or matched["name"].lower() != name.lower():
        return None
    low, high = (float(text) if text else None for text in (matched["low"], matched["high"]))
    is_open = (low is not None and matched["open"] == "(") or (high is not None and matched["close"] == ")")
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return None
    return Range(low, high, exact=not is_open)


def _parameters(config: Element, source: str) -> tuple[ParParameter, ...]:
    found: list[ParParameter] = []
    options: dict[str, list[str]] = {}
    ahead: list[tuple[Element, str, str]] = [(config, "", "")]  # no recursion: files may be as deep as they like
    while ahead:
        element, parent, value = ahead.pop()
        match element.tag.upper():
            case "PARAM":
                parameter = _parameter(element, parent, value, source)
                found.append(parameter)
                if len(found) > MAX_PARAMETERS:
                    raise AthanorError(f"{source}: it has more than {MAX_PARAMETERS:,} parameters.")
                parent, value = parameter.name, ""
            case "ITEM":
                value = (element.get("value") or "").strip()
                options.setdefault(parent, []).append(value)
        ahead += [(child, parent, value) for child in reversed(element)]
    return tuple(replace(one, options=tuple(dict.fromkeys(options.get(one.name, ())))) for one in found)


def _parameter(element: Element, parent: str, value: str, source: str) -> ParParameter:
    name = (element.get("id") or "").strip()
    if not name:
        raise AthanorError(f"{source}: a PARAM has no id.")
    kind = (element.get("type") or "").strip().lower()
    listed = kind.startswith("list") and kind != "list"
    return ParParameter(
        name=name,
        type=kind.removeprefix("list") if listed else kind,
        default=element.get("default"),
        mandatory=_is_yes(element.get("mandatory")),
        is_list=listed or _is_yes(element.get("list")),
        description=_words(element, "DESCRIPTION"),
        constraints=_words(element, "CONSTRAINTS"),
        parent=parent,
        parent_value=value,
    )


def _is_yes(text: str | None) -> bool:
    return (text or "").strip().lower() in _YES


def _words(element: Element, tag: str) -> str:
    child = next((one for one in element if one.tag.upper() == tag), None)
    return "" if child is None else " ".join("".join(child.itertext()).split())
