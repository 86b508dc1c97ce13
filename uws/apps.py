"""Django application of the job engine."""

from __future__ import annotations

from django.apps import AppConfig


class UwsConfig(AppConfig):
    """Registers results of earlier jobs as inputs of new ones."""

    name = "uws"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Let parameters refer to results."""
        from uws.inputs import register  # noqa: PLC0415 - models are loaded only now
        from uws.references import resolve_result  # noqa: PLC0415

        register(resolve_result)
