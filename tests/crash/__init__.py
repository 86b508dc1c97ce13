"""SIGKILL of web servers, engines and runners at random moments, while jobs run: ``python -m tests.crash``."""
