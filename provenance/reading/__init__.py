"""What is stored of activities and entities, as a graph that its asker may see."""

from provenance.reading.graphs import Detail, graph_of

__all__ = ["Detail", "graph_of"]
