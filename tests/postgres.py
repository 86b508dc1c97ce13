"""A PostgreSQL server of the tests' own, made of Debian's packages: a plugin of pytest (see `tests.conftest`).

The server belongs to the test session, listens on a Unix socket in a folder that only its user may enter and on a
loopback port that asks for a password, and ends with the session, also where that is killed. `postgresql_url` gives a
test an empty database with pgsphere; a test that needs several takes them from `postgresql_server`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest

from tests.ports import free_port

OWNER = "archive"
"""The role that owns the databases and under which they are handed out: no superuser, but it may make roles."""

SUPERUSER = "postgres"

_PACKAGES = "postgresql-15 and postgresql-15-pgsphere (tools/install_apt.sh installs them)"
_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_EXTENSION = Path("/usr/share/postgresql/15/extension/pg_sphere.control")
_TEMPLATE = "athanor_template"
_STARTING = 100.0
"""Seconds in which a server must have started."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "log_min_messages": "warning",
}


class Server:
    """A server with its cluster.

    Parameters
    ----------
    folder
        An empty folder with a short lower-case path: names of sockets are bounded, and some readers of URLs take hosts
        without regard to case.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._user = [] if os.geteuid() else ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.port = free_port()
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster and the template of its databases, and start."""
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        trust = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        initdb = self._command(
            "initdb", "-D", str(self._data), "-U", SUPERUSER, *trust, "-E", "UTF8", "--locale=C", "-N"
        )
        run = subprocess.run(initdb, cwd=self.folder, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        self.start()
        with self.session("postgres") as cursor:
            cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB PASSWORD '{self._password}'")
            cursor.execute(f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}")
        with self.session(_TEMPLATE) as cursor:
            cursor.execute("CREATE EXTENSION pg_sphere")

    def start(self) -> None:
        """Run the server on its cluster, and wait until it takes connections."""
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(
                    "postgres", "-D", str(self._data), "-k", str(self.folder), "-p", str(self.port), *settings
                ),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _STARTING
        while True:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                psycopg2.connect(self.url("postgres", SUPERUSER)).close()
                return
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server and its sessions: SIGINT in order, SIGQUIT as in a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_STARTING)
            self._process = None

    def url(self, database: str, user: str = OWNER) -> str:
        """The URL of a database by way of the socket."""
        return f"postgresql://{user}@{quote(str(self.folder), safe='')}:{self.port}/{database}"

    def loopback_url(self, database: str) -> str:
        """The URL of a database by way of the network, as ``DATABASE_URL`` needs it: its reader knows no sockets."""
        return f"postgresql://{OWNER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """A fresh database with pgsphere, owned by `OWNER`; gives its name."""
        name = f"t{secrets.token_hex(6)}"
        with self.session("postgres") as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER {OWNER}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database together with the sessions in it."""
        with self.session("postgres") as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def session(self, database: str, user: str = SUPERUSER) -> Iterator[psycopg2.extensions.cursor]:
        """A session that commits each statement."""
        connection = psycopg2.connect(self.url(database, user))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _command(self, program: str, *arguments: str) -> list[str]:
        """The program, run as a user that the server accepts and ended with this process."""
        return ["setpriv", "--pdeathsig=INT", *self._user, str(_PROGRAMS / program), *arguments]


def lacking() -> str:
    """What this machine lacks for a server; empty where it has everything."""
    if not (_PROGRAMS / "initdb").exists() or not _EXTENSION.exists():
        return f"Debian's packages {_PACKAGES}"
    return "" if shutil.which("setpriv") else "setpriv (Debian's package util-linux)"


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that runs, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="athanor-pg-"))
    server = Server(folder)
    try:
        server.create()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """The running server of this test session, or a skip that says what is missing."""
    if needed := lacking():
        pytest.skip(f"needs {needed}")
    with running_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """The URL of an empty database with pgsphere, which is removed after the test."""
    name = postgresql_server.create_database()
    yield postgresql_server.url(name)
    postgresql_server.drop_database(name)
