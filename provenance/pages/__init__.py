"""Pages of provenance: the graph around a job, another activity or an entity, and the same relations as a table."""
