"""Django application of provenance."""

from __future__ import annotations

from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    """Records every job that ends."""

    name = "provenance"
    verbose_name = "Provenance"

    def ready(self) -> None:
        """Listen for finished jobs and published products, and tell where these come from."""
        from obstap.datalink import register_links  # noqa: PLC0415 - models are ready only now
        from obstap.products import product_published, product_withdrawn  # noqa: PLC0415
        from provenance.links import provenance_links  # noqa: PLC0415
        from provenance.recording import record_job, record_publication, record_withdrawal  # noqa: PLC0415
        from provenance.rerun.due import compare_at_once, compare_due, due  # noqa: PLC0415
        from uws.engine.housekeeping import Chore, register_chore  # noqa: PLC0415
        from uws.signals import job_finished  # noqa: PLC0415

        def record(sender: object, job_id: str, **_: object) -> None:  # noqa: ARG001 - the signal's form
            record_job(job_id=job_id)
            compare_at_once(job_id=job_id)

        def publish(sender: object, did: str, **_: object) -> None:  # noqa: ARG001 - receivers of signals take it
            record_publication(did=did)

        def withdraw(sender: object, did: str, **_: object) -> None:  # noqa: ARG001 - the same
            record_withdrawal(did=did)

        product_published.connect(publish, weak=False, dispatch_uid="provenance.record_publication")
        product_withdrawn.connect(withdraw, weak=False, dispatch_uid="provenance.record_withdrawal")
        register_links(provenance_links)
        job_finished.connect(record, weak=False, dispatch_uid="provenance.record_job")
        register_chore(Chore("Comparing repetitions", compare_due, pause=30.0, woken=due))
