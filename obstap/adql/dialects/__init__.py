"""How engines write what ADQL means: tables of differences, one class an engine."""

from collections.abc import Mapping

from obstap.adql.dialects.base import Dialect
from obstap.adql.dialects.duckdb import DuckDB
from obstap.adql.dialects.postgresql import PostgreSQL

__all__ = ["DIALECTS", "Dialect"]

DIALECTS: Mapping[str, Dialect] = {"duckdb": DuckDB(), "postgresql": PostgreSQL()}
"""Dialects by the names of engines, as `obstap.stores.Snapshot.engine` has them."""
