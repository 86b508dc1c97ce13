"""Settings, commands, URLs and tasks are documented, and what the documents name exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from config.environment import VARIABLES
from jobdefs.checking import check
from jobdefs.command import argv
from jobdefs.definition import Limits
from jobdefs.registry import parse_definition
from vo.skyregions import parse_region

ROOT = Path(__file__).resolve().parent.parent
HOW_TO = "docs/howto/define-a-task.md"
OWN_APPS = {"web", "provenance", "obstap", "uws"}


def _read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("variable", sorted(VARIABLES))
def test_each_setting_is_documented_in_the_words_of_the_code(variable: str) -> None:
    assert f"| `{variable}` | {VARIABLES[variable]} |" in _read("docs/reference/settings.md")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", _read("docs/reference/settings.md"), flags=re.MULTILINE))
    assert documented == set(VARIABLES)


def test_only_one_module_reads_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for package in ("config", "web", "provenance", "obstap", "uws", "jobdefs", "vo")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"os\.(getenv|environ\.get|environ\[[^]]*\](?! *=))", path.read_text())
        and not path.as_posix().startswith((f"{ROOT}/uws/runner", f"{ROOT}/jobdefs/tasks/"))  # programs of their own
    ]
    assert readers == []


@pytest.mark.parametrize("command", sorted(name for name, app in get_commands().items() if app in OWN_APPS))
def test_each_command_is_documented(command: str) -> None:
    assert f"`manage.py {command}" in _read("docs/reference/commands.md")


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    routes = []
    for item in patterns:
        route = prefix + str(item.pattern)
        routes.extend(_routes(item.url_patterns, route) if isinstance(item, URLResolver) else [route])
    return routes


def test_each_first_segment_of_a_url_is_documented() -> None:
    segments = {re.split(r"[/<(?\\$]", route.lstrip("^"))[0] for route in _routes(get_resolver().url_patterns)}
    text = _read("docs/reference/urls.md")
    missing = {segment for segment in segments - {""} if f"`/{segment}" not in text}
    assert missing == set()


@pytest.mark.parametrize("path", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")))
def test_links_between_documents_lead_somewhere(path: str) -> None:
    _check_links(ROOT / path)


def test_links_of_the_readme_lead_somewhere() -> None:
    _check_links(ROOT / "README.md")


def test_the_readme_leads_to_each_how_to_and_each_reference() -> None:
    pages = {page.relative_to(ROOT).as_posix() for page in ROOT.glob("docs/*/*.md") if page.parent.name != "decisions"}
    assert pages - set(re.findall(r"\]\(([^)#]+)", _read("README.md"))) == set()


def _check_links(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_what_a_definition_says_of_its_runs_is_documented() -> None:
    keys = [item.name for item in fields(Limits)]
    keys += ["executor", "partition", "account", "network", "retries", "priority"]
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", _read(HOW_TO), flags=re.MULTILINE))))
    assert set(keys) - told == set()


def test_the_regions_of_the_how_to_are_read() -> None:
    examples = re.search(r"## Say where.*?```text\n(.*?)```", _read("docs/howto/products.md"), flags=re.DOTALL)[1]
    shapes = [len(parse_region(line).shapes) for line in examples.splitlines()]
    assert shapes == [1, 1, 1, 2, 1]


def test_the_task_of_the_how_to_is_a_right_definition() -> None:
    example = re.search(r"```toml\n(.*?)```", _read(HOW_TO), flags=re.DOTALL)[1]
    definition = parse_definition(example, source="define-a-task.md")
    values = check(definition, {"table": ["ivo://archive.example/x"]}, complete=True)
    assert argv(definition, values, {"ivo://archive.example/x": "inputs/x.fits"}) == [
        "countrows",
        "inputs/x.fits",
        "1000000",
    ]
