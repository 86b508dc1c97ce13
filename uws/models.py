"""Jobs as they are stored (UWS 1.1 §2.1)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from uws.documents import DefinitionField, OrderedField
from uws.phases import FINAL, Phase

__all__ = ["Allowance", "CpuUse", "FileDigest", "Job", "JobInput", "JobKind", "Need", "Notice", "PhaseChange", "Result"]


TAKEN_OVER = "taken_over"
"""Key in the handle of a job whose results were made by an earlier one."""


class JobKind(models.TextChoices):
    """What a job does: run its task, see its definition's steps through, or run its task for each row of a table."""

    TASK = "task", "Task"
    PIPELINE = "pipeline", "Pipeline"
    ARRAY = "array", "Array"


class Job(models.Model):
    """A job: one run of one definition with its parameters."""

    id = models.CharField(primary_key=True, max_length=32)
    definition = models.CharField(max_length=100)
    definition_version = models.CharField(max_length=50, blank=True)
    definition_document = DefinitionField(default=dict)  # the exact definition that ran
    run_id = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.PENDING)
    parameters = OrderedField(default=dict)  # name -> list of values as the user gave them
    priority = models.IntegerField(default=0)
    base_url = models.CharField(max_length=500, blank=True)  # of the service as its creator addressed it

    kind = models.CharField(max_length=10, choices=JobKind.choices, default=JobKind.TASK)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    step = models.CharField(max_length=100, blank=True)  # of the parent's pipeline
    branch = models.CharField(max_length=500, blank=True)  # which of the step's repetitions
    label = models.CharField(max_length=80, blank=True)  # what that repetition is for
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries")
    repeats = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="repetitions")
    waiting_for = models.PositiveIntegerField(default=0)  # jobs that must end before it can start

    creation_time = models.DateTimeField()
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    destruction = models.DateTimeField(null=True, blank=True)
    execution_duration = models.PositiveIntegerField(default=0)  # seconds; 0 is unlimited
    quote = models.DateTimeField(null=True, blank=True)

    held_reason = models.TextField(blank=True)  # why it could not be queued

    restarts = models.PositiveIntegerField(default=0)  # how often it was queued again after its run was lost
    executor = models.CharField(max_length=20, blank=True)
    cores = models.PositiveIntegerField(default=1)
    engine = models.CharField(max_length=100, blank=True)  # the engine process that claimed it
    handle = models.JSONField(default=dict)  # what the executor needs to find the run again
    stage = models.CharField(max_length=500, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)

    exit_code = models.IntegerField(null=True, blank=True)
    host = models.CharField(max_length=255, blank=True)
    usage = models.JSONField(default=dict)  # cpu_seconds, max_rss_bytes, wall_seconds, sandbox
    cpu_seconds = models.FloatField(default=0.0)  # as in usage, for sums
    disk_bytes = models.BigIntegerField(default=0)  # of the work directory
    software = models.JSONField(default=dict)  # name -> version of what ran
    command = models.JSONField(default=list)  # the argv that ran
    messages = models.JSONField(default=list)  # level, task, code, text of warnings and errors that tasks told
    error_type = models.CharField(max_length=10, blank=True)  # transient or fatal
    error_message = models.TextField(blank=True)
    error_detail = models.TextField(blank=True)

    reaped = models.BooleanField(default=False)  # the run has ended and its files are recorded
    announced = models.BooleanField(default=False)  # job_finished was heard by all
    deleted = models.BooleanField(default=False)  # no longer visible; the engine removes it

    class Meta:
        indexes = [
            models.Index(fields=["definition", "-creation_time"]),
            # Counts an owner's jobs and finds the next of the queue without reading a row.
            models.Index(
                name="job_queue",
                fields=[
                    *("phase", "engine", "executor", "waiting_for"),
                    *("owner", "priority", "definition", "creation_time", "id", "cores"),
                ],
            ),
            models.Index(fields=["owner", "-creation_time"]),
            models.Index(fields=["destruction"]),
            models.Index(
                name="job_children",
                fields=["parent", "step", "phase", "reaped"],
                condition=models.Q(parent__isnull=False),
            ),
            models.Index(name="job_deleted", fields=["deleted"], condition=models.Q(deleted=True)),
            models.Index(fields=["announced", "reaped"]),
            models.Index(name="job_disk", fields=["owner", "deleted", "definition", "disk_bytes"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "step", "branch"], name="unique_child", condition=models.Q(parent__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.definition} {self.id} ({self.phase})"

    @property
    def workdir(self) -> Path:
        """The directory in which the job runs and keeps its results."""
        return settings.ATHANOR_HOME / "jobs" / self.id[:2] / self.id

    @property
    def taken_over(self) -> str:
        """Id of the job that did the work of this one, which was not run; empty for a job that runs itself."""
        return str(self.handle.get(TAKEN_OVER, ""))

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
    note = models.CharField(max_length=300, blank=True)  # why, where that is not plain

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
    listing = models.JSONField(default=list)  # of a directory: name, size in bytes and sha256 of the files in it

    def __str__(self) -> str:
        return f"{self.path} {self.sha256}"


class Need(models.Model):
    """One job waits for another to complete."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="needs")
    needed = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="needed_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "needed"], name="unique_need")]

    def __str__(self) -> str:
        return f"{self.job_id} needs {self.needed_id}"


class Allowance(models.Model):
    """What an owner may use of one task or of all; null says nothing.

    It counts for one user, for each member of a group, or, where neither is named, for every owner.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    group = models.ForeignKey("auth.Group", null=True, blank=True, on_delete=models.CASCADE)
    definition = models.CharField(max_length=100, blank=True)  # empty is all together
    running = models.PositiveIntegerField(null=True, blank=True)
    queued = models.PositiveIntegerField(null=True, blank=True)
    disk_bytes = models.BigIntegerField(null=True, blank=True)
    cpu_hours = models.FloatField(null=True, blank=True)  # in the service's accounting period
    priority = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "definition"], name="unique_user_allowance", condition=models.Q(user__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["group", "definition"], name="unique_group_allowance", condition=models.Q(group__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["definition"],
                name="unique_common_allowance",
                condition=models.Q(user__isnull=True, group__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) | models.Q(group__isnull=True), name="user_or_group"
            ),
        ]

    def __str__(self) -> str:
        whom = self.user or self.group or "every owner"
        return f"{whom}: {self.definition or 'all tasks'}"


class CpuUse(models.Model):
    """Processor time of the jobs of an owner that ended within an hour; it outlives the jobs."""

    owner = models.BigIntegerField()  # key of the user; 0 stands for nobody
    definition = models.CharField(max_length=100)
    executor = models.CharField(max_length=20)
    hour = models.DateTimeField()  # its beginning
    seconds = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "hour", "definition", "executor"], name="unique_use")]
        indexes = [models.Index(name="recent_use", fields=["hour", "executor", "owner", "seconds"])]

    def __str__(self) -> str:
        return f"{self.owner} {self.definition} {self.hour:%Y-%m-%dT%H}: {self.seconds:.0f} s"


class Notice(models.Model):
    """What an owner wants to be told of the end of a job, and whether it was."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="notices")
    address = models.CharField(max_length=1000)  # a URL, or mailto: and the owner's own address
    attempts = models.PositiveIntegerField(default=0)
    due = models.DateTimeField(null=True, blank=True)  # when it is tried next; null until the job has ended
    sent = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)  # why the last attempt failed

    class Meta:
        indexes = [models.Index(fields=["sent", "due"])]

    def __str__(self) -> str:
        return f"{self.job_id} to {self.address}"
