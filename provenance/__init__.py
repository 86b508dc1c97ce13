"""Provenance of finished jobs: IVOA ProvenanceDM 1.0 records and their serialisations."""
