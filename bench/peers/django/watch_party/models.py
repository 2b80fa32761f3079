"""People, parties, who takes part, who blocks whom, and what is said: as one writes them for Django."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class User(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    username = models.CharField(max_length=150, unique=True)
    display_name = models.CharField(max_length=150)
    avatar = models.CharField(max_length=200, null=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"


class Party(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    host = models.ForeignKey(User, on_delete=models.CASCADE, related_name="hosted")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    video = models.JSONField(null=True)
    room_code = models.CharField(max_length=8, unique=True)
    visibility = models.CharField(max_length=12)
    status = models.CharField(max_length=12, db_index=True)
    scheduled_for = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    max_participants = models.PositiveIntegerField(default=50)
    participant_count = models.PositiveIntegerField(default=1)
    settings = models.JSONField(default=dict)
    position = models.FloatField(default=0)
    is_playing = models.BooleanField(default=False)
    last_sync_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["-created_at", "-id"]),)


class Participant(models.Model):
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="parties")
    role = models.CharField(max_length=12)
    status = models.CharField(max_length=12)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "party"], name="once_in_a_party"),)


class Block(models.Model):
    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocked_by")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["blocker", "blocked"], name="blocked_once"),)


class ChatMessage(models.Model):
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    message = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
