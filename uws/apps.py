"""Django application of the job engine."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig


class UwsConfig(AppConfig):
    """Registers results of earlier jobs as inputs of new ones, and the site's own definitions."""

    name = "uws"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Let parameters refer to results; read the site's definitions."""
        from django.conf import settings  # noqa: PLC0415

        from jobdefs.registry import add_directory  # noqa: PLC0415
        from uws.inputs import register  # noqa: PLC0415 - models are loaded only now
        from uws.odf import resolve_odf  # noqa: PLC0415
        from uws.references import resolve_result  # noqa: PLC0415
        from uws.signals import job_deleted  # noqa: PLC0415

        register(resolve_result)
        register(resolve_odf)
        job_deleted.connect(_forget, dispatch_uid="uws.needs")
        if settings.ATHANOR_DEFINITIONS:
            add_directory(Path(settings.ATHANOR_DEFINITIONS))


def _forget(*, job_id: str, **_: object) -> None:
    from uws.pipelines.needs import forget_job  # noqa: PLC0415 - models are loaded only now

    forget_job(job_id=job_id)
