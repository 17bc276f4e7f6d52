"""Settings of the test run: a home of its own, quick passwords, plain static files.

DATAWAVE_TEST_MODE=full runs the suite on PostgreSQL and Redis.
"""

import os
import tempfile
import zlib

os.environ.setdefault("DATAWAVE_HOME", tempfile.mkdtemp(prefix="datawave-tests-"))
os.environ.setdefault(
    "DATAWAVE_STATIC_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage"
)
if os.environ.get("DATAWAVE_TEST_MODE") == "full":
    from tests.servers import find_postgres, find_redis

    # The workers of a parallel run inherit what its controller found.
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = find_postgres() or ""
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = find_redis() or ""
    if not (os.environ["DATABASE_URL"] and os.environ["REDIS_URL"]):
        raise SystemExit("The full mode's tests need PostgreSQL and Redis; neither was found.")

from datawave.settings import *  # noqa: F403  # the product's settings, then our own
from datawave.settings import REDIS_URL

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
if REDIS_URL:
    # Each worker of a parallel run has a Redis database of its own.
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)
    CACHES["default"]["LOCATION"] = f"{REDIS_URL}/{_worker + 1}"  # noqa: F405  # from the product's settings
    # No worker process listens in the suite, and a message left over would outlive its test.
    CELERY_BROKER_URL = "memory://localhost/"
if os.environ.get("DATABASE_URL"):
    # What tests write may be lost.
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"  # noqa: F405  # from the product's settings
    # Two checkouts may share a server.
    _checkout = zlib.crc32(str(BASE_DIR).encode())  # noqa: F405  # from the product's settings
    DATABASES["default"]["TEST"] = {"NAME": f"test_datawave_{_checkout:08x}"}  # noqa: F405  # from the product's settings
else:
    # In a file as in real use: SQLite's memory mode refuses threads that write at the same time.
    DATABASES["default"]["TEST"] = {"NAME": HOME / "test.sqlite3"}  # noqa: F405  # from the product's settings
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405  # servestatic warns of a folder that is not there
# An unknown icon or component breaks the test, not the page of a user.
STRICT_TEMPLATES = True
