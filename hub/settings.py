"""
Every setting of the site, from the environment only.

A secret may come as ``NAME_FILE``, the path of a file that holds it. ``docs/settings.md`` tells
operators the same; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.contrib import admin
from environ.fileaware_mapping import FileAwareMapping

from hub import first_start


class SecretFiles(FileAwareMapping):  # type: ignore[misc] # it has no types
    """``NAME_FILE`` names a file with the value; what editors and echo end it with is no part."""

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).rstrip("\r\n")


env = environ.Env()
env.ENVIRON = SecretFiles()

ROOT = Path(__file__).resolve().parent.parent

# --- What operators set -----------------------------------------------------------------------

DATA_DIR = Path(env.str("HUB_DATA_DIR", default=str(ROOT / "var"))).resolve()
PUBLIC_ORIGIN = env.str("HUB_PUBLIC_ORIGIN", default="").rstrip("/")
DATABASE_URL = env.str("HUB_DATABASE_URL", default="")
REDIS_URL = env.str("HUB_REDIS_URL", default="")
EMAIL_URL = env.str("HUB_EMAIL_URL", default="consolemail://")
ENVOY_DIR = Path(env.str("HUB_ENVOY_DIR", default=str(DATA_DIR / "envoys"))).resolve()
REGISTRY_URL = env.str("HUB_REGISTRY_URL", default="").rstrip("/")
REGISTRY_USERNAME = env.str("HUB_REGISTRY_USERNAME", default="")
REGISTRY_PASSWORD = env.str("HUB_REGISTRY_PASSWORD", default="")
CACHE_BYTES = env.int("HUB_CACHE_BYTES", default=10 * 1024**3)
MAX_UPLOAD_BYTES = env.int("HUB_MAX_UPLOAD_BYTES", default=256 * 1024 * 1024)
# Each proxy in front adds to X-Forwarded-For; what stands before those is the client's own word.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("HUB_TRUSTED_PROXIES", default=0)
GITHUB_CLIENT_ID = env.str("HUB_GITHUB_CLIENT_ID", default="")
GITHUB_CLIENT_SECRET = env.str("HUB_GITHUB_CLIENT_SECRET", default="")
GITHUB_URL = env.str("HUB_GITHUB_URL", default="https://github.com").rstrip("/")

EMBEDDED = not DATABASE_URL
SECRET_KEY = first_start.secret_key(
    env.str("HUB_SECRET_KEY", default=""),
    data_dir=DATA_DIR if EMBEDDED and first_start.is_loopback(PUBLIC_ORIGIN) else None,
)

# The port that `serve` listens on; it tells its children. Only used while no origin is set.
LISTEN_PORT = env.int("HUB_LISTEN_PORT", default=8000)

# --- The site ---------------------------------------------------------------------------------

DEBUG = False
IS_HTTPS = PUBLIC_ORIGIN.startswith("https://")
# Without an origin the loopback names answer, each with its own; see core/origin.py.
ALLOWED_HOSTS = [urlsplit(PUBLIC_ORIGIN).hostname or "", "127.0.0.1", "localhost", "[::1]"]
if not PUBLIC_ORIGIN:
    ALLOWED_HOSTS = ALLOWED_HOSTS[1:]
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN] if PUBLIC_ORIGIN else []
ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "csp",
    "django_cotton",
    "rest_framework",
    "drf_spectacular",
    "core",
    "accounts",
    "catalog",
    "validation",
    "registry",
    "hub",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hub.middleware.PrivateByDefault",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hub.middleware.Actors",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hub.middleware.ErrorPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hub.context.site",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "hub.templatetags.hub"],
        },
    }
]

# --- Where things are kept --------------------------------------------------------------------

if EMBEDDED:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "hub.sqlite3",
            "OPTIONS": {
                # A deferred BEGIN fails "locked" as soon as two writers meet.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: a 2xx is a promise, also through a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
            # A file, as in use: an in-memory database behaves differently between threads.
            "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
        }
    }
else:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 600

CONTENT_STORE = "registry.stores.filesystem.FilesystemStore"
if REGISTRY_URL:
    CONTENT_STORE = "registry.stores.upstream.UpstreamStore"

if REDIS_URL:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 60}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CELERY_BROKER_URL = "filesystem://"
    # One folder for both directions: the publisher's out is the worker's in.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(DATA_DIR / "broker"),
        "data_folder_out": str(DATA_DIR / "broker"),
        "control_folder": str(DATA_DIR / "broker-control"),
        "polling_interval": 0.05,
    }

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

globals().update(env.email_url_config(EMAIL_URL))
DEFAULT_FROM_EMAIL = f"WebAssembly Hub <hub@{urlsplit(PUBLIC_ORIGIN).hostname or 'localhost'}>"

# --- Static files -----------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static", Path(admin.__file__).with_name("static")]
# What other packages bring (the browsable API's Bootstrap, say) is used on no page.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "hub.static.HashedStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- Signing in -------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_QUERY_EMAIL = True
HAS_GITHUB = bool(GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET)
GITHUB = {
    "SCOPE": ["read:user", "user:email"],
    "OAUTH_PKCE_ENABLED": True,
    "APPS": [{"client_id": GITHUB_CLIENT_ID, "secret": GITHUB_CLIENT_SECRET}] if HAS_GITHUB else [],
}
if GITHUB_URL != "https://github.com":
    GITHUB["GITHUB_URL"] = GITHUB_URL
SOCIALACCOUNT_PROVIDERS = {"github": GITHUB}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "hub.views.csrf_failure"

# --- Headers ----------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        # The button "Continue with GitHub" is a POST that is redirected there.
        "form-action": ["'self'", GITHUB_URL],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "upgrade-insecure-requests": IS_HTTPS,
    }
}

# --- The REST API -----------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.AccessTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # Services ask the policy; DRF only finds out who is asking.
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "core.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "WebAssembly Hub",
    "DESCRIPTION": "Find, publish and deploy Wasm extensions for Envoy-based proxies.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"VisibilityEnum": ["public", "internal", "private"]},
}

# Uploads of modules are spooled to disk by the ASGI side; the sum of form fields stays small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR / "incoming")
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
    },
}

first_start.make_folders(
    DATA_DIR, ["blobs", "broker", "broker-control", "incoming", "search", "static"]
)
