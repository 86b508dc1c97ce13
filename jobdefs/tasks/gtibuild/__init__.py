"""gtibuild: good time intervals from a text that lists them."""
