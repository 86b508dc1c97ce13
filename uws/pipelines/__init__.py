"""Jobs that are made of other jobs: needs, pipelines and arrays."""
