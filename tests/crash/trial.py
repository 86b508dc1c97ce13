"""The trial: jobs are made and stopped, processes are killed; then everything is looked at."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.crash.clients import FINAL, Client, Wanted, plan
from tests.crash.service import Fragile

__all__ = ["Report", "trial"]

SETTLE_SECONDS = 60.0

LEDGER = """
import json
from django.db.models import Count
from provenance.models import Activity
from uws.models import Job
from uws.phases import FINAL
print(json.dumps({
    "history": {job.pk: [change.phase for change in job.phase_changes.all()]
                for job in Job.objects.prefetch_related("phase_changes")},
    "results": {job.pk: [[result.name, result.sha256, result.size] for result in job.results.all()]
                for job in Job.objects.prefetch_related("results")},
    "open": list(Job.objects.exclude(phase__in=FINAL, reaped=True, announced=True).values_list("pk", flat=True)),
    "activities": dict(Activity.objects.values_list("identifier").annotate(Count("pk"))),
}))
"""


@dataclass
class Report:
    """What a trial has seen.

    Parameters
    ----------
    kills
        How often each kind of process was killed.
    phases
        How many jobs ended in each phase.
    faults
        Everything that is not as it should be.
    """

    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    faults: list[str] = field(default_factory=list)


def trial(
    service: Fragile,
    *,
    jobs: int,
    kills: int,
    seed: int,
    longest: float = 1.5,
    pause: float = 0.8,
    patience: float = 600.0,
) -> Report:
    """Run so many jobs on a service that is killed so often.

    Parameters
    ----------
    longest
        Seconds that a job takes at most, if it is left alone.
    pause
        Longest pause between two kills, in seconds.
    patience
        Seconds in which all jobs must have ended after the last kill.
    """
    draw = random.Random(seed)
    wanted = plan(jobs, draw, longest)
    report = Report()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as thread:
        making = thread.submit(_make_all, service.base_url, wanted)
        while sum(report.kills.values()) < kills:
            time.sleep(draw.uniform(0, pause))
            victim = service.kill_one(draw)
            if victim != "none":
                report.kills[victim] += 1
        urls = making.result(patience)
    client = Client(service.base_url)
    listed = client.await_all(patience)
    ledger = _settled(service)
    report.seconds = time.monotonic() - began
    report.phases.update(item["phase"] for item in listed)
    _Inspection(client, ledger, report).inspect(wanted, urls, listed)
    report.faults += [f"still alive: {command}" for command in _left_over(service)]
    return report


def _make_all(base_url: str, wanted: list[Wanted]) -> dict[str, str]:
    """Make the jobs, and stop those that are to be stopped; the URL of each by its run id."""
    client = Client(base_url)
    urls: dict[str, str] = {}
    stops = []
    for one in wanted:
        urls[one.run_id] = client.create(one)
        if one.abort_after is not None:
            stop = threading.Timer(one.abort_after, Client(base_url).abort, [urls[one.run_id]])
            stop.start()
            stops.append(stop)
    for stop in stops:
        stop.join()
    return urls


def _settled(service: Fragile) -> dict[str, Any]:
    """What the database says, once every job is ended, recorded and announced."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        ledger = json.loads(service.manage("shell", "-v", "0", "-c", LEDGER))
        if not ledger["open"] or time.monotonic() > deadline:
            return ledger
        time.sleep(0.5)


@dataclass
class _Inspection:
    """Looks at everything after a trial."""

    client: Client
    ledger: dict[str, Any]
    report: Report

    def inspect(self, wanted: list[Wanted], urls: dict[str, str], listed: list[dict[str, Any]]) -> None:
        counts = Counter(item.get("runId") for item in listed)
        for one in wanted:
            if counts[one.run_id] != 1:
                self._complain(f"{one.run_id} is listed {counts[one.run_id]} times")
            self._look_at(one, self.client.job(urls[one.run_id]))
        for job_id in self.ledger["open"]:
            self._complain(f"{job_id} is not recorded as ended")

    def _look_at(self, one: Wanted, job: dict[str, Any]) -> None:
        history = self.ledger["history"][job["jobId"]]
        self.report.restarts += max(history.count("EXECUTING") - 1, 0)
        where = f"{one.run_id} ({job['jobId']}, {history})"
        if job["phase"] not in one.phases:
            self._complain(f"{where} should be {' or '.join(one.phases)}: {job.get('errorSummary')}")
        if sum(phase in FINAL for phase in history) != 1 or history[-1] != job["phase"]:
            self._complain(f"{where} did not end exactly once")
        if (records := self.ledger["activities"].get(job["jobId"], 0)) != 1:
            self._complain(f"{where} has {records} records of provenance")
        self._look_at_results(one, job, where)

    def _look_at_results(self, one: Wanted, job: dict[str, Any], where: str) -> None:
        text = one.run_id.encode()
        right = [["text", hashlib.sha256(text).hexdigest(), len(text)]]
        allowed = {"COMPLETED": [right], "ABORTED": [right, []]}.get(job["phase"], [[]])
        if (stored := self.ledger["results"][job["jobId"]]) not in allowed:
            self._complain(f"{where} has the results {stored}")
        for item in job["results"]:
            if self.client.result(item["href"]) != text:
                self._complain(f"{where}: the result has another content")

    def _complain(self, fault: str) -> None:
        self.report.faults.append(fault)


def _left_over(service: Fragile) -> list[str]:
    deadline = time.monotonic() + SETTLE_SECONDS
    while (left := service.left_over()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left
