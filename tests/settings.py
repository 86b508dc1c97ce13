"""Settings of the tests: the product's own, with a state directory that is thrown away."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

_home = tempfile.mkdtemp(prefix="athanor-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
for _name in list(os.environ):
    if _name.startswith("ATHANOR_") or _name in {
        "DATABASE_URL",
        "ARCHIVE_URL",
        "SECRET_KEY",
        "DEBUG",
        "SAS_DIR",
        "SAS_CCFPATH",
        "SAS_VERBOSITY",
        "SAS_SUPPRESS_WARNING",
        "HEADAS",
        "EMAIL_URL",
    }:
        del os.environ[_name]
os.environ["ATHANOR_HOME"] = _home
# What stands for SAS is a program for the Python of the tests.
os.environ["ATHANOR_SANDBOX_PATHS"] = sys.prefix

from config.settings import *  # noqa: E402, F403 - the environment must be set first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES["default"]["TEST"] = {"NAME": os.path.join(_home, "test.sqlite3")}  # noqa: F405, PTH118 - threads share a file
