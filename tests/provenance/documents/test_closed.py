"""What documents tell of things that an open job used and that are not the asker's to see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from provenance.models import Activity, Entity, EntityKind, HadMember, Used
from provenance.recording import record_job
from uws.models import Job

pytestmark = pytest.mark.django_db


def provn(client: Client, identifier: str) -> str:
    given = {"ID": identifier, "DEPTH": "ALL", "MEMBERS": "1", "AGENTS": "1", "RESPONSEFORMAT": "PROV-N"}
    return b"".join(client.get("/provsap", given)).decode()


def test_what_lies_in_a_closed_collection_is_not_told(ended: Callable[..., Job], client: Client) -> None:
    """Even where a job of everybody's used the collection and the file."""
    owner = get_user_model().objects.create_user("ada")
    job = ended("a1" * 13)
    record_job(job_id=job.pk)
    folder = Entity.objects.create(identifier="job:x/folder", kind=EntityKind.COLLECTION, name="folder", owner=owner)
    file = Entity.objects.get(usages__activity__identifier=job.pk)
    HadMember.objects.create(collection=folder, entity=file)
    Used.objects.create(activity=Activity.objects.get(identifier=job.pk), entity=folder, role="folder")
    told = provn(client, job.pk)
    assert "folder" in told
    assert "hadMember" not in told
    client.force_login(owner)
    assert "hadMember" in provn(client, job.pk)
