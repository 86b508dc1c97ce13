"""Documents of provenance: what they state, and how each notation writes it."""

from provenance.notations.provjson import write_json
from provenance.notations.provn import write_provn
from provenance.notations.provxml import write_xml
from provenance.notations.statements import KINDS, Document, Kind, Name, Statement, Value
from provenance.notations.turtle import write_turtle
from provenance.notations.votable import write_votable

__all__ = [
    "KINDS",
    "Document",
    "Kind",
    "Name",
    "Statement",
    "Value",
    "write_json",
    "write_provn",
    "write_turtle",
    "write_votable",
    "write_xml",
]
