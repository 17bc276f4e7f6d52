"""All settings. The environment decides; without any, DataWave runs embedded in one process.

Every variable is described in docs/operations.md.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static

from datawave.common import keys
from datawave.common.env import read_bool, read_int, read_list, read_text

# Before numpy is loaded: workers are threads already, and a second one under each multiplication of
# small arrays waits more than it works. A model that is trained does not depend on the host either.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
# In a checkout templates and static files lie beside the code, in an installed wheel inside it.
CHECKOUT = (BASE_DIR / "templates").is_dir()
FRONT = BASE_DIR if CHECKOUT else BASE_DIR / "datawave" / "front"
DEFAULT_HOME = BASE_DIR / "var" if CHECKOUT else Path.home() / ".local" / "share" / "datawave"
HOME = Path(read_text("DATAWAVE_HOME") or DEFAULT_HOME).resolve()
DEBUG = read_bool("DATAWAVE_DEBUG", default=False)
PORT = read_int("PORT", 8000)

keys.make_home(HOME)
SECRET_KEY = keys.load_or_create(HOME / "keys" / "secret_key", keys.make_secret_key)
# Newest first; secrets encrypted with an older one stay readable.
DATAWAVE_SECRET_KEYS = keys.load_or_create(
    HOME / "keys" / "encryption_keys", keys.make_encryption_key
).split()

ALLOWED_HOSTS = read_list("DATAWAVE_HOSTS", "localhost,127.0.0.1,[::1]")
BASE_URL = read_text("DATAWAVE_URL", f"http://localhost:{PORT}")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "channels",
    "csp",
    "django_cotton",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "datawave",
    "apps.rbac",
    "apps.datasources",
    "apps.notifications",
    "apps.discovery",
    "apps.scan",
    "apps.classification",
    "apps.catalog",
    "apps.compliance",
    "apps.analytics",
    "apps.racine",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "datawave.common.correlation.CorrelationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.rbac.middleware.SignInRequiredMiddleware",
    "apps.rbac.middleware.TimeZoneMiddleware",
    "apps.rbac.middleware.SearchLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "datawave.urls"
ASGI_APPLICATION = "datawave.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FRONT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "datawave.common.navigation.add_navigation",
            ],
            "builtins": ["datawave.templatetags.dw"],
        },
    }
]


def _read_database() -> dict[str, Any]:
    url = urlsplit(read_text("DATABASE_URL"))
    if not url.scheme:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "datawave.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"
                ),
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        # Under ASGI each request has its own thread, so connections are kept in a pool.
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 20, "timeout": 20}},
    }


DATABASES = {"default": _read_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Live pages are fed from the table of events, so Channels needs no layer between processes.
REDIS_URL = read_text("REDIS_URL")
EMBEDDED = not REDIS_URL
if EMBEDDED:
    CACHES: dict[str, Any] = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"polling_interval": 0.1}
else:
    CACHES = {
        "default": {
            "BACKEND": "datawave.common.redis_cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "datawave",
            "OPTIONS": {
                "serializer": "datawave.common.redis_cache.JsonSerializer",
                "socket_connect_timeout": 1,
                "socket_timeout": 2,
            },
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "datawave"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A task that can't be published is found by the sweeper; the request must not wait for a broker.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

AUTH_USER_MODEL = "rbac.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
GUARDIAN_RAISE_403 = False
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "rbac:sign-in"
LOGIN_REDIRECT_URL = "analytics:overview"
LOGOUT_REDIRECT_URL = "rbac:sign-in"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [FRONT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": read_text(
            "DATAWAVE_STATIC_STORAGE", "servestatic.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "script-src": [SELF, NONCE],
    },
}

EMAIL_URL = read_text("EMAIL_URL")
DEFAULT_FROM_EMAIL = read_text("DATAWAVE_FROM", "DataWave <datawave@localhost>")
if EMAIL_URL:
    _mail = urlsplit(EMAIL_URL)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname or ""
    EMAIL_PORT = _mail.port or 587
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.rbac.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "datawave.common.bounds.PageNumbers",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "datawave.common.bounds.UserThrottle",
        "datawave.common.bounds.SearchThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min", "sign_in": "5/min", "test": "10/min"},
    "EXCEPTION_HANDLER": "datawave.common.problems.answer_problem",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "DataWave API",
    "VERSION": "v1",
    "DESCRIPTION": "Sources, runs, datasets, labels, findings and notices of one installation.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ScheduleKindEnum": "apps.racine.types.ScheduleKind",
        "PriorityEnum": "apps.racine.types.Priority",
        "RunStateEnum": "apps.racine.types.RunState",
        "TestStateEnum": "apps.datasources.types.TestState",
        "EnrolmentCodeStateEnum": "apps.datasources.types.CodeState",
        "DatasetStateEnum": "apps.discovery.types.DatasetState",
        "FieldStateEnum": "apps.discovery.types.FieldState",
        "LabelStateEnum": "apps.classification.types.LabelState",
        "FindingStateEnum": "apps.compliance.types.FindingState",
        "SchemaChangeKindEnum": "apps.discovery.types.ChangeKind",
        "DecisionKindEnum": "apps.classification.types.DecisionKind",
        "DecidedKindEnum": "apps.classification.rest.labels.KINDS",
        "SensitivityEnum": "apps.classification.types.Sensitivity",
        "ModelKindEnum": "apps.classification.types.ModelKind",
        "ReplayKindEnum": "apps.classification.types.ReplayKind",
        "ReplayStateEnum": "apps.classification.types.ReplayState",
        "LessonKindEnum": "apps.classification.types.LessonKind",
        "LearningOutcomeEnum": "apps.classification.types.LearningOutcome",
    },
}

# The colours of the dashboard, see static/css/datawave.css.
_INDIGO = {
    "50": "oklch(96.2% .018 272.314)", "100": "oklch(93% .034 272.788)",
    "200": "oklch(87% .065 274.039)", "300": "oklch(78.5% .115 274.713)",
    "400": "oklch(67.3% .182 276.935)", "500": "oklch(58.5% .233 277.117)",
    "600": "oklch(51.1% .262 276.966)", "700": "oklch(45.7% .24 277.023)",
    "800": "oklch(39.8% .195 277.366)", "900": "oklch(35.9% .144 278.697)",
    "950": "oklch(25.7% .09 281.288)",
}  # fmt: skip


def _find_icon(_request: object) -> str:
    return static("img/favicon.svg")


UNFOLD = {
    "SITE_TITLE": "DataWave",
    "SITE_HEADER": "DataWave",
    "SITE_URL": "/",
    "SITE_ICON": _find_icon,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _find_icon}],
    "COLORS": {"primary": _INDIGO},
    "SIDEBAR": {"show_search": True},
}

# Seconds an agent or a worker may be silent before its work is given to another.
JOB_LEASE_SECONDS = read_int("DATAWAVE_JOB_LEASE", 60)
STAGE_LEASE_SECONDS = read_int("DATAWAVE_STAGE_LEASE", 60)
# What an agent may read on without an end, blackout windows included.
JOB_LIMIT_HOURS = read_int("DATAWAVE_JOB_HOURS", 24)
# What is busy or out of reach is tried again after this long, and after twice as long each time.
JOB_REST_SECONDS = read_int("DATAWAVE_JOB_REST", 30)
# What one stage may take on one batch, and the memory of a process that works on it alone.
STAGE_LIMIT_SECONDS = read_int("DATAWAVE_STAGE_LIMIT", 900)
STAGE_MEMORY_MB = read_int("DATAWAVE_STAGE_MEMORY", 2048)
STAGE_RETRY_BASE_SECONDS = read_int("DATAWAVE_STAGE_RETRY_BASE", 2)
SWEEP_SECONDS = read_int("DATAWAVE_SWEEP", 2)
# Whether agents sketch columns, so that likely joins between databases are found.
SKETCHES = read_bool("DATAWAVE_SKETCHES", default=True)
EVENT_KEEP_DAYS = read_int("DATAWAVE_EVENT_KEEP_DAYS", 14)
# What one person may do, in pages and through the API together.
SEARCHES_A_MINUTE = read_int("DATAWAVE_SEARCHES", 120)
EXPORTS_AN_HOUR = read_int("DATAWAVE_EXPORTS", 30)
# How long discoveries can be taken back; 0 is for ever.
RUN_KEEP_DAYS = read_int("DATAWAVE_RUN_KEEP_DAYS", 400)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"correlation": {"()": "datawave.common.correlation.CorrelationFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["correlation"],
        }
    },
    "root": {"handlers": ["stderr"], "level": read_text("DATAWAVE_LOG_LEVEL", "INFO")},
    "loggers": {
        # A refused or missing page is no fault of ours, and its warning carries a stack trace.
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
PROMETHEUS_EXPORT_MIGRATIONS = False

django_stubs_ext.monkeypatch()
