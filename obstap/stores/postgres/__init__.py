"""Tables in a PostgreSQL database with pgsphere: the engine for large archives."""

from obstap.stores.postgres.store import PostgreSQLStore

__all__ = ["PostgreSQLStore"]
