"""Tables that a client brings with a query (TAP 1.1 §2.7.6)."""
