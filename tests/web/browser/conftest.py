"""Chromium on the pages; a test fails on any request to elsewhere and on any error in the console."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).resolve().parents[2] / "vendor" / "axe-core" / "axe.min.js"

DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def chromium():
    """A browser, for one module only: its event loop must be gone before others' tests start theirs."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    # Playwright leaves an event loop running in this thread, in which Django refuses to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium, live_server, archive):
    """Open a page of the running service."""
    contexts, wrong, meant = [], [], set()

    def note(message):
        # Chromium writes every page with an error status into the console; some of these pages are meant to have one.
        if message.type in ("error", "warning") and message.location["url"] not in meant:
            wrong.append(message.text)

    def check(request):
        if not request.url.startswith((live_server.url + "/", "data:")):
            wrong.append(f"asks {request.url}")

    def watch(page):
        page.on("console", note)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", check)

    def open_path(path, *, viewport=DESKTOP, javascript=True, permissions=()):
        context = chromium.new_context(
            base_url=live_server.url,
            viewport=viewport,
            java_script_enabled=javascript,
            permissions=list(permissions),
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        meant.add(live_server.url + path)
        page.goto(path)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def axe():
    """Gives what WCAG 2.1 A and AA forbid on a page: rule and place."""
    source = AXE.read_text(encoding="utf-8")

    def violations(page):
        page.evaluate(source + ";0")
        result = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        return [(violation["id"], node["html"]) for violation in result["violations"] for node in violation["nodes"]]

    return violations
