"""Archive front: ObsCore tables, ADQL, TAP, VOSI and ingest."""
