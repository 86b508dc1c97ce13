"""What was found when two runs were compared; the model of the IVOA has no class for it."""

from __future__ import annotations

from django.db import models

from provenance.models.things import Activity

__all__ = ["ComparedItem"]


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
