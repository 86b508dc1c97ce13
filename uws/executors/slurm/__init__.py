"""Runs jobs on the nodes of a cluster, through Slurm; see ``docs/howto/slurm.md``."""

from __future__ import annotations

from uws.executors.slurm.commands import Commands, Refused, Unreachable
from uws.executors.slurm.executor import SlurmExecutor
from uws.executors.slurm.request import Site
from uws.executors.slurm.site import slurm_executor

__all__ = ["Commands", "Refused", "Site", "SlurmExecutor", "Unreachable", "slurm_executor"]
