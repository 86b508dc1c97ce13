"""What `manage.py jobs` shows and does, for the operator of the service."""
