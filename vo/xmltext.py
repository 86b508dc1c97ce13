"""Text as XML 1.0 can hold it."""

from __future__ import annotations

import re

__all__ = ["ILLEGAL", "REFERENCES", "attribute", "content", "is_writable"]

ILLEGAL = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
"""Characters that XML 1.0 §2.2 cannot carry, not even as references; U+FFFD takes their place."""

REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
"""What must not stand in XML text as it is; a bare carriage return would be read as a line feed."""

_ILLEGAL = re.compile(f"{ILLEGAL}|[\ud800-\udfff]")
_SPECIAL = str.maketrans(REFERENCES)
_IN_ATTRIBUTE = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def is_writable(text: str) -> bool:
    """Whether XML 1.0 can hold every character of a text."""
    return _ILLEGAL.search(text) is None


def content(text: str) -> str:
    """A text as the content of an element."""
    return _ILLEGAL.sub("\ufffd", text).translate(_SPECIAL)


def attribute(text: str) -> str:
    """A text as the value of an attribute, to be put between double quotes."""
    return content(text).translate(_IN_ATTRIBUTE)
