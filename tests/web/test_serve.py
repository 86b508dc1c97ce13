"""The command that runs the service."""

from __future__ import annotations

import socket

import pytest
from django.core.management import CommandError, call_command

from web.management.commands import serve


def test_command_lines(settings):
    settings.ATHANOR_HOST, settings.ATHANOR_PORT, settings.ATHANOR_WEB_WORKERS = "0.0.0.0", 9000, 3
    line = " ".join(serve.web_server())
    assert "-m uvicorn config.asgi:application" in line
    assert "--host 0.0.0.0 --port 9000 --workers 3 --no-server-header" in line
    assert serve.engine()[-1] == "run_engine"


def test_threads_of_the_web_server_share_the_memory_that_is_free(monkeypatch):
    programs = {}
    monkeypatch.setattr(serve, "_require_free_port", lambda: None)
    monkeypatch.setattr(
        serve, "Supervisor", lambda given: programs.update({one.name: one for one in given}) or _Supervisor()
    )
    call_command("serve")
    assert programs["web server"].environment == {"MALLOC_ARENA_MAX": "4", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    assert programs["job engine"].environment == {}


class _Supervisor:
    def handle_signals(self):
        pass

    def run(self, *, each_tick):
        pass


@pytest.mark.parametrize(
    ("host", "base_url", "address"),
    [
        ("127.0.0.1", "", "http://localhost:9000/"),
        ("0.0.0.0", "", "http://localhost:9000/"),
        ("archive.example", "", "http://archive.example:9000/"),
        ("127.0.0.1", "https://archive.example/xmm", "https://archive.example/xmm"),
    ],
)
def test_address(settings, host, base_url, address):
    settings.ATHANOR_HOST, settings.ATHANOR_PORT, settings.ATHANOR_BASE_URL = host, 9000, base_url
    assert serve.address() == address


def test_a_taken_port_is_told(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.ATHANOR_HOST, settings.ATHANOR_PORT = "127.0.0.1", server.getsockname()[1]
        with pytest.raises(CommandError, match="set PORT to another number"):
            call_command("serve")
