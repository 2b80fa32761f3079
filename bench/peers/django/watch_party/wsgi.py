"""For gunicorn."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watch_party.settings")
application = get_wsgi_application()
