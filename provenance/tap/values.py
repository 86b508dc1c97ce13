"""From what the database tells to the values of columns."""

from __future__ import annotations

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from obstap.arrow import times_of
from vo.wording import storable

__all__ = ["formed"]

_STATE = r"#.*$"
"""What the identifier of a data set has behind it in all states but the first; see `provenance.recording.states`."""


def formed(stored: pa.Array, form: str, *, base_url: str) -> pa.Array:
    """The values of a column.

    Parameters
    ----------
    stored
        Texts or numbers; empty texts are none.
    form
        Of `provenance.tap.view.Item`.
    base_url
        URL of the service without a final slash.
    """
    if not pa.types.is_string(stored.type):
        return stored
    # An engine may take no NUL, and the rest of the table is worth more than one sign.
    stored = pc.replace_substring(stored, "\0", "\ufffd")
    stored = pc.if_else(pc.equal(stored, ""), pa.scalar(None, pa.string()), stored)
    if form == "time":
        return times_of(stored)
    if form == "did":
        return pc.replace_substring_regex(stored, _STATE, "")
    if form == "address":
        return pc.if_else(pc.match_substring(stored, "://"), stored, pc.binary_join_element_wise(base_url, stored, "/"))
    if form in _OF_JSON:
        return _each(stored, _OF_JSON[form])
    return stored


def _each(stored: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Texts changed one by one, equal ones once."""
    coded = stored.dictionary_encode()
    changed = [None if text is None else change(text) for text in coded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(coded.indices)


def _document(text: str) -> str:
    """A document in JSON as every database writes it."""
    return storable(json.dumps(json.loads(text), ensure_ascii=False))


def _versions(text: str) -> str | None:
    """What ran, from an object of names and versions."""
    known = json.loads(text)
    if not isinstance(known, dict):
        return None
    return storable("; ".join(f"{name} {known[name]}".strip() for name in sorted(known))) or None


_OF_JSON = {"json": _document, "software": _versions}
