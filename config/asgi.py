"""ASGI entry point: Django for everything but static files, which WhiteNoise sends.

WhiteNoise stands beside Django and not in its middleware: files need no thread, no session and no database.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.conf import settings

django.setup(set_prefix=False)

from config.handler import Handler  # noqa: E402 - models need the set-up
from config.limits import BodyLimit  # noqa: E402 - models need the set-up
from config.static import StaticFiles  # noqa: E402 - models need the set-up

_django = BodyLimit(
    Handler(),
    limits={
        "/uws/": settings.ATHANOR_MAX_UPLOAD,
        "/jobdefs/": settings.ATHANOR_MAX_UPLOAD,
        "/tap/": settings.ATHANOR_UPLOAD_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    },
    other_limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
)
_static = StaticFiles(
    str(settings.STATIC_ROOT), prefix=settings.STATIC_URL, max_age=86400 if settings.ENVIRONMENT.production else 0
)


async def application(scope, receive, send):
    """Send a request to the static files or to Django."""
    if scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
        await _static(scope, receive, send)
    else:
        await _django(scope, receive, send)
