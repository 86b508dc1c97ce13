"""Where the archive's files lie. What they contain stands in `ivoa.obscore`, not here."""

from __future__ import annotations

from django.conf import settings
from django.db import models

__all__ = ["ArchiveFile", "Progenitor", "PublishedProduct"]


class ArchiveFile(models.Model):
    """A file that a row of ``ivoa.obscore`` leads to.

    `size` and `mtime_ns` tell whether the file changed since it was ingested.
    """

    obs_publisher_did = models.CharField(max_length=512, unique=True)
    collection = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=4096, unique=True)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField(help_text="Bytes.")
    mtime_ns = models.BigIntegerField(help_text="Time of last modification in nanoseconds since 1970.")
    obs_id = models.CharField(max_length=128, db_index=True)
    dataproduct_type = models.CharField(max_length=32)
    ingested_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "name"], name="one_file_of_a_name")]

    def __str__(self) -> str:
        return f"{self.collection}/{self.name}"


class PublishedProduct(models.Model):
    """A result of a job that was published: a row of ``ivoa.obscore`` and a file of the archive's own.

    The record is written before anything else and removed after everything else, so that whatever a crash leaves
    behind is found by it; see `obstap.products.service`.
    """

    class State(models.TextChoices):
        """How far publishing or withdrawing has come."""

        PUBLISHING = "publishing"
        PUBLISHED = "published"
        WITHDRAWING = "withdrawing"

    obs_publisher_did = models.CharField(max_length=512, unique=True)
    collection = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=255, help_text="Of the file.")
    job_id = models.CharField(max_length=32, db_index=True)
    maker_id = models.CharField(max_length=32, db_index=True, help_text="The job that did the work; mostly the same.")
    result = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    preview = models.CharField(max_length=255, blank=True, help_text="Name of the preview's file, if there is one.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # null: whoever runs the service
    release_date = models.DateTimeField(null=True, blank=True, help_text="When its file becomes public; null: at once.")
    published_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PUBLISHING)
    announced = models.BooleanField(default=False, help_text="Whether all who listen have heard of it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job_id", "result"], name="a_result_is_published_once")]
        permissions = [("publish_products", "Can publish results of jobs in the archive")]

    def __str__(self) -> str:
        return f"{self.collection}/{self.name}"


class Progenitor(models.Model):
    """What a published product was made from: an ``obs_publisher_did``, or ``job:<jobid>/<result>``."""

    product = models.ForeignKey(PublishedProduct, on_delete=models.CASCADE, related_name="progenitors")
    identifier = models.CharField(max_length=512, db_index=True)

    def __str__(self) -> str:
        return f"{self.product_id} was made from {self.identifier}"
