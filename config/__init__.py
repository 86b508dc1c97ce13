"""Settings, URLs and entry points of the deployed service."""
