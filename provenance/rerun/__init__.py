"""Repeating jobs from what is recorded of them, and saying whether the outputs are the same."""
