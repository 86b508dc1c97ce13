"""Provenance as it is stored: the classes of the IVOA Provenance Data Model 1.0 (REC 2020-04-11), a table each.

Attribute names are the model's in snake case; identifiers are the ones that users meet elsewhere: an
``obs_publisher_did`` or ``job:<jobid>/<result>`` for entities, the job's identifier for activities.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

__all__ = [
    "Activity",
    "ActivityDescription",
    "ActivityKind",
    "Agent",
    "AlternateOf",
    "ComparedItem",
    "ConfigFile",
    "ConfigFileDescription",
    "Entity",
    "EntityDescription",
    "EntityKind",
    "GenerationDescription",
    "HadMember",
    "Parameter",
    "ParameterDescription",
    "UsageDescription",
    "Used",
    "WasAssociatedWith",
    "WasAttributedTo",
    "WasDerivedFrom",
    "WasGeneratedBy",
    "WasInformedBy",
]


class ActivityDescription(models.Model):
    """What kind of activity it is: a task in one version (ProvenanceDM §3.4.1)."""

    name = models.CharField(max_length=100)
    version = models.CharField(max_length=50, blank=True)
    description = models.TextField(blank=True)
    docurl = models.TextField(blank=True)
    type = models.CharField(max_length=50, blank=True)
    subtype = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="unique_activity_description")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


class EntityDescription(models.Model):
    """What kind of entity it is (§3.4.4).

    With a content type it is a DatasetDescription, with a type of values a ValueDescription.
    """

    name = models.CharField(max_length=200)
    type = models.CharField(max_length=50, blank=True)
    content_type = models.CharField(max_length=200, blank=True)
    value_type = models.CharField(max_length=50, blank=True)
    unit = models.CharField(max_length=50, blank=True)
    ucd = models.CharField(max_length=100, blank=True)
    utype = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    docurl = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "type", "content_type", "value_type", "unit"], name="unique_entity_description"
            )
        ]

    def __str__(self) -> str:
        return self.name


class UsageDescription(models.Model):
    """What an activity of this kind uses in a role (§3.4.2)."""

    activity_description = models.ForeignKey(ActivityDescription, on_delete=models.CASCADE, related_name="usages")
    role = models.CharField(max_length=100)
    type = models.CharField(max_length=50, blank=True)  # Main, Calibration, Preview, Setup, Quality, Log or Context
    multiplicity = models.CharField(max_length=20, blank=True)
    description = models.TextField(blank=True)
    entity_description = models.ForeignKey(EntityDescription, null=True, blank=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.role


class GenerationDescription(models.Model):
    """What an activity of this kind generates in a role (§3.4.3)."""

    activity_description = models.ForeignKey(ActivityDescription, on_delete=models.CASCADE, related_name="generations")
    role = models.CharField(max_length=100)
    type = models.CharField(max_length=50, blank=True)  # Main, Calibration, Preview, Setup, Quality, Log or Context
    multiplicity = models.CharField(max_length=20, blank=True)
    description = models.TextField(blank=True)
    entity_description = models.ForeignKey(EntityDescription, null=True, blank=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.role


class ParameterDescription(models.Model):
    """A parameter that an activity of this kind takes (§3.5.2)."""

    activity_description = models.ForeignKey(ActivityDescription, on_delete=models.CASCADE, related_name="parameters")
    name = models.CharField(max_length=100)
    value_type = models.CharField(max_length=50)
    unit = models.CharField(max_length=50, blank=True)
    ucd = models.CharField(max_length=100, blank=True)
    utype = models.CharField(max_length=200, blank=True)
    min = models.CharField(max_length=50, blank=True)
    max = models.CharField(max_length=50, blank=True)
    default = models.TextField(blank=True)
    options = models.JSONField(default=list)
    description = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class ConfigFileDescription(models.Model):
    """A file with which an activity of this kind is configured (§3.5.2)."""

    activity_description = models.ForeignKey(ActivityDescription, on_delete=models.CASCADE, related_name="config_files")
    name = models.CharField(max_length=100)
    content_type = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


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


class Used(models.Model):
    """An activity used an entity (§3.2.3)."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="used")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="usages")
    role = models.CharField(max_length=100, blank=True)
    time = models.DateTimeField(null=True, blank=True)
    description = models.ForeignKey(UsageDescription, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return f"{self.activity_id} used {self.entity_id}"


class WasGeneratedBy(models.Model):
    """An activity generated an entity (§3.2.3)."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="generations")
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="generated")
    role = models.CharField(max_length=100, blank=True)
    description = models.ForeignKey(GenerationDescription, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return f"{self.entity_id} was generated by {self.activity_id}"


class WasDerivedFrom(models.Model):
    """An entity was made from another (§3.2.4)."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="derived_from")
    used_entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="derivations")

    def __str__(self) -> str:
        return f"{self.entity_id} was derived from {self.used_entity_id}"


class HadMember(models.Model):
    """A collection has an entity in it (§3.2.1)."""

    collection = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="members")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="collections")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "entity"], name="unique_member")]

    def __str__(self) -> str:
        return f"{self.collection_id} had member {self.entity_id}"


class AlternateOf(models.Model):
    """Two entities are the same bytes, made by different activities (PROV-DM §5.5.2); `alternate` is the earlier."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="alternates")
    alternate = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="alternate_of")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "alternate"], name="unique_alternate")]

    def __str__(self) -> str:
        return f"{self.entity_id} is an alternate of {self.alternate_id}"


class WasInformedBy(models.Model):
    """An activity used what another had generated (§3.2.4)."""

    informed = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="informants")
    informant = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="informed")

    def __str__(self) -> str:
        return f"{self.informed_id} was informed by {self.informant_id}"


class WasAssociatedWith(models.Model):
    """An agent was responsible for an activity (§3.3.2)."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="associations")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="associations")
    role = models.CharField(max_length=50, blank=True)

    def __str__(self) -> str:
        return f"{self.activity_id} was associated with {self.agent_id}"


class WasAttributedTo(models.Model):
    """An agent is responsible for an entity (§3.3.2)."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="attributions")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="attributions")
    role = models.CharField(max_length=50, blank=True)

    def __str__(self) -> str:
        return f"{self.entity_id} was attributed to {self.agent_id}"


class ComparedItem(models.Model):
    """What a comparison of two runs has found of one thing that both should have: an input, a result or a step."""

    class Kind(models.TextChoices):
        INPUT = "input", "Input"
        RESULT = "result", "Result"
        STEP = "step", "Step"

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="compared")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    name = models.CharField(max_length=700)
    outcome = models.CharField(max_length=50)
    before = models.CharField(max_length=64, blank=True)  # sha256 in the original
    after = models.CharField(max_length=64, blank=True)  # and in its repetition
    detail = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"
