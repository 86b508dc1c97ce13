"""The history that the expected documents tell, and how each is asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from provenance.document import Model
from provenance.formats import find_format
from provenance.sap import Request, find_graph
from tests.provenance.documents.history import BASE, IDS, build


@pytest.fixture
def askers(db: None) -> SimpleNamespace:
    """The users who ask, once the history is there."""
    return build()


@pytest.fixture
def document(askers: SimpleNamespace) -> Callable[..., bytes]:
    """Writes the history as a user may see it, with all that can be told."""

    def write(form: str, model: Model, asker: str, **more: Any) -> bytes:
        flags = {"agents": True, "configuration": True, "descriptions": True, "members": True, "steps": True}
        request = Request(ids=IDS, depth=None, model=model, **{**flags, **more})
        graph = find_graph(request, user=getattr(askers, asker), base_url=BASE)
        pieces = find_format(form).write(graph, base_url=BASE, model=model, descriptions=request.descriptions)
        return b"".join(pieces)

    return write
