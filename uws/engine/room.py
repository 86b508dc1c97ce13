"""Whether there is room on the disk for another job."""

from __future__ import annotations

import logging
import os

from django.conf import settings

__all__ = ["Room", "free_bytes"]

logger = logging.getLogger("athanor.engine")


def free_bytes() -> int:
    """Bytes that this process may still write to the file system of ``ATHANOR_HOME``."""
    status = os.statvfs(settings.ATHANOR_HOME)
    return status.f_bavail * status.f_frsize


class Room:
    """Tells, and logs when it changes, whether ``ATHANOR_MIN_FREE_BYTES`` are free."""

    def __init__(self) -> None:
        self._suffices = True

    def suffices(self) -> bool:
        """Whether jobs may be started now; those that may not stay in the queue."""
        free, least = free_bytes(), settings.ATHANOR_MIN_FREE_BYTES
        suffices = free >= least
        if suffices != self._suffices:
            self._suffices = suffices
            if suffices:
                logger.info("The disk of ATHANOR_HOME has room again; jobs are started.")
            else:
                logger.error(
                    "No job is started: the disk of ATHANOR_HOME has %d bytes free, less than ATHANOR_MIN_FREE_BYTES,"
                    " which are %d.",
                    free,
                    least,
                )
        return suffices
