"""Finding event lists that show a place."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from obstap.finding import run
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent
from tests.obstap.published import published
from tests.obstap.sia2.conftest import row
from uws.executors import InProcessContext
from vo.errors import ParameterErrors, UsageError

pytestmark = pytest.mark.django_db

PN = "ivo://athanor.example/survey?pn"
MOS = "ivo://athanor.example/survey?mos"


@pytest.fixture(scope="module")
def _url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    rows = [
        row("pn", dataproduct_type="event", instrument_name="EPN", obs_id="0999000101"),
        row("mos", dataproduct_type="event", instrument_name="EMOS1", obs_id="0999000101", s_region=(83.6, 22.3, 0.1)),
        row("other", dataproduct_type="event", obs_id="0999000201", obs_collection="else", target_name="O'Neill"),
        row("image"),
    ]
    with published(tmp_path_factory.mktemp("finding"), [TableContent(OBSCORE, [batch(rows)])]) as url:
        yield url


@pytest.fixture
def find(_url: str, settings, tmp_path: Path):
    settings.ARCHIVE_URL = _url

    def ask(**parameters: list[str]) -> list[dict[str, str]]:
        context = InProcessContext(
            parameters=parameters, workdir=tmp_path, base_url="http://a.example", user_id=None, time_limit=None
        )
        (produced,) = run(context)
        assert (produced.name, produced.media_type) == ("events", "text/csv")
        with produced.path.open(newline="") as file:
            return list(csv.DictReader(file))

    return ask


def test_the_table_in_full(find) -> None:
    assert find(region=["CIRCLE 83.6 22.3 0.01"]) == [
        {"events": MOS, "obs_id": "0999000101", "instrument": "EMOS1", "target": "Crab", "exposure": "30000.0"}
    ]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"region": ["CIRCLE 83.6 22 0.01"]}, ["pn", "other"]),
        ({"region": ["CIRCLE 83.6 22.2 0.1"]}, ["mos", "pn", "other"]),
        ({"region": ['fk5; circle(83.6, 22, 36")'], "instruments": ["epn"]}, ["pn", "other"]),
        ({"region": ["POLYGON 83.5 22.25 83.7 22.25 83.7 22.4 83.5 22.4"], "instruments": ["EMOS1", "EMOS2"]}, ["mos"]),
        ({"region": ["CIRCLE 83.6 22 0.01"], "observations": ["0999000201"]}, ["other"]),
        ({"region": ["CIRCLE 83.6 22 0.01"], "collections": ["survey", "o'neill"]}, ["pn"]),
        ({"events": [MOS, "job:abc/filtered", MOS]}, ["mos", "job:abc/filtered"]),
        ({"events": [PN], "region": ["CIRCLE 0 0 1"]}, ["pn"]),
    ],
)
def test_what_is_found(find, parameters: dict[str, list[str]], expected: list[str]) -> None:
    assert [found["events"].removeprefix("ivo://athanor.example/survey?") for found in find(**parameters)] == [
        name.removeprefix("ivo://athanor.example/else?") for name in expected
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "Neither events nor a region is given."),
        ({"region": ["CIRCLE 10 10 0.1"]}, "No event list of the archive"),
        ({"region": ["CIRCLE 83.6 22 0.1"], "collections": ["x' OR 'a'='a"]}, "No event list of the archive"),
        ({"region": ["physical; circle(24120,23560,600)"]}, "sky pixels"),
    ],
)
def test_what_is_refused(find, parameters: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find(**parameters)


def test_wrong_values_are_named(find) -> None:
    with pytest.raises(ParameterErrors, match="instruments"):
        find(region=["CIRCLE 83.6 22 0.1"], instruments=["RGS1"])


def test_more_than_a_pipeline_may_have(find, settings) -> None:
    settings.ATHANOR_MAX_ARRAY = 1
    with pytest.raises(UsageError, match="More than 1 event lists"):
        find(region=["CIRCLE 83.6 22.2 0.1"])
