"""Tables in DuckDB files: the embedded engine."""

from obstap.stores.duckdb.store import DuckDBStore

__all__ = ["DuckDBStore"]
