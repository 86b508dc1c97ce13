"""The pages in a browser: by keyboard, without scripts, on a phone, and while a job runs."""

from __future__ import annotations

import base64

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.web.browser.conftest import PHONE
from uws.models import Job
from uws.phases import Phase

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

PAGES = [
    "/",
    "/search/",
    "/search/?target=crab",
    "/search/?adql=SELECT+nothing+FROM+ivoa.obscore",
    "/search/?ra=10",
    "/observations/0001/",
    "/tables/",
    "/tables/ivoa.obscore/",
    "/jobdefs/",
    "/jobdefs/?q=spectrum",
    "/jobdefs/?q=nothing+of+the+kind",
    "/jobdefs/evselect/?withimageset=yes&withspectrumset=yes",
    "/jobs/",
    "/accounts/login/",
    "/nothing/",
]


@pytest.fixture
def files(archive):
    """The event list of the archive's first observation, as a file that jobs can take."""
    from obstap.models import ArchiveFile

    path = archive.parent / "pn.fits"
    path.write_bytes(b"SIMPLE  =                    T")
    stat = path.stat()
    ArchiveFile.objects.create(
        obs_publisher_did="ivo://athanor.example/sim?pn.fits",
        path=str(path),
        name="pn.fits",
        media_type="application/fits",
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        collection="sim",
    )


def press_until_focused(page, locator, key="Tab", most=80):
    """Walk by keyboard to an element."""
    for _ in range(most):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("the keyboard does not lead there")


def test_from_the_front_page_to_a_job_by_keyboard_alone(open_page, files):
    page = open_page("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    press_until_focused(page, page.get_by_label("Target name"), most=2)
    page.keyboard.type("crab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="3 rows")).to_be_visible()
    press_until_focused(page, page.get_by_role("link", name="0001").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Observation 0001")).to_be_visible()
    run = page.locator("a[href*='pn.fits']", has_text="Run evselect")
    press_until_focused(page, run)
    page.keyboard.press("Enter")
    expect(page.get_by_label("table", exact=True)).to_have_value("ivo://athanor.example/sim?pn.fits")
    switch = page.get_by_role("checkbox", name="withimageset")
    name = page.get_by_label("imageset", exact=True)
    expect(name).to_be_hidden()
    press_until_focused(page, switch)
    page.keyboard.press("Space")
    expect(name).to_be_visible()
    start = page.get_by_role("button", name="Start the job")
    press_until_focused(page, start)
    page.keyboard.press("Enter")
    expect(page.locator("#job-panel .phase")).to_have_text("Queued")
    job = Job.objects.get()
    assert job.parameters["withimageset"] == ["yes"]


def test_a_job_page_follows_the_job(open_page, make_job):
    job = make_job(Phase.EXECUTING, stage="Reading", log="first line\n")
    page = open_page(f"/jobs/{job.id}/")
    panel, status, log = page.locator("#job-panel"), page.locator("#job-status"), page.locator("#job-log")
    expect(panel).to_contain_text("Reading")
    page.locator("#job-keep").focus()
    Job.objects.filter(pk=job.pk).update(stage="Selecting events", progress_done=1, progress_total=2)
    with (job.workdir / "stdout.txt").open("a") as file:
        file.write("second line\n")
    expect(panel).to_contain_text("Selecting events")
    expect(panel.get_by_role("progressbar")).to_have_attribute("value", "1")
    expect(status).to_have_text("Executing: Selecting events")
    expect(log).to_have_text("first line\nsecond line\n", use_inner_text=False)
    expect(page.locator("#job-keep")).to_be_focused()
    Job.objects.filter(pk=job.pk).update(phase=Phase.COMPLETED, stage="", end_time=timezone.now())
    expect(panel.locator(".phase")).to_have_text("Completed")
    expect(status).to_have_text("Completed")
    assert panel.get_attribute("hx-trigger") is None
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)
    assert asked == []


def test_abort_and_delete(open_page, make_job):
    job = make_job(Phase.EXECUTING)
    page = open_page(f"/jobs/{job.id}/")
    page.get_by_role("button", name="Abort").click()
    expect(page.locator("#job-panel .phase")).to_have_text("Aborted")
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete the job and its results").click()
    expect(page.get_by_role("heading", name="Jobs of the public workspace")).to_be_visible()


def test_everything_works_without_scripts(open_page, files):
    page = open_page("/", javascript=False)
    page.get_by_label("Target name").fill("crab")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#results tbody tr")).to_have_count(3)
    page.get_by_text("Get this answer from a program").click()
    expect(page.get_by_text("pyvo.dal.TAPService")).to_be_visible()
    expect(page.get_by_text("curl -sS")).to_be_visible()
    page.get_by_role("link", name="0001").first.click()
    page.locator("a[href*='pn.fits']", has_text="Run evselect").click()
    page.get_by_role("checkbox", name="withspectrumset").check()
    page.get_by_label("spectrumset", exact=True).fill("crab.fits")
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator("#job-panel .phase")).to_have_text("Queued")
    assert Job.objects.get().parameters["spectrumset"] == ["crab.fits"]


def test_the_form_shows_what_belongs_to_the_choice(open_page):
    page = open_page("/jobdefs/evselect/?withimageset=yes")
    for choice, shown in (("binSize", "ximagebinsize"), ("imageSize", "ximagesize")):
        page.select_option("[name=imagebinning]", choice)
        sizes = ("ximagebinsize", "ximagesize")
        assert [name for name in sizes if page.locator(f"[name={name}]").is_visible()] == [shown]


def test_snippets_are_copied(open_page):
    page = open_page("/search/?target=crab", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Get this answer from a program").click()
    expect(page.get_by_text("curl -sS")).to_be_hidden()
    page.get_by_role("tab", name="curl").click()
    page.get_by_role("button", name="Copy the curl command").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl -sS ")


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_shows_it_all(open_page, path):
    page = open_page(path, viewport=PHONE, javascript=False)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


def test_a_phone_shows_a_job(open_page, make_job):
    job = make_job(
        Phase.COMPLETED,
        log="x" * 500,
        results={
            "a_result_with_a_long_name": (b"x", "application/fits", "event"),
            "a_result_with_a_long_name-preview": (PNG, "image/png", ""),
        },
        run_id="A_name_without_any_space_in_it_that_is_long_enough_to_be_trouble",
        announced=False,
    )
    page = open_page(f"/jobs/{job.id}/", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("path", PAGES)
def test_accessibility(open_page, axe, path):
    assert axe(open_page(path)) == []


def test_accessibility_of_a_job(open_page, axe, make_job):
    job = make_job(
        Phase.ERROR,
        log="a line\n",
        results={"image": (b"x", "image/fits", "image"), "image-preview": (PNG, "image/png", "")},
        error_type="fatal",
        error_message="It failed.",
        error_detail="Because.",
        announced=False,
    )
    assert axe(open_page(f"/jobs/{job.id}/")) == []
