"""News of what comes into the archive and leaves it, with plain arguments; a receiver that fails undoes the rest.

News of published products stand in `obstap.products.signals`.
"""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["files_ingested", "table_published", "table_unpublished"]

files_ingested = Signal()
"""Sent once for a run of the ingest, in the transaction in which the archive remembers the files.

It has ``dids``, the ``obs_publisher_did`` of all files of the run; ``changed``, the set of those that the archive had
in another state; ``moved``, a mapping from identifiers that the archive has no longer to those under which the same
files stand now; ``started``, a time; and ``parameters``, a mapping from names to lists of values.
"""

table_published = Signal()
"""Sent when a file was published as a table.

It has ``name``, that of the table; ``path`` of the file; ``sha256`` and ``size`` in bytes of its content; ``started``,
a time; ``parameters``, a mapping from names to lists of values; and ``metadata``, the path of the file that describes
the columns, or None.
"""

table_unpublished = Signal()
"""Sent with ``name`` when a published table was taken away."""
