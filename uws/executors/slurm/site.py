"""The executor as the site's settings want it."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from uws.executors.slurm.commands import PATH, Commands
from uws.executors.slurm.executor import SlurmExecutor
from uws.executors.slurm.request import Site

__all__ = ["slurm_executor"]


def slurm_executor() -> SlurmExecutor | None:
    """The executor of this service's Slurm; None where there is neither Slurm nor a wish for it."""
    folder = settings.ATHANOR_SLURM_BIN
    if settings.ATHANOR_EXECUTOR != "slurm" and not shutil.which("sbatch", path=folder or PATH):
        return None
    environment = {"SLURM_CONF": settings.SLURM_CONF} if settings.SLURM_CONF else {}
    return SlurmExecutor(
        folder=settings.ATHANOR_HOME / "slurm",
        commands=Commands(Path(folder) if folder else None, environment),
        site=Site(settings.ATHANOR_SLURM_PARTITION, settings.ATHANOR_SLURM_ACCOUNT),
    )
