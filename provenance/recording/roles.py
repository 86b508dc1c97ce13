"""The roles in which agents were responsible, and in which things were used and generated where no task names them."""

from __future__ import annotations

__all__ = [
    "CREATOR",
    "FILE",
    "INGESTED",
    "OPERATOR",
    "PROVIDER",
    "PUBLISHED",
    "PUBLISHER",
    "RESULT",
    "RESULTS",
    "TABLE",
    "UPLOAD",
    "VALUE",
]

OPERATOR = "Operator"
"""Who had an activity done."""

PROVIDER = "Provider"
"""The software with which it was done."""

CREATOR = "Creator"
"""Who had a result made."""

PUBLISHER = "Publisher"
"""Who brought a result into the archive."""

INGESTED = "ingested"
"""Of a data set in the ingest that brought it in."""

RESULT = "result"
"""Of the result of a job in its publication."""

FILE = "file"
"""Of a file in the publication of its table."""

PUBLISHED = "published"
"""Of a product or a table of the archive in its publication."""

RESULTS = "results"
"""Of the collection of the results of an array."""

VALUE = "value"
"""Of a value in the generation by the activity that made its table."""

TABLE = "table"
"""Of a published table in a query."""

UPLOAD = "UPLOAD"
"""Of a table that came with a query: the parameter."""
