"""`manage.py jobs`: what the operator sees and does of jobs."""

from __future__ import annotations

import csv
import json
import sys
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from uws import services
from uws.models import Job
from uws.notices import notice_key
from uws.operating.arguments import count, days, instant, phase
from uws.operating.details import job_record, job_text
from uws.operating.purge import plan_purge
from uws.operating.selection import NOBODY, find_job, find_jobs, select
from uws.operating.state import state_lines, troubles
from uws.operating.tables import printable, table
from uws.phases import FINAL, Phase
from uws.selectors import LOG_CHUNK, log_tail
from uws.times import now
from uws.usage import Use, use_by_owner
from vo.errors import AthanorError
from vo.quantities import human_duration, human_size

FOLLOW_SECONDS = 0.5
"""Between two looks at a log that is followed."""

EXAMPLES = """
examples:
  manage.py jobs list --phase ERROR --after 2026-03-01 --json
  manage.py jobs show 4kzq
  manage.py jobs tail 4kzq -f
  manage.py jobs abort --phase QUEUED --definition evselect --yes
  manage.py jobs purge --older-than 90 --dry-run

An id may be cut to any beginning that no other job has. The exit code is 0, or 1 when a job is
not found or cannot do what is asked, or 2 when the command line is wrong.
"""


class Command(BaseCommand):
    """One handler for each word after ``jobs``."""

    help = "Look at jobs and act on them, whoever's they are."
    requires_system_checks: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The words, and what each takes."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        words = parser.add_subparsers(dest="word", required=True, metavar="WORD", title="words")

        def word(name: str, handler: Callable[..., None], text: str) -> Any:
            added = words.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
            added.set_defaults(handler=handler)
            return added.add_argument

        add = word("list", self._list, "list jobs, the latest first; those that other jobs made only with --parent")
        _add_filters(add)
        add("--after", type=instant, metavar="TIME", help="created then or later, as 2026-03-01T12:00:00Z")
        add("--before", type=instant, metavar="TIME", help="created before")
        add("--text", metavar="TEXT", help="part of the job's name or of its error message")
        add("--parent", metavar="ID", help="made by that job for its steps")
        add("--limit", type=count, default=50, metavar="N", help="how many at most; 0 for all (default: 50)")
        add("--json", action="store_true", help="as a JSON array")
        add("--csv", action="store_true", help="as CSV with a line of names")

        add = word("show", self._show, "tell everything about a job")
        add("id", metavar="ID")
        add("--json", action="store_true", help="the facts of `list --json` alone")

        add = word("tail", self._tail, "show the end of what a job has written")
        add("id", metavar="ID")
        add("-f", "--follow", action="store_true", help="go on until the job has ended")
        add("-n", "--lines", type=count, default=20, metavar="N", help="how many lines (default: 20)")
        add("--stderr", dest="errors", action="store_true", help="of its standard error instead of its standard output")

        add = word("abort", self._abort, "abort jobs that have not ended")
        _add_choice(add)
        add = word("delete", self._delete, "delete jobs with all their files, aborting them first")
        _add_choice(add)

        add = word("retry", self._retry, "run jobs again that have ended without success")
        add("ids", nargs="+", metavar="ID")

        add = word("purge", self._purge, "delete ended jobs, saying how many bytes that frees")
        add("--older-than", type=days, metavar="DAYS", help="that ended so many days ago or earlier")
        _add_filters(add)
        add("--dry-run", action="store_true", help="only say what would be deleted")
        add("--yes", action="store_true", help="do not ask")

        add = word("usage", self._usage, "tell what each owner's jobs use")
        add("--days", type=days, default=30.0, metavar="DAYS", help="period of processor time (default: 30)")
        add("--json", action="store_true", help="as a JSON array")

        word("status", self._status, "tell how engines, queue, disk and notices stand; exit code 1 when no job can run")
        word("notice-key", self._notice_key, "print the key with which receivers check the notices of this service")

    def handle(self, *args: Any, handler: Callable[..., None], **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Do what the word asks."""
        try:
            handler(**options)
        except AthanorError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=130) from None

    def _list(self, *, limit: int, **options: Any) -> None:
        named = ("owner", "definition", "after", "before", "text", "parent")
        jobs = select(phases=options["phase"], **{name: options[name] for name in named})
        shown = list(jobs[:limit] if limit else jobs)
        if options["json"]:
            self.stdout.write(json.dumps([job_record(job) for job in shown], indent=1, ensure_ascii=False))
        elif options["csv"]:
            self._write_csv(shown)
        elif shown:
            self._write_jobs(shown)
        else:
            self.stdout.write("There is no such job.")
        if limit and len(shown) == limit and (more := jobs.count() - limit) > 0:
            self.stderr.write(f"{more} more; --limit 0 shows all.", self.style.NOTICE)

    def _show(self, *, id: str, **options: Any) -> None:  # noqa: A002 - the word of the command line
        job = find_job(id)
        if options["json"]:
            self.stdout.write(json.dumps(job_record(job), indent=1, ensure_ascii=False))
        else:
            self._write(job_text(job))
        for trouble in troubles() if job.phase == Phase.QUEUED else []:
            self.stderr.write(f"warning: {trouble}", self.style.WARNING)

    def _tail(self, *, id: str, follow: bool, lines: int, errors: bool, **_: Any) -> None:  # noqa: A002
        job = find_job(id)
        stream = "stderr" if errors else "stdout"
        text, offset = log_tail(job=job, offset=-LOG_CHUNK, stream=stream)
        self._write_log("".join(text.splitlines(keepends=True)[-lines:]) if lines else "")
        while follow:
            job.refresh_from_db()
            over = job.is_final and job.reaped
            text, offset = log_tail(job=job, offset=offset, stream=stream)
            self._write_log(text)
            if over and not text:
                break
            if not text:
                time.sleep(FOLLOW_SECONDS)

    def _abort(self, *, ids: Sequence[str], yes: bool, **options: Any) -> None:
        for job in self._chosen(ids, yes=yes, deed="abort", running=True, **options):
            services.abort_job(job=job)
            self.stdout.write(f"{job.pk} is aborted.")

    def _delete(self, *, ids: Sequence[str], yes: bool, **options: Any) -> None:
        for job in self._chosen(ids, yes=yes, deed="delete", running=False, **options):
            services.delete_job(job=job)
            self.stdout.write(f"{job.pk} is deleted.")

    def _retry(self, *, ids: Sequence[str], **_: Any) -> None:
        for job in find_jobs(ids):
            again = services.retry_job(job=job)
            self.stdout.write(f"{job.pk} is run again as {again.pk}.")

    def _purge(self, *, older_than: float | None, dry_run: bool, yes: bool, **options: Any) -> None:
        choice = {"owner": options["owner"], "definition": options["definition"], "phases": options["phase"]}
        if older_than is None and not any(choice.values()):
            raise CommandError("Say which: --older-than, --phase, --owner or --definition.")
        plan = plan_purge(older_than=older_than, **choice)
        if not plan.jobs:
            self.stdout.write("There is no such job.")
            return
        self._write_jobs(plan.jobs)
        what = f"{_jobs(len(plan.jobs))}, {human_size(plan.disk_bytes)}"
        if dry_run:
            self.stdout.write(f"Would be deleted: {what}.")
            return
        if not yes:
            self._ask(f"Delete {what}?")
        for job in plan.jobs:
            services.delete_job(job=job)
        self.stdout.write(f"Deleted: {what}; an engine removes the files.")

    def _usage(self, *, days: float, **options: Any) -> None:
        uses = use_by_owner(since=now() - timedelta(days=days))
        accounts = get_user_model().objects.filter(pk__in=[owner for owner in uses if owner is not None])
        names = {account.pk: account.get_username() for account in accounts}
        named = sorted(((names.get(owner, NOBODY), use) for owner, use in uses.items()), key=lambda it: it[0])
        if options["json"]:
            records = [{"owner": None if name == NOBODY else name, **_use_record(use)} for name, use in named]
            self.stdout.write(json.dumps(records, indent=1, ensure_ascii=False))
            return
        heads = ["OWNER", "JOBS", "RUNNING", "QUEUED", "DISK", f"PROCESSOR ({days:g} d)"]
        self._write(table(heads, [[name, *_use_cells(use)] for name, use in named], right=heads[1:]))

    def _status(self, **_: Any) -> None:
        self._write(state_lines())
        if troubles():
            sys.exit(1)

    def _notice_key(self, **_: Any) -> None:
        self.stdout.write(notice_key())

    def _chosen(self, ids: Sequence[str], *, yes: bool, deed: str, running: bool, **options: Any) -> list[Job]:
        """The jobs that are meant, by ids or by filters; more than one must be meant."""
        filters = {"owner": options["owner"], "definition": options["definition"], "phases": options["phase"]}
        by_filter = any(filters.values())
        if bool(ids) == by_filter:
            raise CommandError("Give ids, or say which by --phase, --owner or --definition.")
        if ids:
            jobs = find_jobs(ids)
        else:
            found: QuerySet[Job] = select(**filters)
            jobs = list(found.exclude(phase__in=FINAL) if running else found)
        if not jobs:
            raise CommandError("There is no such job.")
        if len(jobs) > 1 and not yes:
            self._write_jobs(jobs)
            raise CommandError(f"To {deed} these {_jobs(len(jobs))}, say --yes.")
        return jobs

    def _ask(self, question: str) -> None:
        if not sys.stdin.isatty():
            raise CommandError(f"{question} Say --yes, for there is nobody to ask.")
        if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was done.")

    def _write(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.stdout.write(line)

    def _write_log(self, text: str) -> None:
        for line in text.splitlines(keepends=True):
            self.stdout.write(printable(line.rstrip("\r\n")), ending="\n" if line.endswith("\n") else "")
        self.stdout.flush()

    def _write_jobs(self, jobs: Sequence[Job]) -> None:
        styles = {Phase.ERROR: self.style.ERROR, Phase.EXECUTING: self.style.SUCCESS, Phase.HELD: self.style.WARNING}
        heads = ["ID", "PHASE", "TASK", "OWNER", "CREATED", "TOOK", "DISK", "NAME OR ERROR"]
        head, *lines = table(heads, [_cells(job) for job in jobs], right=["TOOK", "DISK"], widest=16)
        self.stdout.write(head)
        for job, line in zip(jobs, lines, strict=True):
            self.stdout.write(line, styles.get(Phase(job.phase)))

    def _write_csv(self, jobs: Sequence[Job]) -> None:
        records = [job_record(job) for job in jobs]
        writer = csv.DictWriter(self.stdout, fieldnames=list(job_record(Job(creation_time=now()))), lineterminator="")
        writer.writeheader()
        writer.writerows(records)


def _add_filters(add: Callable[..., Any]) -> None:
    add("--owner", metavar="NAME", help=f"of that account; {NOBODY!r} stands for the public workspace")
    add("--definition", metavar="TASK", help="of that task")
    add("--phase", type=phase, action="append", default=[], metavar="PHASE", help="in that phase; may be repeated")


def _add_choice(add: Callable[..., Any]) -> None:
    add("ids", nargs="*", metavar="ID")
    _add_filters(add)
    add("--yes", action="store_true", help="yes, more than one")


def _cells(job: Job) -> list[str]:
    took = human_duration((job.end_time or now()) - job.start_time, units=1) if job.start_time else ""
    return [
        job.pk[:8],
        job.phase,
        job.definition,
        job.owner.get_username() if job.owner else NOBODY,
        f"{job.creation_time:%Y-%m-%d %H:%M}",
        took,
        human_size(job.disk_bytes) if job.disk_bytes else "",
        ": ".join(part for part in (job.run_id, job.error_message or job.held_reason) if part),
    ]


def _use_cells(use: Use) -> list[str]:
    numbers = [str(number) for number in (use.jobs, use.running, use.queued)]
    return [*numbers, human_size(use.disk_bytes), human_duration(use.cpu_seconds)]


def _use_record(use: Use) -> dict[str, float]:
    return {
        "jobs": use.jobs,
        "running": use.running,
        "queued": use.queued,
        "diskBytes": use.disk_bytes,
        "cpuSeconds": use.cpu_seconds,
    }


def _jobs(number: int) -> str:
    return f"{number} job{'' if number == 1 else 's'}"
