"""Guide 003's parties and chat on Django: `python manage.py migrate --run-syncdb`, and what serves is in watch_party."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watch_party.settings")
    execute_from_command_line(sys.argv)
