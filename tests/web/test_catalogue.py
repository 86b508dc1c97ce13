"""The catalogue of tasks: by what they are for, found by words, and with what is missing for them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from jobdefs import registry
from jobdefs.definition import CATEGORIES
from tests.web.test_job_pages import text_of
from web.catalogue import BUILT_IN, EITHER, NEEDS_SAS, OTHER, catalogue, missing_for, usual_tasks


@pytest.fixture(autouse=True)
def _without_sas(settings):
    settings.SAS_DIR = ""


def names(headings):
    return [task.definition.name for heading in headings for task in heading.tasks]


def test_every_task_stands_once_under_the_heading_of_its_category():
    headings, found, total = catalogue("")
    offered = {task.name: task.category for task in registry.all_definitions().values() if not task.internal}
    assert sorted(names(headings)) == sorted(offered)
    assert found == total == len(offered)
    order = [*CATEGORIES, OTHER]
    assert [heading.title for heading in headings] == sorted((item.title for item in headings), key=order.index)
    for heading in headings:
        listed = [task.definition.name for task in heading.tasks]
        assert listed == sorted(listed)
        assert {offered[name] or OTHER for name in listed} == {heading.title}


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        ("count MAP", "dl3-countmap", "evselect"),
        ("gamma rays", "gammapy-spectrum", "epic-image"),
        ("fluxpoints", "gammapy-spectrum", "dl3-countmap"),
        ("no such words at all", "", "evselect"),
    ],
)
def test_tasks_are_found_by_all_words(text, there, not_there):
    headings, found, total = catalogue(text)
    listed = names(headings)
    assert len(listed) == found < total
    assert not there or there in listed
    assert not_there not in listed


def test_what_does_the_work_is_told():
    kinds = {task.definition.name: task.kind for heading in catalogue("")[0] for task in heading.tasks}
    assert kinds["preview"] == BUILT_IN
    assert kinds["evselect"] == kinds["epic-image"] == kinds["epic-quicklook"] == EITHER
    assert NEEDS_SAS in kinds.values()


def test_what_is_missing_is_told():
    sas = replace(registry.get("evselect"), name="x", environment="sas")
    assert missing_for(sas) == "x needs XMM-Newton SAS, which this service does not have."
    assert missing_for(replace(registry.get("preview"), packages=("no_such_package",))).startswith(
        "preview needs the P"
    )
    assert missing_for(registry.get("epic-quicklook")) == ""
    step = replace(registry.get("epic-quicklook").task("evselect"), environment="sas")
    assert missing_for(replace(registry.get("epic-quicklook"), tasks=(step,))).startswith("evselect needs XMM-Newton")


def test_the_page(db, client):
    page = client.get("/jobdefs/").content.decode()
    assert '<a href="#gamma-rays">Gamma rays</a>' in page
    assert 'id="gamma-rays"' in page
    assert 'href="/jobdefs/dl3-countmap/"' in page
    assert "not available here" in page
    assert len(re.findall(r"<h2 ", page)) == len(catalogue("")[0])


def test_the_page_that_is_filtered(db, client):
    response = client.get("/jobdefs/", {"q": "count map"})
    assert 'value="count map"' in response.content.decode()
    text = text_of(response)
    _, found, total = catalogue("count map")
    assert f"{found} of {total} tasks have the words “count map”." in text
    assert "dl3-countmap" in text
    assert "evselect" not in text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "x" * 100_000, "\0", "%", "  ", "\N{SNOWMAN}"])
def test_any_words_may_be_given(db, client, text):
    response = client.get("/jobdefs/", {"q": text})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
    assert len(response.content) < 200_000


def test_the_form_of_a_task_tells_what_is_missing(db, client):
    task = next(task for task in registry.all_definitions().values() if task.environment == "sas")
    page = client.get(f"/jobdefs/{task.name}/").content.decode()
    assert "needs XMM-Newton SAS, which this service does not have. Jobs will be refused." in page


def test_tasks_for_data_have_forms_that_name_it(db, client):
    page = client.get("/jobdefs/", {"type": "event", "data": "ivo://a.example/x?one&two"}).content.decode()
    assert 'href="/jobdefs/evselect/?table=ivo%3A%2F%2Fa.example%2Fx%3Fone%26two"' in page
    assert 'href="/jobdefs/epic-products/?events=ivo' in page
    assert "/jobdefs/gtibuild/" not in page
    assert "ivo://a.example/x?one&amp;two" in page
    nothing = client.get("/jobdefs/", {"type": "<b>"}).content.decode()
    assert "There is no such task." in nothing
    assert "<b>" not in nothing


def test_beside_data_stand_the_usual_tasks_that_can_be_run():
    usual = [task.definition.name for task in usual_tasks("event")]
    assert {"evselect", "epic-spectrum", "epic-products"} <= set(usual)
    assert not {"barycen", "epatplot"} & set(usual)
    assert len(usual) < 12
    assert usual_tasks("no such type") == []
