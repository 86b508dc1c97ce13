"""Jobs as they are stored (UWS 1.1 §2.1)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from uws.phases import FINAL, Phase

__all__ = ["FileDigest", "Job", "JobInput", "PhaseChange", "Result"]


class Job(models.Model):
    """A job: one run of one definition with its parameters."""

    id = models.CharField(primary_key=True, max_length=32)
    definition = models.CharField(max_length=100)
    definition_version = models.CharField(max_length=50, blank=True)
    definition_document = models.JSONField(default=dict)  # the exact definition that ran
    run_id = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.PENDING)
    parameters = models.JSONField(default=dict)  # name -> list of values as the user gave them
    priority = models.IntegerField(default=0)
    base_url = models.CharField(max_length=500, blank=True)  # of the service as its creator addressed it

    creation_time = models.DateTimeField()
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    destruction = models.DateTimeField(null=True, blank=True)
    execution_duration = models.PositiveIntegerField(default=0)  # seconds; 0 is unlimited
    quote = models.DateTimeField(null=True, blank=True)

    executor = models.CharField(max_length=20, blank=True)
    engine = models.CharField(max_length=100, blank=True)  # the engine process that claimed it
    handle = models.JSONField(default=dict)  # what the executor needs to find the run again
    stage = models.CharField(max_length=500, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)

    exit_code = models.IntegerField(null=True, blank=True)
    host = models.CharField(max_length=255, blank=True)
    usage = models.JSONField(default=dict)  # cpu_seconds, max_rss_bytes, wall_seconds
    software = models.JSONField(default=dict)  # name -> version of what ran
    command = models.JSONField(default=list)  # the argv that ran
    error_type = models.CharField(max_length=10, blank=True)  # transient or fatal
    error_message = models.TextField(blank=True)
    error_detail = models.TextField(blank=True)

    reaped = models.BooleanField(default=False)  # the run has ended and its files are recorded
    announced = models.BooleanField(default=False)  # job_finished was heard by all
    deleted = models.BooleanField(default=False)  # no longer visible; the engine removes it

    class Meta:
        indexes = [
            models.Index(fields=["definition", "-creation_time"]),
            models.Index(fields=["phase", "priority", "creation_time"]),
            models.Index(fields=["owner", "-creation_time"]),
            models.Index(fields=["destruction"]),
            models.Index(fields=["announced", "reaped"]),
        ]

    def __str__(self) -> str:
        return f"{self.definition} {self.id} ({self.phase})"

    @property
    def workdir(self) -> Path:
        """The directory in which the job runs and keeps its results."""
        return settings.ATHANOR_HOME / "jobs" / self.id[:2] / self.id

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self.phase in FINAL


class JobInput(models.Model):
    """A file that a parameter of a job refers to."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="inputs")
    parameter = models.CharField(max_length=100)
    reference = models.TextField()  # as the user wrote it
    entity_id = models.CharField(max_length=500)
    name = models.CharField(max_length=255)  # below inputs/ in the work directory
    block = models.CharField(max_length=100, blank=True)  # of the file, where the reference names one as file:BLOCK
    path = models.TextField()
    media_type = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.parameter}={self.reference}"


class Result(models.Model):
    """A file that a job has produced."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="results")
    name = models.CharField(max_length=200)  # the UWS result id
    path = models.TextField()  # relative to the work directory
    media_type = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    role = models.CharField(max_length=100, blank=True)
    product_type = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="unique_result_name")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.name}"


class PhaseChange(models.Model):
    """When a job entered a phase."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="phase_changes")
    phase = models.CharField(max_length=10, choices=Phase.choices)
    time = models.DateTimeField()

    class Meta:
        ordering = ["time", "id"]

    def __str__(self) -> str:
        return f"{self.phase} {self.time:%Y-%m-%dT%H:%M:%SZ}"


class FileDigest(models.Model):
    """The checksum of a file that a job has read, so that an unchanged file is read for it once."""

    path = models.TextField(unique=True)
    size = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.path} {self.sha256}"
