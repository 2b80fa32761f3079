"""As in production: DEBUG off, connections that last, JSON alone, no session or template machinery.

PGDATABASE, PGPORT and REDIS_PORT say where things are. `STATELESS=1` believes tokens without looking for the user.
"""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

import os
from datetime import timedelta

DEBUG = False
SECRET_KEY = os.environ["JWT_SECRET"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "watch_party.urls"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "channels",
    "watch_party",
]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
AUTH_USER_MODEL = "watch_party.User"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
        "USER": "postgres",
        "HOST": "127.0.0.1",
        "PORT": os.environ["PGPORT"],
        "CONN_MAX_AGE": None,
    }
}

# redis-py's own limits, 100 connections and 5 s for an answer, are too small for channels_redis: it waits that long.
_REDIS = {
    "address": f"redis://127.0.0.1:{os.environ.get('REDIS_PORT', '6379')}",
    "max_connections": 10_000,
    "socket_timeout": None,
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [_REDIS]},
    }
}

_STATELESS = os.environ.get("STATELESS") == "1"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"
        if _STATELESS
        else "rest_framework_simplejwt.authentication.JWTAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": os.environ["JWT_SECRET"],
    "ISSUER": "tutti",
    "AUDIENCE": "tutti",
    "TOKEN_TYPE_CLAIM": "typ",
    "USER_ID_CLAIM": "sub",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
}
