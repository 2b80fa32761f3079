"""What a party looks like in a list."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers

from watch_party.models import Party, User


class HostSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "username", "display_name", "avatar")


class PartySerializer(serializers.ModelSerializer):
    host = HostSerializer(read_only=True)
    current_timestamp = serializers.SerializerMethodField()
    my_role = serializers.CharField(read_only=True)
    my_status = serializers.CharField(read_only=True)

    class Meta:
        model = Party
        fields = (
            "id",
            "title",
            "description",
            "host",
            "video",
            "room_code",
            "visibility",
            "status",
            "scheduled_for",
            "started_at",
            "ended_at",
            "created_at",
            "updated_at",
            "max_participants",
            "participant_count",
            "settings",
            "current_timestamp",
            "is_playing",
            "last_sync_at",
            "my_role",
            "my_status",
        )

    def get_current_timestamp(self, party):
        if not party.is_playing or party.last_sync_at is None:
            return party.position
        return round(party.position + (timezone.now() - party.last_sync_at).total_seconds(), 3)
