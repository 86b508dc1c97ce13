"""Fields of plain data: the parameters of a job in their order, and its definition, which children share."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

__all__ = ["DefinitionField", "OrderedField"]


class _Shared(DeferredAttribute):
    """The job's own document, else what its parent's document says of its task."""

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        own = super().__get__(instance, cls)
        if instance is None or own or instance.parent_id is None:
            return own
        document = instance.parent.definition_document
        if document.get("name") == instance.definition:
            return document
        return next((task for task in document.get("tasks", ()) if task["name"] == instance.definition), own)

    def __set__(self, instance: Any, value: Any) -> None:
        """Having this, it is asked even when the instance holds a value."""
        instance.__dict__[self.field.attname] = value


class DefinitionField(models.JSONField):
    """A definition as plain data; an empty one stands for the parent's, which ten thousand children need not repeat."""

    descriptor_class = _Shared

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: ARG002 - Django's own form
        """What the job itself keeps, not what it shares."""
        return model_instance.__dict__.get(self.attname, {})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """For the database it is a JSONField."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class OrderedField(models.JSONField):
    """Plain data whose keys stay in their order: PostgreSQL's ``jsonb``, which Django uses, does not keep it."""

    def db_type(self, connection: Any) -> str | None:
        """PostgreSQL's ``json`` is the text as it was written."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The text alone, which Django would mark as ``jsonb``."""
        if connection.vendor == "postgresql" and not hasattr(value, "as_sql"):
            return json.dumps(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """What psycopg2 has read already, for it knows ``json``."""
        return value if connection.vendor == "postgresql" else super().from_db_value(value, expression, connection)
