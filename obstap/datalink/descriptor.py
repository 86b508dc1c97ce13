"""What leads clients from a row of an answer to the links of its data set (DataLink 1.1 §4)."""

from __future__ import annotations

from collections.abc import Sequence

from obstap.datalink.standard import CONTENT_TYPE, STANDARD
from obstap.metadata import Column
from obstap.writers.votable import identifiers
from vo.xmltext import attribute

__all__ = ["links_descriptor"]

IDENTIFIER = "obscore:Curation.publisherDID"
"""Utype of the column whose values the service takes; it keeps it under any name."""


def links_descriptor(columns: Sequence[Column], *, base_url: str) -> str:
    """The RESOURCE that describes ``/datalink/links`` for the rows of an answer; empty where they have no identifier.

    Parameters
    ----------
    columns
        Of the answer.
    base_url
        URL of the service without a final slash.
    """
    place = next((number for number, column in enumerate(columns) if column.utype == IDENTIFIER), None)
    if place is None:
        return ""
    ids = identifiers(columns)
    name = "links"
    while name in ids:
        name += "_"
    facts = {"standardID": STANDARD, "accessURL": f"{base_url}/datalink/links", "contentType": CONTENT_TYPE}
    params = "".join(
        f'<PARAM name="{key}" datatype="char" arraysize="*" value="{attribute(value)}"/>\n'
        for key, value in facts.items()
    )
    return (
        f'<RESOURCE type="meta" utype="adhoc:service" ID="{name}" name="links">\n'
        "<DESCRIPTION>What belongs to the data set of a row: its file, what it was made from, and more</DESCRIPTION>\n"
        f"{params}"
        '<GROUP name="inputParams">\n'
        f'<PARAM name="ID" datatype="char" arraysize="*" ucd="meta.id;meta.main" ref="{ids[place]}" value=""/>\n'
        "</GROUP>\n"
        "</RESOURCE>\n"
    )
