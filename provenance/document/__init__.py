"""From a graph to the statements of a document, in the model of the IVOA or in that of the W3C."""

from provenance.document.models import Model
from provenance.document.names import VOPROV, activity_url, entity_url, resolver_url
from provenance.document.state import state

__all__ = ["VOPROV", "Model", "activity_url", "entity_url", "resolver_url", "state"]
