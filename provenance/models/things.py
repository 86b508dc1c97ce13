"""Entities, agents, and activities with what configured them (ProvenanceDM 1.0 §3.2, §3.3, §3.5)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from provenance.models.descriptions import (
    ActivityDescription,
    ConfigFileDescription,
    EntityDescription,
    ParameterDescription,
)

__all__ = ["Activity", "ActivityKind", "Agent", "ConfigFile", "Entity", "EntityKind", "Parameter"]


class EntityKind(models.TextChoices):
    """The classes of entities (§3.2.1)."""

    DATASET = "dataset", "DatasetEntity"
    COLLECTION = "collection", "Collection"
    VALUE = "value", "ValueEntity"


class Entity(models.Model):
    """A file or another thing that was used or generated (§3.2.1)."""

    kind = models.CharField(max_length=10, choices=EntityKind.choices, default=EntityKind.DATASET)
    identifier = models.CharField(max_length=500, unique=True)
    name = models.CharField(max_length=255, blank=True)
    location = models.TextField(blank=True)  # path below the service's base URL, or a URL
    generated_at_time = models.DateTimeField(null=True, blank=True)
    invalidated_at_time = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    value = models.TextField(blank=True)  # of a ValueEntity
    description = models.ForeignKey(EntityDescription, null=True, blank=True, on_delete=models.SET_NULL)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    public_since = models.DateTimeField(null=True, blank=True)  # when everybody may see it, not its owner alone

    class Meta:
        # The first entities with a content are found without a look at ten thousand others that have it too.
        indexes = [models.Index(name="entity_content", fields=["sha256", "id"])]

    def __str__(self) -> str:
        return self.identifier


class Agent(models.Model):
    """Who is responsible (§3.3.1); `type` is Person, Organization or SoftwareAgent."""

    identifier = models.CharField(max_length=300, unique=True)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=20)
    comment = models.TextField(blank=True)
    email = models.CharField(max_length=254, blank=True)
    affiliation = models.TextField(blank=True)
    phone = models.CharField(max_length=50, blank=True)
    address = models.TextField(blank=True)
    url = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class ActivityKind(models.TextChoices):
    """What of this service an activity was; `identifier` is that of the job for a job, else ``<kind>:<unique>``."""

    JOB = "job", "Job"
    INGEST = "ingest", "Ingest of files"
    PUBLICATION = "publication", "Publication"
    COMPARISON = "comparison", "Comparison of two runs"


class Activity(models.Model):
    """One run of a task (§3.2.2); `phase`, `exit_code`, `host` and the like say how it went."""

    kind = models.CharField(max_length=12, choices=ActivityKind.choices, default=ActivityKind.JOB)
    identifier = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)
    phase = models.CharField(max_length=10)
    exit_code = models.IntegerField(null=True, blank=True)
    host = models.CharField(max_length=255, blank=True)
    command = models.JSONField(default=list)
    software = models.JSONField(default=dict)
    usage = models.JSONField(default=dict)
    description = models.ForeignKey(ActivityDescription, null=True, on_delete=models.SET_NULL)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="steps")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    public_since = models.DateTimeField(null=True, blank=True)  # when everybody may see it, not its owner alone

    def __str__(self) -> str:
        return f"{self.name} {self.identifier}"


class Parameter(models.Model):
    """A value with which an activity was configured (§3.5.1)."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="parameters")
    name = models.CharField(max_length=100)
    value = models.TextField()
    is_default = models.BooleanField(default=False)  # nobody gave it: it is the task's own
    value_entity = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.SET_NULL, related_name="configured"
    )  # where the value came from, when another activity made it
    description = models.ForeignKey(ParameterDescription, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class ConfigFile(models.Model):
    """A file with which an activity was configured (§3.5.1)."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="config_files")
    name = models.CharField(max_length=255)
    location = models.TextField(blank=True)  # path below the service's base URL, or a URL
    comment = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    description = models.ForeignKey(ConfigFileDescription, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.name
