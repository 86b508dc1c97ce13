"""The reference pages of the tasks are what their definitions say."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobdefs.definition import CATEGORIES, Definition, Input, Output, Parameter
from jobdefs.registry import all_definitions
from tools.document_task import DIRECTORY, INDEX, page, pages

PAGES = pages()
SEEN = sorted(name for name, task in all_definitions().items() if not task.internal)


@pytest.mark.parametrize("file", sorted(PAGES))
def test_each_page_is_what_the_tool_makes_of_the_definition(file: str) -> None:
    path = DIRECTORY / file
    assert path.exists(), "run: make docs"
    assert path.read_text(encoding="utf-8") == PAGES[file], "run: make docs"


def test_each_task_has_a_page_and_no_page_is_left_of_another() -> None:
    assert {path.name for path in DIRECTORY.glob("*.md")} == {f"{name}.md" for name in SEEN} | {INDEX}


@pytest.mark.parametrize("name", SEEN)
def test_each_task_stands_under_a_category_and_is_listed(name: str) -> None:
    assert all_definitions()[name].category in CATEGORIES
    assert f"\n| [{name}]({name}.md) | " in PAGES[INDEX]


def test_a_page_tells_all_of_a_parameter() -> None:
    text = page(
        Definition(
            name="sieve",
            version="1.0",
            title="Sieve <events>",
            environment="sas",
            category="Events",
            command=("sieve", "{*}"),
            parameters=(
                Parameter("table", "table", "Events of job:<jobid>/<result>.", required=True),
                Parameter("mode", "choice", "How.", options=("a", "b|c"), default="a", group="Way"),
                Parameter("low", "real", "Limit | bound.", "1", min=0, max=4.5, unit="keV", parent="mode",
                          parent_value="b|c", multiple=True, group="Way", unverified=True),
                Parameter("seed", "int", "Of chance.", variable="SAS_RAND_SEED"),
            ),
            inputs=(Input("table", "events", product_types=("event",), description="List", copy=True),),
            outputs=(Output("log", "log", "text/plain", pattern="*.log", required=False),),
        )
    )  # fmt: skip
    for part in (
        "Sieve \\<events>. Version 1.0 of the definition.",
        "Runs where XMM-Newton SAS is configured, and is refused elsewhere.",
        "| `table` | events | event | List (a copy of its own, which it may change) |",
        "| `log` | log | `text/plain` | where there is one | `*.log` |  |",
        "| `table` | table | *required* | Events of job:\\<jobid>/\\<result>. |",
        "| `mode` | `a` or `b\\|c` | `a` | How. |",
        "| `low` | list of real, keV | `1` | Limit \\| bound. (at least 0, at most 4.5, below `mode` = `b\\|c`) *Not",
        "| `seed` | int |  | Of chance. (as the environment variable `SAS_RAND_SEED`) |",
    ):
        assert part in text


def test_the_readme_leads_to_the_list() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert f"docs/reference/tasks/{INDEX}" in readme.read_text(encoding="utf-8")
