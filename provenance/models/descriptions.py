"""What tasks, and the things that they use and generate, are in general (ProvenanceDM 1.0 §3.4, §3.5.2)."""

from __future__ import annotations

from django.db import models

__all__ = [
    "ActivityDescription",
    "ConfigFileDescription",
    "EntityDescription",
    "GenerationDescription",
    "ParameterDescription",
    "UsageDescription",
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
