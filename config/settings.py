"""Django settings; everything that differs between sites comes from `config.environment`."""

from __future__ import annotations

from config.environment import BASE_DIR, read_environment

ENVIRONMENT = read_environment()

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts

ATHANOR_HOME = ENVIRONMENT.home
ATHANOR_VERSION = "0.1.0"
ATHANOR_HOST = ENVIRONMENT.host
ATHANOR_PORT = ENVIRONMENT.port
ATHANOR_BASE_URL = ENVIRONMENT.base_url
ATHANOR_AUTHORITY = ENVIRONMENT.authority
ATHANOR_WEB_WORKERS = ENVIRONMENT.web_workers
ATHANOR_DEFINITIONS = ENVIRONMENT.definitions
ATHANOR_EXECUTOR = ENVIRONMENT.executor
ATHANOR_SANDBOX = ENVIRONMENT.sandbox
ATHANOR_SANDBOX_PATHS = ENVIRONMENT.sandbox_paths
ATHANOR_LOCAL_SLOTS = ENVIRONMENT.local_slots
ATHANOR_SLURM_SLOTS = ENVIRONMENT.slurm_slots
ATHANOR_SLURM_PARTITION = ENVIRONMENT.slurm_partition
ATHANOR_SLURM_ACCOUNT = ENVIRONMENT.slurm_account
ATHANOR_SLURM_BIN = ENVIRONMENT.slurm_bin
SLURM_CONF = ENVIRONMENT.slurm_conf
ATHANOR_OWNER_RUNNING = ENVIRONMENT.owner_running
ATHANOR_OWNER_QUEUED = ENVIRONMENT.owner_queued
ATHANOR_ANONYMOUS_RUNNING = ENVIRONMENT.anonymous_running
ATHANOR_ANONYMOUS_QUEUED = ENVIRONMENT.anonymous_queued
ATHANOR_ACCOUNTING_DAYS = ENVIRONMENT.accounting_days
ATHANOR_FAIR_SHARE_HOURS = ENVIRONMENT.fair_share_hours
ATHANOR_MAXREC = ENVIRONMENT.maxrec
ATHANOR_MAXREC_HARD = ENVIRONMENT.maxrec_hard
ATHANOR_SYNC_TIME_LIMIT = ENVIRONMENT.sync_time_limit
ATHANOR_ASYNC_TIME_LIMIT = ENVIRONMENT.async_time_limit
ATHANOR_MAX_UPLOAD = ENVIRONMENT.max_upload
ATHANOR_UPLOAD_BYTES = ENVIRONMENT.upload_bytes
ATHANOR_MAX_ARRAY = ENVIRONMENT.max_array
ATHANOR_UPLOAD_ROWS = ENVIRONMENT.upload_rows
ATHANOR_UPLOAD_HOSTS = ENVIRONMENT.upload_hosts
ATHANOR_JOB_RETENTION = ENVIRONMENT.job_retention
ATHANOR_ARCHIVE_JOBS = ENVIRONMENT.archive_jobs
ATHANOR_ARCHIVE_DAYS = ENVIRONMENT.archive_days
ATHANOR_MIN_FREE_BYTES = ENVIRONMENT.min_free_bytes
ATHANOR_NOTICE_HOSTS = ENVIRONMENT.notice_hosts
ATHANOR_PUBLISH = ENVIRONMENT.publish
ARCHIVE_URL = ENVIRONMENT.archive_url
ATHANOR_ARCHIVE_READER_URL = ENVIRONMENT.archive_reader_url
SAS_DIR = ENVIRONMENT.sas_dir
SAS_CCFPATH = ENVIRONMENT.sas_ccfpath
SAS_VERBOSITY = ENVIRONMENT.sas_verbosity
SAS_SUPPRESS_WARNING = ENVIRONMENT.sas_suppress_warning
HEADAS = ENVIRONMENT.headas
ATHANOR_SAS_COMMAND = ENVIRONMENT.sas_command
ATHANOR_ODF_DIR = ENVIRONMENT.odf_dir
ATHANOR_XMM_ARCHIVE = ENVIRONMENT.xmm_archive

ATHANOR_HOME.mkdir(parents=True, exist_ok=True)

INSTALLED_APPS = [
    "web",
    "provenance",
    "obstap",
    "uws",
    "crispy_forms",
    "crispy_bootstrap4",
    "rest_framework",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "uws.http.software.ServerHeader",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",  # tells Content-Length
    "web.security.ContentSecurityPolicy",
    "web.errors.ErrorRenderer",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "uws.http.authentication.BasicAuthentication",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap4"
CRISPY_TEMPLATE_PACK = "bootstrap4"

DATABASES = {"default": ENVIRONMENT.database}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Several web and engine processes write: WAL lets readers go on, IMMEDIATE makes writers queue instead of fail.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = ATHANOR_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if ENVIRONMENT.production
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/jobs/"
LOGOUT_REDIRECT_URL = "/"
SESSION_COOKIE_SECURE = ENVIRONMENT.production
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "web.errors.csrf_failure"
CSRF_COOKIE_SECURE = ENVIRONMENT.production
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.base_url.startswith("https:") else None

ATHANOR_MAIL = bool(ENVIRONMENT.email)
EMAIL_BACKEND = ENVIRONMENT.email.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST = ENVIRONMENT.email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = ENVIRONMENT.email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = ENVIRONMENT.email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = ENVIRONMENT.email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = ENVIRONMENT.email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = ENVIRONMENT.email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENVIRONMENT.from_email

DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "uws.http.temporary.TemporaryFiles",
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "athanor": {"level": "INFO"},
        # A 4xx is the client's affair; the access log tells of it.
        "django.request": {"level": "ERROR"},
    },
}
