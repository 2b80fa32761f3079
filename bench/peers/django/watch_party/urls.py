"""What is asked for over HTTP."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from watch_party.views import PartyViewSet

router = SimpleRouter()
router.register("parties", PartyViewSet, basename="party")

urlpatterns = [path("api/", include(router.urls))]
