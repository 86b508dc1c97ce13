"""Django application of the archive front."""

from __future__ import annotations

from django.apps import AppConfig


class ObstapConfig(AppConfig):
    """Registers the archive's observations as inputs of jobs."""

    name = "obstap"
    verbose_name = "Archive"

    def ready(self) -> None:
        """Let jobs take observations as inputs."""
        from obstap.archive import resolve_observation  # noqa: PLC0415 - models load after the applications
        from uws.inputs import register  # noqa: PLC0415

        register(resolve_observation)
