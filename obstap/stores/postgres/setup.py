"""Making a database ready: what the store keeps in it, its functions, and the role that reads."""

# ruff: noqa: S608 - made of constants

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import psycopg2
from psycopg2 import errors

from obstap.names import delimited
from obstap.stores.postgres.sessions import READER, TextSession
from vo.errors import UnavailableError

__all__ = ["set_up"]

_FOLDER = Path(__file__).parent

_SCHEMA = "schema.sql"
"""The script that goes before those that make functions."""

_SETTING_UP = 7_235_001_420_000_002
"""Key of the advisory lock under which a database is set up."""

_PGSPHERE = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_sphere')"

_MEMBER = f"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}')"


@lru_cache
def _scripts() -> tuple[str, ...]:
    functions = sorted(path for path in _FOLDER.glob("*.sql") if path.name != _SCHEMA)
    return tuple(path.read_text(encoding="utf-8") for path in (_FOLDER / _SCHEMA, *functions))


@lru_cache
def _release() -> str:
    """What tells this release's scripts from those of others."""
    return hashlib.sha256("".join(_scripts()).encode()).hexdigest()[:16]


def set_up(connect: Callable[[], TextSession]) -> None:
    """Make the database ready, or bring it to this release; what is there stays.

    Parameters
    ----------
    connect
        Makes a session of the role that publishes.

    Raises
    ------
    vo.errors.UnavailableError
        When something is missing that only the database's administrator can add; the message has the statement.
    """
    session = connect()
    try:
        if _is_set_up(session):
            return
        session.run(f"BEGIN; SELECT pg_advisory_xact_lock({_SETTING_UP})")
        _have_pgsphere(session)
        _have_reader(session)
        schema, *functions = _scripts()
        session.run(schema)
        session.run(f"SET LOCAL search_path = athanor, {_place_of_pgsphere(session)}")
        for script in functions:
            session.run(script)
        session.run("UPDATE athanor.state SET setup = %s", (_release(),))
        session.run("COMMIT")
    except errors.InsufficientPrivilege as error:
        raise UnavailableError(
            "The role of ARCHIVE_URL may not create schemas in the archive's database.",
            hint="Let it own the database: ALTER DATABASE … OWNER TO ….",
        ) from error
    finally:
        session.close()


def _is_set_up(session: TextSession) -> bool:
    try:
        return session.run("SELECT setup FROM athanor.state") == [(_release(),)]
    except (errors.UndefinedTable, errors.InsufficientPrivilege):
        return False


def _have_pgsphere(session: TextSession) -> None:
    ((present,),) = session.run(_PGSPHERE)
    if present:
        return
    try:
        session.run("SAVEPOINT pgsphere; CREATE EXTENSION pg_sphere")
    except psycopg2.Error as error:
        raise UnavailableError(
            "The archive's database lacks pgsphere.",
            hint="Install it (Debian: postgresql-15-pgsphere) and let a superuser run CREATE EXTENSION pg_sphere"
            " in the database.",
        ) from error


def _have_reader(session: TextSession) -> None:
    """Have the role under which queries run, and be its member."""
    role = delimited(READER)
    try:
        ((present,),) = session.run(_MEMBER)
        if not present:
            session.run(f"CREATE ROLE {role} NOLOGIN")
        ((member,),) = session.run(f"SELECT pg_has_role(current_user, '{READER}', 'MEMBER')")
        if not member:
            session.run(f"GRANT {role} TO CURRENT_USER")
    except errors.InsufficientPrivilege as error:
        raise UnavailableError(
            f"The archive's database lacks the role {READER}, under which queries run.",
            hint=f"Let a superuser run CREATE ROLE {READER} NOLOGIN; GRANT {READER} TO the role of ARCHIVE_URL.",
        ) from error


def _place_of_pgsphere(session: TextSession) -> str:
    ((schema,),) = session.run(
        "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
        " WHERE extname = 'pg_sphere'"
    )
    return schema
