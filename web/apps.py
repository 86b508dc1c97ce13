"""Django application of the pages."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages of the service."""

    name = "web"
    verbose_name = "Pages"
