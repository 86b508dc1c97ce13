"""Pages: search, observations, jobs, definitions, provenance."""
