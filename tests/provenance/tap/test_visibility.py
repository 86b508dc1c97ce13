"""Whatever a query looks like, its asker sees what is public and what is the asker's own, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from obstap.live import live_tables
from obstap.tap.asyncjob import run
from provenance.models import Activity, Entity, EntityKind, HadMember, Used
from tests.provenance.tap.conftest import DID, JOBS, World
from uws.executors import InProcessContext

SEEN = {"nobody": {"nobody"}, "ann": {"ann", "nobody"}, "ben": {"ben", "nobody"}, "chief": {"ann", "ben", "nobody"}}
"""Whose jobs each may see."""


def jobs_of(names: set[str]) -> set[str]:
    return {JOBS[name] for name in names}


def test_each_sees_the_jobs_that_are_open_to_them(world: World) -> None:
    for who, seen in SEEN.items():
        found = world.ask(who, "SELECT activity_id FROM provenance.activity")
        assert {row["activity_id"] for row in found} == jobs_of(seen)


def test_no_table_tells_anything_of_what_is_closed(world: World) -> None:
    for who, seen in SEEN.items():
        others = set(JOBS) - seen
        secrets = {f"of-{name}" for name in others} | jobs_of(others) | {f"user/{name}" for name in others}
        secrets |= {"hidden", "@mail.example"}
        for name in live_tables():
            for row in world.ask(who, f"SELECT * FROM {name}"):
                told = " ".join(row.values())
                assert not any(secret in told for secret in secrets), (who, name, row)


def test_every_table_about_jobs_tells_of_what_is_open(world: World) -> None:
    """Nobody's own job stands in each of them: the test above looks at tables that are not empty."""
    for name in ("activity", "used", "wasgeneratedby", "wasassociatedwith", "parameter", "last_step", "configfile"):
        rows = world.ask("nobody", f"SELECT activity_id FROM provenance.{name}")
        assert {row["activity_id"] for row in rows} == jobs_of({"nobody"}), name
    kept = f"job:{JOBS['nobody']}/kept"
    for name in ("entity", "wasderivedfrom", "wasattributedto"):
        rows = world.ask("nobody", f"SELECT entity_id FROM provenance.{name}")
        assert kept in {row["entity_id"] for row in rows}, name
    agents = world.ask("nobody", "SELECT name FROM provenance.agent")
    assert "anonymous user" in {row["name"] for row in agents}


QUERIES = (
    "SELECT a.activity_id FROM provenance.activity AS a WHERE a.activity_id = '{id}'",
    "SELECT activity_id FROM \"provenance\".\"activity\" WHERE activity_id IN ('{id}', '{id}')",
    "SELECT ACTIVITY_ID FROM Provenance.ACTIVITY WHERE Activity_Id LIKE '{id}'",
    "WITH hidden AS (SELECT activity_id FROM provenance.parameter) SELECT * FROM hidden WHERE activity_id = '{id}'",
    "SELECT * FROM (SELECT activity_id FROM provenance.used) AS u WHERE activity_id = '{id}'",
    (
        "SELECT o.obs_id FROM ivoa.obscore AS o WHERE EXISTS"
        " (SELECT 1 FROM provenance.used AS u WHERE u.activity_id = '{id}')"
    ),
    (
        "SELECT o.obs_id FROM ivoa.obscore AS o WHERE o.obs_publisher_did IN (SELECT e.obs_publisher_did FROM"
        " provenance.entity AS e JOIN provenance.used AS u ON u.entity_id = e.entity_id WHERE u.activity_id = '{id}')"
    ),
    (
        "SELECT p.parameter_value FROM provenance.activity AS a RIGHT JOIN provenance.parameter AS p"
        " ON p.activity_id = a.activity_id WHERE p.activity_id = '{id}'"
    ),
    (
        "SELECT activity_id FROM provenance.activity WHERE activity_id = '{id}'"
        " UNION ALL SELECT activity_id FROM provenance.last_step WHERE activity_id = '{id}'"
    ),
    "SELECT entity_id FROM provenance.entity WHERE entity_id = 'job:{id}/kept'",
    "SELECT agent_id FROM provenance.agent WHERE agent_id = 'user/ben'",
    "SELECT name FROM provenance.agent WHERE name = 'ben'",
    "SELECT name FROM provenance.parameter GROUP BY name, parameter_value HAVING MAX(parameter_value) = 'of-ben'",
)
"""Ways to ask for what ben's job did."""


def test_no_way_of_asking_shows_more(world: World) -> None:
    for query in QUERIES:
        asked = query.replace("{id}", JOBS["ben"])
        assert world.ask("ann", asked) == [], query
        assert world.ask("nobody", asked) == [], query
        assert world.ask("ben", asked), query


def test_counts_are_of_what_can_be_seen(world: World) -> None:
    for who, seen in SEEN.items():
        (row,) = world.ask(who, "SELECT COUNT(*) AS n, COUNT(DISTINCT parameter_value) AS v FROM provenance.parameter")
        assert row == {"n": str(2 * len(seen)), "v": str(1 + len(seen))}


def test_nothing_is_left_of_one_query_for_the_next(world: World) -> None:
    for who in ("chief", "nobody", "ben", "ann", "nobody"):
        (row,) = world.ask(who, "SELECT COUNT(*) AS n FROM provenance.activity")
        assert row["n"] == str(len(SEEN[who]))


