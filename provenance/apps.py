"""Django application of provenance."""

from __future__ import annotations

from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    """Records every job that ends."""

    name = "provenance"
    verbose_name = "Provenance"

    def ready(self) -> None:
        """Listen for finished jobs."""
        from provenance.services import record_job  # noqa: PLC0415 - models are ready only now
        from uws.signals import job_finished  # noqa: PLC0415

        def record(sender: object, job_id: str, **_: object) -> None:  # noqa: ARG001 - the signal's form
            record_job(job_id=job_id)

        job_finished.connect(record, weak=False, dispatch_uid="provenance.record_job")
