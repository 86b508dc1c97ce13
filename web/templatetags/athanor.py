"""Filters and tags of the pages."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from uws.models import Job
from uws.phases import Phase
from uws.times import format_time
from vo.quantities import human_count, human_duration, human_size, relative_time

__all__ = ["register"]

register = template.Library()

LONG_PREFIX = re.compile(r"(?<=\w{3})_")
"""An underscore after which a name may be broken; ``s_ra`` stays in one piece."""

register.filter("count", human_count)


@register.filter
def size(value: int) -> SafeString:
    """A number of bytes in human units, the exact number in the title."""
    return format_html('<span title="{} bytes">{}</span>', value, human_size(value))


@register.filter
def duration(seconds: float | None) -> SafeString | str:
    """A time span in human units, the seconds in the title."""
    if seconds is None:
        return ""
    return format_html('<span title="{} s">{}</span>', f"{seconds:g}", human_duration(seconds))


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A moment as date and time, UTC; exact in the title and for programs."""
    if value is None:
        return "–"
    exact = format_time(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, exact, f"{value:%Y-%m-%d %H:%M:%S} UTC")


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """A moment seen from now, exact in the title and for programs."""
    if value is None:
        return "–"
    exact = format_time(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, exact, relative_time(value, timezone.now()))


@register.filter
def phase(value: str) -> SafeString:
    """A phase as word and colour."""
    return format_html('<span class="phase phase-{}">{}</span>', value.lower(), Phase(value).label)


@register.filter
def subject(job: Job) -> str:
    """The input files of a job by their names."""
    return ", ".join(item.name for item in job.inputs.all())


@register.filter
def breakable(name: str) -> SafeString:
    """A column's name that may be broken into lines after an underscore."""
    return format_html_join(SafeString("_<wbr>"), "{}", ((part,) for part in LONG_PREFIX.split(name)))


@register.filter
def took(job: Job) -> SafeString | str:
    """How long a job ran, or has been running."""
    if job.start_time is None:
        return "–"
    return duration(round(((job.end_time or timezone.now()) - job.start_time).total_seconds(), 3))


@register.simple_tag(takes_context=True)
def page_link(context: dict[str, Any], number: int) -> str:
    """Query part of the address of another page of the same list."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
