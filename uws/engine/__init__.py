"""The job engine; see `uws.engine.engine`."""
