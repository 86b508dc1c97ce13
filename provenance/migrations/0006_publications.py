"""Publications become activities: until now the job itself had generated the published data set."""

from __future__ import annotations

from hashlib import sha256

from django.db import migrations

from uws.times import format_time

PUBLISHED = "published"


def publish(apps, schema_editor) -> None:  # noqa: ARG001 - Django's form
    """Put a publication between each job and each data set that was published of it."""
    model = {name: apps.get_model("provenance", name) for name in (
        "Activity", "Used", "WasAssociatedWith", "WasGeneratedBy", "WasInformedBy",
    )}  # fmt: skip
    old = model["WasGeneratedBy"].objects.filter(
        role=PUBLISHED, activity__kind="job", entity__identifier__startswith="ivo:"
    )
    for generation in old.select_related("entity", "activity").order_by("pk"):
        published, job = generation.entity, generation.activity
        time = published.generated_at_time or job.end_time
        digest = sha256(f"{published.identifier} {format_time(time)}".encode()).hexdigest()[:32]
        closed = published.invalidated_at_time is not None and published.owner_id is not None
        publication, new = model["Activity"].objects.get_or_create(
            identifier=f"publication:{digest}",
            defaults={
                "kind": "publication",
                "name": "publication",
                "start_time": time,
                "end_time": time,
                "phase": "COMPLETED",
                "owner_id": published.owner_id,
                "public_since": None if closed else published.public_since,
            },
        )
        generation.activity = publication
        generation.save(update_fields=["activity"])
        model["WasInformedBy"].objects.create(informed=publication, informant=job)
        if new:
            for derivation in published.derived_from.all():
                model["Used"].objects.create(
                    activity=publication, entity_id=derivation.used_entity_id, role="result", time=time
                )
            for association in job.associations.filter(role="Provider"):
                model["WasAssociatedWith"].objects.create(
                    activity=publication, agent_id=association.agent_id, role="Provider"
                )
        _inform(model, published, publication, job)


def _inform(model, published, publication, job) -> None:
    """Whoever used the data set was informed by its publication, and by the job where it used more of that."""
    for activity in {usage.activity_id for usage in published.usages.exclude(activity=publication)}:
        model["WasInformedBy"].objects.get_or_create(informed_id=activity, informant=publication)
        if not model["Used"].objects.filter(activity_id=activity, entity__generations__activity=job).exists():
            model["WasInformedBy"].objects.filter(informed_id=activity, informant=job).delete()


class Migration(migrations.Migration):
    dependencies = [("provenance", "0005_recorded")]

    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
