"""`manage.py allowances`: what owners may use."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobdefs import registry
from uws.models import Allowance
from uws.operating.tables import table
from uws.scheduling.allowances import QUANTITIES, Allowances, Grant
from uws.scheduling.changing import find_user, remove_allowance, set_allowance
from vo.errors import AthanorError
from vo.quantities import human_size
from vo.wording import plain

OPTIONS = {
    "running": "jobs that run at a time; more wait in the queue",
    "queued": "jobs in the queue; more are held",
    "disk": "bytes of files in jobs, as 500GB or 2TiB; above it, jobs are held",
    "cpu-hours": "hours of processor time in the accounting period (ATHANOR_ACCOUNTING_DAYS); above it, jobs are held",
    "priority": "added to the priority of the owner's jobs; may be negative",
}

EXAMPLES = """
examples:
  manage.py allowances set --everybody --running 4 --queued 1000
  manage.py allowances set --group observers --running 16 --priority 10
  manage.py allowances set --user ada --task evselect --running 0
  manage.py allowances set --user ada --disk none
  manage.py allowances list
  manage.py allowances show ada --task evselect
  manage.py allowances remove --group observers

0 is no limit. `none` says nothing, so that the next allowance decides: a user's own comes before
those of the user's groups, of which the most generous counts, and those before everybody's and
the settings ATHANOR_OWNER_*. Allowances of one task (--task) and of all tasks together both hold.
"""

HEADS = ["WHO", "TASK", "RUNNING", "QUEUED", "DISK", "CPU HOURS", "PRIORITY"]
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kKMGTP]?)(i?)B?", re.ASCII)
PREFIXES = ["", "K", "M", "G", "T", "P"]
LARGEST = 2**62
MOST = 2**31 - 1


class Command(BaseCommand):
    """One method for each word after ``allowances``."""

    help = "Say what users, groups and everybody may use: jobs that run and wait, disk, processor time, priority."
    requires_system_checks: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The words, and what each takes."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        words = parser.add_subparsers(dest="word", required=True, metavar="WORD", title="words")
        listing = words.add_parser("list", help="list all allowances")
        listing.add_argument("--json", action="store_true", help="as a JSON array")
        setting = words.add_parser("set", help="change what is given, and leave the rest")
        _add_whose(setting)
        types = {"running": _count, "queued": _count, "disk": _size, "cpu-hours": _hours, "priority": _priority}
        for name, text in OPTIONS.items():
            setting.add_argument(f"--{name}", type=_or_none(types[name]), metavar="N", help=text)
        removing = words.add_parser("remove", help="take an allowance away")
        _add_whose(removing)
        showing = words.add_parser("show", help="tell what counts for a user")
        showing.add_argument("name", metavar="USER")
        showing.add_argument("--task", default="", metavar="NAME", help="of that task; otherwise of all together")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's own form
        """Do what the word says."""
        try:
            getattr(self, f"_{options['word']}")(options)
        except AthanorError as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        rows = sorted(Allowance.objects.select_related("user", "group"), key=lambda row: (_whose(row), row.definition))
        if options["json"]:
            self.stdout.write(json.dumps([_record(row) for row in rows], indent=1))
        elif rows:
            self._write([[_whose(row), row.definition or "all", *_cells(row)] for row in rows])
        else:
            self.stdout.write("There are no allowances; the settings ATHANOR_OWNER_* alone count.")

    def _set(self, options: dict[str, Any]) -> None:
        names = {"disk_bytes": "disk"}
        given = {name: options[names.get(name, name)] for name in QUANTITIES}
        changes = {name: value[0] for name, value in given.items() if value is not None}
        if not changes:
            raise CommandError(f"Say what is allowed, by {', '.join(f'--{name}' for name in OPTIONS)}.")
        row = set_allowance(**_named(options), changes=changes)
        if row is None:
            self.stdout.write("This allowance says nothing any more, and is removed.")
        else:
            self._write([[_whose(row), row.definition or "all", *_cells(row)]])

    def _remove(self, options: dict[str, Any]) -> None:
        if not remove_allowance(**_named(options)):
            raise CommandError("There is no such allowance.")
        self.stdout.write("Removed.")

    def _show(self, options: dict[str, Any]) -> None:
        user = find_user(options["name"])
        task = registry.get(options["task"]).name if options["task"] else ""
        self._write([[options["name"], task or "all", *_cells(Allowances.read(user.pk).grant(user.pk, task))]])

    def _write(self, rows: list[list[str]]) -> None:
        for line in table(HEADS, rows, right=HEADS[2:]):
            self.stdout.write(line)


def _add_whose(parser: Any) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--user", default="", metavar="NAME")
    whose.add_argument("--group", default="", metavar="NAME")
    whose.add_argument("--everybody", action="store_true")
    parser.add_argument("--task", default="", metavar="NAME", help="of that task; otherwise of all together")


def _named(options: dict[str, Any]) -> dict[str, str]:
    return {"user": options["user"], "group": options["group"], "definition": options["task"]}


def _whose(row: Allowance) -> str:
    if row.user_id:
        return f"user {row.user}"
    return f"group {row.group}" if row.group_id else "everybody"


def _record(row: Allowance) -> dict[str, Any]:
    return {
        "user": str(row.user) if row.user_id else None,
        "group": str(row.group) if row.group_id else None,
        "task": row.definition or None,
        **{name: getattr(row, name) for name in QUANTITIES},
    }


def _cells(row: Allowance | Grant) -> list[str]:
    return [_cell(name, getattr(row, name)) for name in QUANTITIES]


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "priority":
        return f"{value:+d}"
    if not value:
        return "no limit"
    return human_size(value) if name == "disk_bytes" else plain(value)


def _or_none(kind: Any) -> Any:
    """A type of argparse whose values are tuples of one, so that `none` can be told from what was not given."""

    def read(text: str) -> tuple[Any]:
        return (None if text.lower() == "none" else kind(text),)

    return read


def _count(text: str) -> int:
    value = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= value <= MOST:
        raise ArgumentTypeError(f"{text!r} is no number of jobs; give a whole number, 0 for no limit, or none.")
    return value


def _priority(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        raise ArgumentTypeError(f"{text!r} is no priority; give a whole number, or none.")
    return int(text)


def _hours(text: str) -> float:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text, re.ASCII):
        raise ArgumentTypeError(f"{text!r} is no number of hours; give one such as 12.5, 0 for no limit, or none.")
    return float(text)


def _size(text: str) -> int:
    found = SIZE.fullmatch(text)
    number, prefix, binary = found.groups() if found else ("inf", "", "")
    size = float(number) * (1024 if binary else 1000) ** PREFIXES.index(prefix.upper())
    if size > LARGEST:
        raise ArgumentTypeError(f"{text!r} is no size; give one such as 500GB or 2TiB, 0 for no limit, or none.")
    return round(size)
