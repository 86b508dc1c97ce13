"""Lines to paste do what they say, whatever is in the query."""

from __future__ import annotations

import ast
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from web.snippets import job_curl, job_pyvo, query_curl, query_pyvo, sync_url

BASE = "https://archive.example/xmm"
QUERIES = [
    "SELECT TOP 1 obs_id\nFROM ivoa.obscore",
    "SELECT * FROM t WHERE name = 'it''s $(rm -rf /) `x` \"quoted\" \\'",
    'SELECT """ FROM t',
    'SELECT "a"',
]


def string_constants(source):
    return [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]


def words_of(command):
    """What a shell makes of a curl command."""
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + command
    return subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout.split("\0")[:-1]


@pytest.mark.parametrize("adql", QUERIES)
def test_python_holds_the_query(adql):
    constants = string_constants(query_pyvo(BASE, adql))
    assert BASE + "/tap" in constants
    assert adql in [constant.strip("\n") for constant in constants]


@pytest.mark.parametrize("adql", QUERIES)
def test_shell_gives_the_query_as_one_word(adql):
    words = words_of(query_curl(BASE, adql))
    assert words[:2] == ["-sS", f"{BASE}/tap/sync"]
    assert f"QUERY={adql}" in words


@pytest.mark.parametrize("adql", QUERIES)
def test_address_of_an_answer(adql):
    parts = urlsplit(sync_url(BASE, adql, responseformat="csv"))
    assert parts.path == "/xmm/tap/sync"
    assert parse_qs(parts.query) == {"LANG": ["ADQL"], "RESPONSEFORMAT": ["csv"], "QUERY": [adql]}


def test_job_from_the_shell():
    words = words_of(job_curl(BASE, "evselect", {"table": ["ivo://a/b?c"], "expression": ["(PI>5)&&'x'"]}))
    assert words == [
        *("-sS", "-o", "/dev/null", "-w", "%{redirect_url}\\n", f"{BASE}/uws/evselect"),
        *("--data-urlencode", "table=ivo://a/b?c", "--data-urlencode", "expression=(PI>5)&&'x'"),
        *("-d", "PHASE=RUN"),
    ]


def test_query_job_from_the_shell_goes_to_tap():
    assert f"{BASE}/tap/async" in words_of(job_curl(BASE, "tap", {"QUERY": ["SELECT 1"]}))


def test_job_in_python():
    assert f"{BASE}/uws/evselect/abc" in string_constants(job_pyvo(f"{BASE}/uws/evselect/abc"))
