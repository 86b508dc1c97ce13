"""Built-in tasks give the same bytes every time, on every machine."""
