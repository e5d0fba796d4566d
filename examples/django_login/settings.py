"""Settings: only what the recipe needs. The calls are set up by AUTOCALL_* in the environment."""

import os
from pathlib import Path

HERE = Path(__file__).parent

# It signs the sessions and keys the codes: the same in every process, in no repository.
SECRET_KEY = os.environ["AUTOCALL_VERIFY_KEY"]
DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("LOGIN_HTTPS") == "1"
LOGIN_STORE = os.environ.get("LOGIN_STORE", HERE / "login.sqlite3")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
ROOT_URLCONF = "django_login.urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django_login"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJANGO_DB", HERE / "db.sqlite3"),
        # A transaction takes its lock when it begins, so that two at once wait for each other instead of failing.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGIN_URL = "/login"