def test_what_becomes_public_is_seen_from_then_on(world: World) -> None:
    query = f"SELECT activity_id FROM provenance.activity WHERE activity_id = '{JOBS['ann']}'"
    ann = Activity.objects.filter(identifier=JOBS["ann"])
    ann.update(public_since=timezone.now() + timedelta(days=1))
    assert world.ask("nobody", query) == []
    ann.update(public_since=timezone.now() - timedelta(days=1))
    assert len(world.ask("nobody", query)) == 1
    rows = world.ask("nobody", "SELECT entity_id FROM provenance.wasgeneratedby")
    assert f"job:{JOBS['ann']}/kept" in {row["entity_id"] for row in rows}


def test_an_entity_that_an_open_job_used_is_seen_but_not_who_made_it(world: World) -> None:
    """As in ProvSAP: what a public job used is told with the job."""
    kept = Entity.objects.get(identifier=f"job:{JOBS['ben']}/kept")
    Used.objects.create(activity=Activity.objects.get(identifier=JOBS["nobody"]), entity=kept, role="events")
    assert world.ask("ann", f"SELECT entity_size FROM provenance.entity WHERE entity_id = '{kept.identifier}'")
    for name in ("wasgeneratedby", "wasattributedto", "last_step"):
        assert world.ask("ann", f"SELECT entity_id FROM provenance.{name} WHERE entity_id = '{kept.identifier}'") == []
    assert world.ask("ann", "SELECT agent_id FROM provenance.agent WHERE agent_id = 'user/ben'") == []


def test_of_what_an_open_job_used_neither_address_nor_time_nor_origin_is_told(world: World) -> None:
    """As in ProvSAP: identifier, name, kind, size and checksum, and no more."""
    kept = Entity.objects.get(identifier=f"job:{JOBS['ben']}/kept")
    Entity.objects.filter(pk=kept.pk).update(invalidated_at_time=timezone.now(), comment="said of it")
    Used.objects.create(activity=Activity.objects.get(identifier=JOBS["nobody"]), entity=kept, role="events")
    query = (
        "SELECT name, location, generated_at_time, invalidated_at_time, comment, sha256, entity_size"
        f" FROM provenance.entity WHERE entity_id = '{kept.identifier}'"
    )
    hidden = {"location": "", "generated_at_time": "", "invalidated_at_time": "", "comment": ""}
    known = {"name": "kept.fits", "sha256": "b" * 64, "entity_size": "50"}
    assert world.ask("ann", query) == [known | hidden]
    (own,) = world.ask("ben", query)
    assert all(own.values())
    assert world.ask("ann", "SELECT name FROM provenance.entity WHERE comment = 'said of it'") == []
    origin = f"SELECT used_entity_id FROM provenance.wasderivedfrom WHERE entity_id = '{kept.identifier}'"
    assert world.ask("ann", origin) == []
    assert world.ask("ben", origin) == [{"used_entity_id": DID}]


def test_what_lies_in_a_closed_collection_is_not_told(world: World) -> None:
    """Even where an open job used the collection, and everybody may see the file."""
    ben, nobody = (Activity.objects.get(identifier=JOBS[name]) for name in ("ben", "nobody"))
    folder = Entity.objects.create(identifier="job:x/folder", kind=EntityKind.COLLECTION, name="f", owner=ben.owner)
    HadMember.objects.create(collection=folder, entity=Entity.objects.get(identifier=DID))
    Used.objects.create(activity=nobody, entity=folder, role="folder")
    query = "SELECT entity_id FROM provenance.hadmember WHERE collection_id = 'job:x/folder'"
    assert world.ask("ann", query) == []
    assert world.ask("ben", query) == [{"entity_id": DID}]


def test_a_closed_parent_is_not_named(world: World) -> None:
    ben = Activity.objects.get(identifier=JOBS["ben"])
    Activity.objects.filter(identifier=JOBS["nobody"]).update(parent=ben)
    query = f"SELECT parent_id FROM provenance.activity WHERE activity_id = '{JOBS['nobody']}'"
    assert world.ask("ann", query) == [{"parent_id": ""}]
    assert world.ask("ben", query) == [{"parent_id": JOBS["ben"]}]


def asked_by_a_job(workdir: Path, user_id: int | None) -> set[str]:
    """The activities that a job of this user finds."""
    query = "SELECT activity_id FROM provenance.activity"
    context = InProcessContext(
        parameters={"LANG": ["ADQL"], "QUERY": [query], "RESPONSEFORMAT": ["csv"]},
        workdir=workdir,
        base_url="https://archive.example",
        user_id=user_id,
        time_limit=60.0,
    )
    (result,) = run(context)
    return set(result.path.read_text().split()[1:])


def test_a_job_has_the_rights_of_its_owner(world: World, tmp_path: Path) -> None:
    for who, seen in SEEN.items():
        user = world.users[who]
        assert asked_by_a_job(tmp_path, None if user is None else user.pk) == jobs_of(seen)


def test_a_job_whose_owner_is_gone_sees_what_is_public(world: World, tmp_path: Path) -> None:
    assert asked_by_a_job(tmp_path, 987654) == jobs_of({"nobody"})


def test_a_data_set_leads_to_the_jobs_that_used_it(world: World) -> None:
    query = (
        "SELECT o.obs_id, u.activity_id FROM ivoa.obscore AS o"
        " JOIN provenance.entity AS e ON e.obs_publisher_did = o.obs_publisher_did"
        " JOIN provenance.used AS u ON u.entity_id = e.entity_id"
        f" WHERE e.obs_publisher_did = '{DID}'"
    )
    rows = world.ask("ann", query)
    assert {(row["obs_id"], row["activity_id"]) for row in rows} == {
        ("0000000001", job) for job in jobs_of(SEEN["ann"])
    }
