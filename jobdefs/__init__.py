"""What a task is: definitions as data, and the built-in tasks."""
