"""Provenance in TAP: the classes of the IVOA's model as tables of the schema ``provenance``.

There is no Recommendation of a ProvTAP yet: tables are the classes of ProvenanceDM 1.0 in lower case, columns their
attributes in snake case, but none has a name that a query must write in quotes.
"""

from __future__ import annotations

from provenance.tap.tables import ProvenanceTables

__all__ = ["ProvenanceTables"]
