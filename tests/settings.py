"""Settings of the test run: a home of its own, quick passwords, plain static files."""

import os
import tempfile

os.environ.setdefault("DATAWAVE_HOME", tempfile.mkdtemp(prefix="datawave-tests-"))
os.environ.setdefault(
    "DATAWAVE_STATIC_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage"
)

from datawave.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
