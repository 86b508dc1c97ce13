"""Where the archive's files lie. What they contain stands in `ivoa.obscore`, not here."""

from __future__ import annotations

from django.db import models

__all__ = ["ArchiveFile"]


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
