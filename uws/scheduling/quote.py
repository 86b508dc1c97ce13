"""When a job will probably have ended (UWS 1.1 §2.1.6): from how long its task took before, and from the queue.

A quote later than the job's destruction says that the job will not be run in time.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Sum

from uws.engine.presence import count_live
from uws.limits import slots_of
from uws.models import Job, JobInput
from uws.phases import Phase
from uws.scheduling.demand import UNCOUNTED, Running, lines, running
from uws.scheduling.order import Line
from uws.scheduling.queue import place
from uws.times import now

__all__ = ["duration_of", "forget_history", "predict", "quote_of_queued", "quote_of_started"]

LAST = 50
"""Runs of the past that are asked."""

ENOUGH = 5
"""Runs from which a relation to the size of the inputs can be read."""

STRONG = 0.7
"""Correlation from which the size of the inputs counts."""

KEPT = 10
"""Runs from which on the history of a task is remembered for `FRESH_SECONDS`; shorter ones change too fast."""

FRESH_SECONDS = 60.0

DEMAND_SECONDS = 1.0
"""How long the queue is remembered for quotes."""

FARTHEST = 10 * 365 * 86400.0
"""Seconds from now of the latest quote that is given."""

History = list[tuple[float, float]]

_histories: dict[str, tuple[float, History]] = {}
_demands: dict[str, tuple[float, tuple[list[Line], list[Running]]]] = {}


def predict(history: Sequence[tuple[float, float]], size: float) -> float | None:
    """Seconds in which three of four runs like this one would have ended; None without a history.

    Parameters
    ----------
    history
        Seconds and bytes of input of earlier runs.
    size
        Bytes of input of this one. Where the times of the past grow with the size, the prediction does.
    """
    if not history:
        return None
    seconds, sizes = [float(wall) for wall, _ in history], [float(size) for _, size in history]
    if len(history) >= ENOUGH and _correlation(sizes, seconds) >= STRONG:
        slope, origin = statistics.linear_regression(sizes, seconds)
        late = _third_quartile([wall - (origin + slope * at) for wall, at in zip(seconds, sizes, strict=True)])
        return max(origin + slope * size + late, min(seconds))
    return _third_quartile(seconds)


def _correlation(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Pearson's coefficient; 0 where one of the two does not vary, or by less than its square can tell."""
    try:
        return statistics.correlation(sizes, seconds)
    except statistics.StatisticsError:
        return 0.0


def duration_of(job: Job) -> float | None:
    """Seconds that a job will probably run, no more than it may; None when its task has never completed."""
    history = _history(job.definition)
    size = job.inputs.aggregate(Sum("size"))["size__sum"] or 0.0 if any(size for _, size in history) else 0.0
    predicted = predict(history, size)
    if predicted is None:
        return None
    return min(predicted, job.execution_duration) if job.execution_duration else predicted


def quote_of_started(job: Job, started: datetime) -> datetime | None:
    """When a job that starts at an instant will probably have ended."""
    seconds = duration_of(job)
    return None if seconds is None else _later(started, seconds)


def quote_of_queued(job: Job) -> datetime | None:
    """When a job that is being queued will probably have ended: the jobs before it run first."""
    seconds = duration_of(job)
    return None if seconds is None else _later(now(), seconds + _wait(job, seconds))


def forget_history() -> None:
    """Ask the database again."""
    _histories.clear()
    _demands.clear()


def _wait(job: Job, own: float) -> float:
    """Seconds until a job starts, if all before it take as long as their tasks do."""
    if job.executor == UNCOUNTED:
        return 0.0
    queue, runs = _demand(job.executor)
    ahead = place(job, queue) - 1
    slots = slots_of(job.executor) * max(count_live(settings.ATHANOR_HOME / "run"), 1)
    if not ahead and sum(run.cores for run in runs) + job.cores <= slots:
        return 0.0
    queued = sum(line.count for line in queue)
    work = sum(line.cores * _typical(line.definition, own) for line in queue) / queued if queued else 0.0
    # What runs is half done on the average.
    left = sum(run.cores * _typical(run.definition, own) for run in runs) / 2
    return (ahead * work + left) / slots


def _demand(executor: str) -> tuple[list[Line], list[Running]]:
    """What waits and what runs; many jobs that are queued at once ask once."""
    read, demand = _demands.get(executor, (float("-inf"), ([], [])))
    if time.monotonic() > read + DEMAND_SECONDS:
        queue = lines(executor)
        demand = queue, [run for run in running() if run.executor == executor]
        if queue:
            _demands[executor] = (time.monotonic(), demand)
    return demand


def _typical(definition: str, otherwise: float) -> float:
    history = _history(definition)
    return statistics.median(seconds for seconds, _ in history) if history else otherwise


def _history(definition: str) -> History:
    """Seconds and bytes of input of the last runs of a task that completed."""
    read, history = _histories.get(definition, (float("-inf"), []))
    if time.monotonic() < read + FRESH_SECONDS:
        return history
    runs = Job.objects.filter(definition=definition, phase=Phase.COMPLETED, end_time__gt=F("start_time"))
    last = runs.order_by("-creation_time").values_list("pk", "start_time", "end_time")[:LAST]
    times = {pk: end - start for pk, start, end in last}
    sizes = dict(JobInput.objects.filter(job__in=times).order_by().values_list("job").annotate(Sum("size")))
    history = [(span.total_seconds(), float(sizes.get(pk, 0))) for pk, span in times.items()]
    if len(history) >= KEPT:
        _histories[definition] = (time.monotonic(), history)
    return history


def _third_quartile(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(0.75 * len(values)) - 1]


def _later(instant: datetime, seconds: float) -> datetime:
    """An instant in whole seconds: a prediction is no more exact."""
    return (instant + timedelta(seconds=math.ceil(min(seconds, FARTHEST)))).replace(microsecond=0)
