"""Times, XML text, media ranges and logs: what is read and written in small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from uws.http.negotiation import HTML, JSON, XML, preferred_form
from uws.http.xml import write_parameters
from uws.selectors import LOG_CHUNK, log_tail
from uws.testing import parse
from uws.times import format_time, now, parse_time
from vo.xmltext import is_writable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01t12:00:00z", NOON),
        ("2026-03-01 12:00", NOON),
        ("  2026-03-01T12:00:00.000Z ", NOON),
        ("2026-03-01T13:00:00+01:00", NOON),
        ("2026-03-01T07:00:00-0500", NOON),
        ("2026-03-01", NOON - timedelta(hours=12)),
        ("2026-03-01T12:00:00.25Z", NOON + timedelta(milliseconds=250)),
        ("2026-03-01T12:00Z", NOON),
        ("2026-03-01T12:00:00.2500009999", NOON + timedelta(milliseconds=250)),
    ],
)
def test_times_are_read(text, moment):
    assert parse_time(text) == moment


NO_TIMES = [
    "",
    "now",
    "2026",
    "20260301",
    "2026-03",
    "2026-02-30",
    "2026-03-01T25:00",
    "2026-03-01T12",
    "2026-03-01T12:00:61",
    "2026-03-01T12:00:00.",
    "2026-03-01Z",
    "61100.5",
    "12:00",
    "2026-03-01T12:00:00 UTC",
    "0001-01-01T00:00:00+23:00",
    "2026-W09-7",
    "٢٠٢٦-03-01",
]


@pytest.mark.parametrize("text", NO_TIMES)
def test_no_times(text):
    with pytest.raises(ValueError, match=r"is no time|outside"):
        parse_time(text)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_times_survive(moment):
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    text = format_time(moment)
    assert text.endswith("Z")
    assert parse_time(text) == moment.astimezone(UTC)


def test_format_of_times():
    assert format_time(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-03-01T12:00:00.000Z"
    assert format_time(None) == ""
    assert now().microsecond % 1000 == 0


@given(st.text(), st.text(min_size=1))
def test_what_xml_can_hold_comes_back(value, name):
    document = write_parameters([{"id": name, "value": value}])
    (parameter,) = parse(document)
    if is_writable(value):
        assert (parameter.text or "") == value
    if is_writable(name):
        assert parameter.get("id") == name


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, XML),
        ("*/*", XML),
        ("application/*", XML),
        ("application/json;q=0.5, text/xml;q=0.4", JSON),
        ("application/json;q=0.5, */*;q=0.8", XML),
        ("text/html", HTML),
        ("text/html, application/json", JSON),
        ("application/xml;q=0, application/json;q=0.1", JSON),
        ("application/json; charset=utf-8; q=1", JSON),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", HTML),  # browsers
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", XML),  # Java, and so TOPCAT and STILTS
        ("image/png", XML),
        (",,;q=1,;;", XML),
    ],
)
def test_accept(accept, form):
    request = RequestFactory().get("/", headers={} if accept is None else {"accept": accept})
    assert preferred_form(request) == form


@given(st.text())
def test_any_accept_is_understood(accept):
    request = RequestFactory().get("/")
    request.META["HTTP_ACCEPT"] = accept
    assert preferred_form(request) in (XML, JSON, HTML)


class TestLogs:
    @pytest.fixture
    def job(self, make_job):
        job = make_job()
        job.workdir.mkdir(parents=True)
        return job

    def test_nothing_yet(self, make_job):
        assert log_tail(job=make_job(), offset=0) == ("", 0)

    def test_as_it_grows(self, job):
        log = job.workdir / "stdout.txt"
        log.write_text("one\n")
        assert log_tail(job=job, offset=0) == ("one\n", 4)
        assert log_tail(job=job, offset=4) == ("", 4)
        log.write_text("one\ntwo\n")
        assert log_tail(job=job, offset=4) == ("two\n", 8)
        assert log_tail(job=job, offset=-4) == ("two\n", 8)
        assert log_tail(job=job, offset=999) == ("", 8)

    def test_characters_are_not_cut(self, job):
        log = job.workdir / "stdout.txt"
        whole = "é€😀".encode()
        for cut in range(len(whole) + 1):
            log.write_bytes(whole[:cut])
            text, offset = log_tail(job=job, offset=0)
            log.write_bytes(whole)
            assert text + log_tail(job=job, offset=offset)[0] == "é€😀"

    def test_long_logs_come_in_pieces(self, job):
        (job.workdir / "stderr.txt").write_bytes(b"x" * (LOG_CHUNK + 10))
        text, offset = log_tail(job=job, offset=0, stream="stderr")
        assert (len(text), offset) == (LOG_CHUNK, LOG_CHUNK)
        assert log_tail(job=job, offset=offset, stream="stderr") == ("x" * 10, LOG_CHUNK + 10)

    def test_bytes_that_are_no_text(self, job):
        (job.workdir / "stdout.txt").write_bytes(b"a\xff\x80b\n")
        assert log_tail(job=job, offset=0) == ("a\ufffd\ufffdb\n", 5)
