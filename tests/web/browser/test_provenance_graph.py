"""Graphs of provenance in a browser: on a desk and on a phone, by keyboard, and without scripts."""

from __future__ import annotations

import re

import pytest

from tests.provenance.pages.test_pages import made_job, page_of
from tests.web.browser.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

JOB = "g" * 26
PAGES = (f"/jobs/{JOB}/provenance/", page_of(f"job:{JOB}/image0"))


@pytest.fixture(autouse=True)
def job() -> None:
    """A job with more results than are drawn one by one."""
    made_job(JOB, results=40)


@pytest.mark.parametrize("path", PAGES)
def test_accessibility(open_page, axe, path):
    assert axe(open_page(path)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_graph_scrolls_in_its_own_box(open_page, path):
    page = open_page(path, viewport=PHONE, javascript=False)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = "document.querySelector('.provenance-graph')"
    assert page.evaluate(f"{box}.scrollWidth > {box}.clientWidth")
    page.get_by_role("link", name="fit to the page").click()
    assert page.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")


def test_a_pile_is_opened_by_keyboard_without_scripts(open_page):
    page = open_page(PAGES[0], javascript=False)
    pile = page.locator(".provenance-graph a", has_text="image × 40")
    pile.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("expand="))
    assert page.locator(".provenance-graph a", has_text=re.compile(r"image\d+\.fits")).count() == 40
