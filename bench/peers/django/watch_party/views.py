"""The parties that somebody hosts or takes part in, but none whose host they block or who blocks them: one query."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

from django.db.models import F
from rest_framework.mixins import ListModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.viewsets import GenericViewSet

from watch_party.models import Block, Party
from watch_party.serializers import PartySerializer


class NewestFirst(CursorPagination):
    page_size = 20
    ordering = ("-created_at", "-id")


class PartyViewSet(ListModelMixin, GenericViewSet):
    serializer_class = PartySerializer
    pagination_class = NewestFirst

    def get_queryset(self):
        me = self.request.user.id
        return (
            Party.objects.filter(participants__user_id=me, participants__status__in=("approved", "pending"))
            .exclude(host_id__in=Block.objects.filter(blocker_id=me).values("blocked_id"))
            .exclude(host_id__in=Block.objects.filter(blocked_id=me).values("blocker_id"))
            .annotate(my_role=F("participants__role"), my_status=F("participants__status"))
            .select_related("host")
        )
