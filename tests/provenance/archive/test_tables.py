"""Tables that are published from files: what they came from, and when they ended."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from provenance.models import Activity, Entity, EntityKind
from provenance.recording import record_job
from tests.obstap.publish.conftest import archive, empty_archive  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

TABLE = "table:trial.sources"


@pytest.fixture
def catalogue(archive, tmp_path: Path) -> Path:  # noqa: F811 - the fixture above
    """A small catalogue."""
    path = tmp_path / "sources.csv"
    path.write_text("name,ra,dec\na,1.5,2.5\nb,3.5,4.5\n")
    return path


def publish(path: Path, *arguments: str) -> None:
    call_command("publish_table", str(path), "--name", "Trial.Sources", *arguments, stdout=io.StringIO(), verbosity=0)


def states() -> list[tuple[str, bool]]:
    rows = Entity.objects.filter(identifier__startswith=TABLE).order_by("pk")
    return [(entity.identifier, entity.invalidated_at_time is None) for entity in rows]


def test_a_table_leads_to_the_file_that_it_came_from(catalogue: Path, tmp_path: Path) -> None:
    described = tmp_path / "columns.toml"
    described.write_text('[columns.ra]\nunit = "deg"\n')
    publish(catalogue, "--metadata", str(described), "--key", "name", "--position", "ra", "dec", "--index", "ra")
    activity = Activity.objects.get(name="publish_table")
    assert (activity.kind, activity.phase, activity.owner) == ("ingest", "COMPLETED", None)
    assert sorted(activity.parameters.values_list("name", "value", "description__value_type")) == [
        ("index", "ra", "string"),
        ("key", "name", "string"),
        ("name", "Trial.Sources", "string"),
        ("position", "ra dec", "string"),
    ]
    digest = hashlib.sha256(described.read_bytes()).hexdigest()
    assert list(activity.config_files.values_list("name", "sha256")) == [("columns.toml", digest)]
    digest = hashlib.sha256(catalogue.read_bytes()).hexdigest()
    file = activity.used.get().entity
    assert (file.identifier, file.name, file.sha256) == (f"sha256:{digest}", "sources.csv", digest)
    assert file.size == catalogue.stat().st_size
    table = activity.generated.get().entity
    assert (table.identifier, table.kind, table.name) == (TABLE, EntityKind.COLLECTION, "Trial.Sources")
    assert table.location == "tables/Trial.Sources/"
    assert table.derived_from.get().used_entity == file


def test_a_table_that_replaces_another_is_a_new_state(catalogue: Path) -> None:
    publish(catalogue)
    publish(catalogue, "--replace")
    catalogue.write_text("name,ra,dec\nc,5,6\n")
    publish(catalogue, "--replace")
    assert [valid for _, valid in states()] == [False, False, True]
    assert len({name for name, _ in states()}) == 3
    call_command("unpublish_table", "trial.sources", "--yes", verbosity=0)
    assert [valid for _, valid in states()] == [False, False, False]
    publish(catalogue)
    assert [valid for _, valid in states()] == [False, False, False, True]


def test_what_was_not_published_is_not_recorded(catalogue: Path) -> None:
    publish(catalogue, "--dry-run")
    catalogue.write_text("name,ra\na,1,2\n")
    with pytest.raises(CommandError):
        publish(catalogue)
    assert not Activity.objects.exists()
    assert states() == []


@pytest.mark.parametrize("is_private", [False, True])
def test_a_table_of_a_public_result_came_from_its_job(catalogue: Path, ended, django_user_model, is_private) -> None:
    user = django_user_model.objects.create_user("ada") if is_private else None
    job = ended("b" * 26, user=user)
    job.results.update(sha256=hashlib.sha256(catalogue.read_bytes()).hexdigest())
    record_job(job_id=job.pk)
    publish(catalogue)
    activity = Activity.objects.get(name="publish_table")
    assert activity.used.get().entity.identifier.startswith("sha256:" if is_private else f"job:{job.pk}/")
    assert activity.informants.count() == (0 if is_private else 1)


def test_everybody_may_ask_where_a_table_comes_from(catalogue: Path, client) -> None:
    publish(catalogue)
    answer = client.get("/provsap", {"ID": TABLE, "DEPTH": "ALL", "RESPONSEFORMAT": "PROV-N", "CONFIGURATION": "1"})
    document = b"".join(answer).decode()
    assert answer.status_code == 200
    assert "sources.csv" in document
    assert str(catalogue.parent) not in document
