"""The language of guide 003, the watch-party platform: Django-REST conventions over HTTP."""
