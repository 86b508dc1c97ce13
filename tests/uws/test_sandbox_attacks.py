"""The walls of a run, attacked from within: each attack works without walls, and is refused by them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.uws.running import BOTH_WAYS, NEEDS_WALLS, ROOT, Runner

REACHED, REFUSED = 0, 7

ATTACK = """
import ctypes, json, os, pathlib, socket, stat, sys
place = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)

def call(function, *arguments):
    if function(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def find(name, text):
    for path in pathlib.Path("/proc").glob("[0-9]*/" + name):
        try:
            if text.encode() in path.read_bytes():
                return
        except OSError:
            continue
    raise FileNotFoundError(text)

def seen(folder, name):
    if name not in os.listdir(folder):
        raise FileNotFoundError(name)

def attack():
    CODE

try:
    attack()
except OSError as error:
    print(type(error).__name__, error)
    sys.exit(7)
"""

READING = {
    "result of another job": "open(place['other']).read()",
    "directories of other jobs": "seen(place['jobs'], 'other')",
    "own description": "open('../job.json').read()",
    "database": "open(place['database'], 'rb').read(1)",
    "state directory": "seen(place['home'], 'athanor.sqlite3')",
    "rest of the archive": "open(place['archive'] + '/secret.fits').read()",
    "listing of the archive": "seen(place['archive'], 'secret.fits')",
    "source of the service": "open(place['root'] + '/config/settings.py').read()",
    "its job engine": "open(place['root'] + '/uws/runner.py').read()",
    "its history": "seen(place['root'], 'manage.py')",
    "environment of the service": "find('environ', place['mark'])",
    "command line of another process": "find('cmdline', '# of ' + 'the service')",
    "environment by number": "open(f'/proc/{place[\"pid\"]}/environ').read()",
    "files of the service's process": "os.listdir(f'/proc/{place[\"pid\"]}/root/')",
    "sockets of the system": "os.listdir('/var/run')",
    "other temporary files": "seen('/tmp', place['temporary'])",
}
WRITING = {
    "to beside its directory": "open('../planted', 'w')",
    "to state directory": "open(place['home'] + '/planted', 'w')",
    "to result of another job": "open(place['other'], 'a')",
    "to database": "open(place['database'], 'ab')",
    "to its input": "open('inputs/a.fits', 'a')",
    "to its input by its path": "open(os.readlink('inputs/a.fits'), 'a')",
    "mode of its input": "os.chmod('inputs/a.fits', 0o600)",
    "to the name of its input": "os.rename('inputs/a.fits', 'inputs/b.fits')",
    "hard link to another's file": "os.link(place['other'], 'stolen')",
    "hard link to its input": "os.link('inputs/a.fits', 'stolen')",
}
REACHING = {
    "loopback": "socket.create_connection(('127.0.0.1', place['port']), 10)",
    "abstract socket": "socket.socket(socket.AF_UNIX).connect('\\0' + place['abstract'])",
    "socket of a database": "socket.socket(socket.AF_UNIX).connect(place['socket'])",
    "signal": "os.kill(place['pid'], 0)",
}
ROOTS_OWN = {
    "shadow": "open('/etc/shadow').read()",
    "device node": "os.mknod('disk', stat.S_IFBLK | 0o600, os.makedev(254, 0))",
    "device node of memory": "os.mknod('zero', stat.S_IFCHR | 0o600, os.makedev(1, 5)); open('zero').read(1)",
    "settings of the system": "open('/proc/sys/vm/swappiness', 'a')",
    "another user": "os.setuid(1)",
    "ptrace": "call(libc.ptrace, 0x4206, place['pid'], 0, 0)",
    "new user namespace": "call(libc.unshare, 0x10000000)",
    "raw sockets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
}
"""What root can do on every machine without walls."""

ONLY_WITHIN = {
    "mount": "call(libc.mount, b'none', b'/tmp', b'tmpfs', 0, None)",
    "remount": "call(libc.mount, None, b'/usr', None, 0x1020, None)",
    "root directory": "open('/planted', 'w')",
    "devices": "open('/dev/planted', 'w')",
    "accounts": "open('/etc/passwd', 'a')",
    "programs": "open('/usr/bin/env', 'ab')",
    "python": "open(sys.executable, 'ab')",
    "packages": "open(place['packages'] + '/planted.py', 'w')",
    "end of the first process": "os.kill(1, 9); os.wait()",
}
"""What would harm the machine without walls, or means nothing there."""


@pytest.fixture
def site(tmp_path) -> Iterator[dict[str, object]]:
    """Where things are that are none of a job's business; servers and a process of the service."""
    home, archive = tmp_path / "home", tmp_path / "archive"
    other = home / "jobs" / "other" / "work" / "result.txt"
    for path in (other, home / "athanor.sqlite3", archive / "a.fits", archive / "secret.fits"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
    mark = f"secret-of-{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="s"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        servers = [stack.enter_context(contextlib.closing(socket.socket(family))) for family in (2, 1, 1)]
        for server, address in zip(
            servers, (("127.0.0.1", 0), f"\0{mark}", str(folder / ".s.PGSQL.5432")), strict=True
        ):
            server.bind(address)
            server.listen()
        code = "import sys; sys.stdin.read()  # of the service"
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, env={"SECRET_KEY": mark}, start_new_session=True
        )
        stack.callback(process.wait)
        stack.callback(process.stdin.close)
        yield {
            "other": str(other),
            "jobs": str(home / "jobs"),
            "home": str(home),
            "database": str(home / "athanor.sqlite3"),
            "archive": str(archive),
            "root": str(ROOT),
            "temporary": folder.name,
            "packages": str(Path(pytest.__file__).parent.parent),
            "mark": mark,
            "pid": process.pid,
            "port": servers[0].getsockname()[1],
            "abstract": mark,
            "socket": str(folder / ".s.PGSQL.5432"),
        }


def attack(site, mode: str, code: str, **job) -> tuple[int | None, str]:
    """Exit code and output of an attack by a job with one input."""
    runner = Runner(Path(site["home"], "jobs", "mine"), mode)
    report = runner.run(
        argv=[sys.executable, "-c", ATTACK.replace("CODE", code), json.dumps(site)],
        inputs=[{"name": "a.fits", "path": f"{site['archive']}/a.fits", "sha256": "known"}],
        sandbox={"readable": [sys.prefix, sys.base_prefix], "hidden": [site["home"], str(ROOT)]},
        **job,
    )
    return report["exit_code"], runner.read("stdout.txt") + runner.read("stderr.txt")


@pytest.mark.parametrize("mode", BOTH_WAYS)
@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in (READING | WRITING | REACHING).items()])
def test_attack(site, mode, code):
    exit_code, told = attack(site, mode, code)
    assert exit_code == (REACHED if mode == "off" else REFUSED), told


@pytest.mark.skipif(os.getuid() != 0, reason="only root could do this without walls")
@pytest.mark.parametrize("mode", BOTH_WAYS)
@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ROOTS_OWN.items()])
def test_attack_as_root(site, mode, code):
    exit_code, told = attack(site, mode, code)
    assert exit_code == (REACHED if mode == "off" else REFUSED), told


@NEEDS_WALLS
@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ONLY_WITHIN.items()])
def test_attack_on_the_machine(site, code):
    exit_code, told = attack(site, "require", code)
    assert exit_code == REFUSED, told


@NEEDS_WALLS
@pytest.mark.parametrize(
    ("target", "expected"),
    [("loopback", REACHED), ("abstract socket", REACHED), ("socket of a database", REFUSED)],
)
def test_network_where_the_definition_grants_it(site, target, expected):
    exit_code, told = attack(site, "require", REACHING[target], network=True)
    assert exit_code == expected, told
