"""`manage.py rerun`: repeat a job, and tell whether its outputs are the same."""

from __future__ import annotations

import sys
from time import sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vo.errors import AthanorError, ParameterErrors

DIFFERENT = 1
"""Exit code where the outputs are not the same."""

FAILED = 2
"""Exit code where the job could not be repeated, or its repetition did not complete."""

_INTERVAL = 0.5
"""Seconds between two looks at the job."""


class Command(BaseCommand):
    """Makes the job; waits for it and its comparison where that is asked."""

    help = (
        "Repeat a job that has ended: the definition that ran, the same parameters, the same inputs by their sha256. "
        "An engine runs it and compares the results. With --wait the exit code is 0 where they are identical, or "
        "identical but for dates and checksums, 1 where they are different and 2 where that could not be found out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which job, and for whom."""
        parser.add_argument("job", metavar="JOBID", help="the job, or the beginning of its id that no other has")
        parser.add_argument(
            "--allow-changed", action="store_true", help="use inputs that have changed since as they are now"
        )
        parser.add_argument("--wait", action="store_true", help="wait for the end of the new job, and tell the verdict")
        parser.add_argument(
            "--user", metavar="NAME", default="", help="whose the new job is (default: whose the job was)"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Repeat it."""
        from provenance.rerun.service import rerun_job  # noqa: PLC0415 - models are loaded only now
        from uws.operating.selection import find_job  # noqa: PLC0415
        from uws.scheduling.changing import find_user  # noqa: PLC0415

        try:
            original = find_job(options["job"])
            user = find_user(options["user"]) if options["user"] else original.owner
            job = rerun_job(
                job_id=original.pk, user=user, base_url=original.base_url, allow_changed=options["allow_changed"]
            )
        except ParameterErrors as error:
            raise CommandError("\n".join(str(item) for item in error.errors), returncode=FAILED) from error
        except AthanorError as error:
            raise CommandError(str(error), returncode=FAILED) from error
        self.stdout.write(job.pk)
        if job.held_reason:
            self.stderr.write(f"It is held: {job.held_reason}")
        if options["wait"]:
            sys.exit(self._wait(job.pk, user, verbosity=options["verbosity"]))

    def _wait(self, job_id: str, user: Any, *, verbosity: int) -> int:
        """Wait for the verdict and write it; the exit code."""
        from provenance.rerun.outcomes import Outcome  # noqa: PLC0415
        from provenance.rerun.selectors import find_repetition, is_compared  # noqa: PLC0415
        from uws.models import Job  # noqa: PLC0415
        from uws.phases import Phase  # noqa: PLC0415

        while not is_compared(job_id=job_id):
            state = Job.objects.filter(pk=job_id, deleted=False).values_list("phase", "repeats").first()
            if state is None or state[1] is None or state[0] == Phase.HELD:
                self.stderr.write("It cannot be compared: it is held." if state and state[1] else "It is gone.")
                return FAILED
            sleep(_INTERVAL)
        found = find_repetition(job=Job.objects.get(pk=job_id), user=user)
        if found is None:
            return FAILED
        if verbosity:
            for item in found.items:
                detail = f" ({item.detail.rstrip('.')})" if item.detail else ""
                self.stdout.write(f"{item.kind} {item.name}: {item.outcome}{detail}")
        self.stdout.write(" ".join(part for part in (f"{found.verdict}.", found.reason) if part))
        if found.is_same:
            return 0
        return FAILED if found.verdict == Outcome.FAILED else DIFFERENT
