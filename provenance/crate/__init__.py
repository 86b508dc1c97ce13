"""A job to take away: its results, inputs, logs, definition and provenance as an RO-Crate in a zip file."""

from provenance.crate.contents import collect
from provenance.crate.writing import crate_name, write_crate

__all__ = ["collect", "crate_name", "write_crate"]
