"""The server that the tests of the PostgreSQL store use."""

from __future__ import annotations

import environ
import psycopg2
import pytest

from tests.postgres import Server


def test_a_database_is_empty_and_has_pgsphere(postgresql_url: str):
    with psycopg2.connect(postgresql_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT spoint '(0,0)' <@ scircle '<(0,0),1d>', count(*) FROM pg_tables WHERE schemaname='public'"
        )
        assert cursor.fetchone() == (True, 0)
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
    connection.close()


def test_databases_are_apart(postgresql_server: Server, postgresql_url: str):
    other = postgresql_server.create_database()
    with postgresql_server.session(other, "archive") as cursor:
        cursor.execute("CREATE TABLE x (n int)")
    assert not postgresql_url.endswith(other)
    connection = psycopg2.connect(postgresql_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('x')")
        assert cursor.fetchone() == (None,)
    connection.close()
    postgresql_server.drop_database(other)


def test_the_network_asks_for_a_password(postgresql_server: Server):
    name = postgresql_server.create_database()
    settings = environ.Env.db_url_config(postgresql_server.loopback_url(name))
    options = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"], "dbname": name}
    psycopg2.connect(**options, password=settings["PASSWORD"]).close()
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(**options, passfile="/nonexistent")
    postgresql_server.drop_database(name)
