"""ProvSAP: what each parameter finds, and that nobody sees the jobs of others."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from provenance.recording import record_job
from uws.phases import Phase

ARCHIVED = "ivo://athanor.example/demo?one"
FIRST, SECOND, THIRD, PRIVATE = ("e" * 26, "b" * 26, "c" * 26, "d" * 26)
CHAIN = {FIRST, SECOND, THIRD}


@pytest.fixture
def chain(ended: Callable) -> None:
    """Three jobs, each of which reads what the one before made; the last failed. A private one reads the first, too."""
    ada = get_user_model().objects.create_user("ada", password="x")
    ended(FIRST)
    record_job(job_id=FIRST)
    ended(SECOND, used=f"job:{FIRST}/kept").inputs.update(sha256=FIRST[0] * 64)
    record_job(job_id=SECOND)
    ended(THIRD, used=f"job:{SECOND}/kept", phase=Phase.ERROR).inputs.update(sha256=SECOND[0] * 64)
    record_job(job_id=THIRD)
    ended(PRIVATE, used=f"job:{FIRST}/kept", user=ada).inputs.update(sha256=FIRST[0] * 64)
    record_job(job_id=PRIVATE)


@pytest.fixture
def ask(client: Client, chain: None) -> Callable[..., dict]:
    def get(**parameters: object) -> dict:
        answer = client.get("/provsap", {"RESPONSEFORMAT": "PROV-JSON", "MODEL": "W3C", **parameters})
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    return get


def jobs(document: dict) -> set[str]:
    return {name.removeprefix("job:") for name in document.get("activity", {})}


def entities(document: dict) -> set[str]:
    return {name.removeprefix("result:sieve/").removesuffix("/results/kept") for name in document.get("entity", {})}


ONE = "ivo:athanor.example/demo?one"


@pytest.mark.parametrize(
    ("parameters", "activities", "things"),
    [
        ({"ID": f"job:{SECOND}/kept"}, {SECOND}, {SECOND}),
        ({"ID": f"job:{SECOND}/kept", "DEPTH": "0"}, set(), {SECOND}),
        ({"ID": f"job:{SECOND}/kept", "DEPTH": "2"}, {SECOND}, {FIRST, SECOND}),
        ({"ID": f"job:{SECOND}/kept", "DEPTH": "3"}, {FIRST, SECOND}, {FIRST, SECOND}),
        ({"ID": f"job:{SECOND}/kept", "DEPTH": "ALL"}, {FIRST, SECOND}, {ONE, FIRST, SECOND}),
        ({"id": THIRD, "depth": "all"}, {FIRST, SECOND, THIRD}, {ONE, FIRST, SECOND}),
        ({"ID": THIRD, "DEPTH": "1000"}, {FIRST, SECOND, THIRD}, {ONE, FIRST, SECOND}),
        ({"ID": ARCHIVED, "DIRECTION": "FORTH", "DEPTH": "1"}, {FIRST}, {ONE}),
        (
            {"ID": ARCHIVED, "DIRECTION": "forward", "DEPTH": "ALL"},
            {FIRST, SECOND, THIRD},
            {ONE, FIRST, SECOND},
        ),
        ({"ID": f"http://testserver/jobs/{FIRST}/"}, {FIRST}, {ONE}),
        ({"ID": f"http://testserver/uws/sieve/{FIRST}/results/kept"}, {FIRST}, {FIRST}),
        ({"ID": [FIRST, THIRD]}, {FIRST, THIRD}, {ONE, SECOND}),
    ],
)
def test_what_is_found(ask, parameters: dict, activities: set[str], things: set[str]) -> None:
    found = ask(**parameters)
    assert (jobs(found), entities(found)) == (activities, things)


def test_a_private_job_that_made_something_is_a_closed_node(ask, ended: Callable) -> None:
    fifth = "f" * 26
    ended(fifth, used=f"job:{PRIVATE}/kept").inputs.update(sha256=PRIVATE[0] * 64)
    record_job(job_id=fifth)
    found = ask(ID=fifth, DEPTH="ALL", AGENTS="1", CONFIGURATION="1", DESCRIPTIONS="1", STEPS="1", MEMBERS="1")
    assert found["activity"][f"job:{PRIVATE}"] == {
        "prov:label": "closed",
        "athanor:closed": {"$": "true", "type": "xsd:boolean"},
    }
    assert jobs(found) == {fifth, PRIVATE}
    assert "ada" not in json.dumps(found)


def test_nobody_learns_who_else_works_with_a_public_data_set(ask) -> None:
    for depth in ("1", "100", "ALL"):
        found = ask(ID=ARCHIVED, DIRECTION="FORTH", DEPTH=depth, AGENTS="1", CONFIGURATION="1", DESCRIPTIONS="1")
        assert PRIVATE not in json.dumps(found)
        assert "ada" not in json.dumps(found)


def test_its_owner_sees_it(ask, client: Client) -> None:
    client.force_login(get_user_model().objects.get(username="ada"))
    found = ask(ID=ARCHIVED, DIRECTION="FORTH", DEPTH="ALL")
    assert found["activity"][f"job:{PRIVATE}"]["athanor:phase"] == "COMPLETED"
    assert PRIVATE in entities(found)


@pytest.mark.parametrize(
    ("flag", "part"),
    [
        ("AGENT", "agent"),
        ("AGENTS", "wasAssociatedWith"),
        ("CONFIGURATION", "wasInfluencedBy"),
        ("DESCRIPTIONS", "wasInfluencedBy"),
    ],
)
def test_what_is_told_besides(ask, flag: str, part: str) -> None:
    for no in ("0", "false", "FALSE"):
        assert part not in ask(ID=FIRST, **{flag: no})
    for yes in ("1", "true", "TRUE"):
        assert part in ask(ID=FIRST, **{flag: yes})


@pytest.mark.parametrize(
    ("parameters", "status", "word"),
    [
        ({}, 400, "ID"),
        ({"ID": ""}, 400, "ID"),
        ({"ID": "ivo://nowhere/x"}, 404, "nowhere"),
        ({"ID": PRIVATE}, 404, PRIVATE),
        ({"ID": f"job:{PRIVATE}/kept"}, 404, PRIVATE),
        ({"ID": "a\0b"}, 404, "provenance"),
        ({"ID": FIRST, "DEPTH": "-1"}, 400, "DEPTH"),
        ({"ID": FIRST, "DEPTH": "1.5"}, 400, "DEPTH"),
        ({"ID": FIRST, "DIRECTION": "UP"}, 400, "DIRECTION"),
        ({"ID": FIRST, "MODEL": "OPM"}, 400, "MODEL"),
        ({"ID": FIRST, "AGENTS": "maybe"}, 400, "AGENTS"),
        ({"ID": FIRST, "RESPONSEFORMAT": "PROV-JSN"}, 400, "PROV-JSON"),
        ({"ID": FIRST, "DETPH": "1"}, 400, "DEPTH"),
        ({"ID": FIRST, "DEPTH": ["1", "2"]}, 400, "DEPTH"),
    ],
)
def test_what_is_refused(client: Client, chain: None, parameters: dict, status: int, word: str) -> None:
    answer = client.get("/provsap", parameters)
    assert answer.status_code == status
    assert word in answer.content.decode()


@pytest.mark.parametrize(
    ("form", "media_type", "start"),
    [
        ("PROV-JSON", "application/json", b"{"),
        ("PROV-N", "text/provenance-notation", b"document"),
        ("PROV-XML", "application/provenance+xml", b"<?xml"),
        ("PROV-TURTLE", "text/turtle", b"@prefix"),
        ("PROV-SVG", "image/svg+xml", b"<svg"),
    ],
)
def test_forms(client: Client, chain: None, form: str, media_type: str, start: bytes) -> None:
    for asked in ({"RESPONSEFORMAT": form}, {"RESPONSEFORMAT": media_type}):
        answer = client.get("/provsap", {"ID": FIRST, **asked})
        assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, media_type)
        assert answer.content.startswith(start)
    accepted = client.get("/provsap", {"ID": FIRST}, headers={"accept": media_type})
    assert accepted["Content-Type"].partition(";")[0] == media_type


def test_without_a_wish_json_for_programs_and_a_picture_for_browsers(client: Client, chain: None) -> None:
    assert client.get("/provsap", {"ID": FIRST})["Content-Type"].startswith("application/json")
    browser = client.get("/provsap", {"ID": FIRST}, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert browser["Content-Type"].startswith("image/svg+xml")
