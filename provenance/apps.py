"""Django application of provenance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.dispatch import Signal


class ProvenanceConfig(AppConfig):
    """Records every job that ends, and what comes into the archive."""

    name = "provenance"
    verbose_name = "Provenance"

    def ready(self) -> None:
        """Listen for finished jobs, ingests and what is published, and tell where these come from."""
        from obstap.datalink import register_links  # noqa: PLC0415 - models are ready only now
        from obstap.live import register_live  # noqa: PLC0415
        from obstap.products import product_published, product_withdrawn  # noqa: PLC0415
        from obstap.signals import files_ingested, table_published, table_unpublished  # noqa: PLC0415
        from provenance import recording  # noqa: PLC0415
        from provenance.links import provenance_links  # noqa: PLC0415
        from provenance.rerun.due import compare_at_once, compare_due, due  # noqa: PLC0415
        from provenance.tap import ProvenanceTables  # noqa: PLC0415
        from uws.engine.housekeeping import Chore, register_chore  # noqa: PLC0415
        from uws.signals import files_removed, job_deleted, job_finished  # noqa: PLC0415

        def record(sender: object, job_id: str, **_: object) -> None:  # noqa: ARG001 - the signal's form
            recording.record_job(job_id=job_id)
            compare_at_once(job_id=job_id)

        def remove(sender: object, job_id: str, **_: object) -> None:  # noqa: ARG001 - the signal's form
            recording.record_removal(job_id=job_id)

        register_links(provenance_links)
        register_live(ProvenanceTables())
        job_finished.connect(record, weak=False, dispatch_uid="provenance.record_job")
        job_deleted.connect(remove, weak=False, dispatch_uid="provenance.record_deletion")
        files_removed.connect(remove, weak=False, dispatch_uid="provenance.record_removal")
        register_chore(Chore("Comparing repetitions", compare_due, pause=30.0, woken=due))
        for signal, recorder in (
            (files_ingested, recording.record_ingest),
            (product_published, recording.record_publication),
            (product_withdrawn, recording.record_withdrawal),
            (table_published, recording.record_table),
            (table_unpublished, recording.record_table_removal),
        ):
            _connect(signal, recorder)


def _connect(signal: Signal, recorder: Callable[..., object]) -> None:
    """Call what records something with a signal's plain arguments."""

    def hear(sender: object, signal: object, **told: Any) -> None:  # noqa: ARG001 - the form of receivers
        recorder(**told)

    signal.connect(hear, weak=False, dispatch_uid=f"provenance.{recorder.__name__}")
