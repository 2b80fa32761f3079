"""The same people and parties in Tutti's tables and in Django's, each as its own program keeps them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from tutti.platform.rows import new_id

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
DAY_MS = 86_400_000
HOSTS = 200
BLOCKS = 2

Values = Mapping[str, object]


@dataclass(frozen=True)
class Rows:
    """`taking`: (party, user, role). `askers`: those who take part in many parties."""

    users: list[Values] = field(default_factory=list)
    parties: list[Values] = field(default_factory=list)
    taking: list[tuple[Values, str, str]] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)
    askers: list[str] = field(default_factory=list)


def evening(askers: int, parties: int, each: int) -> Rows:
    """Parties of two months, of which each asker takes part in so many."""
    chance, rows = Random(6), Rows()
    now_ms = int(time.time() * 1000)
    for number in range(HOSTS + askers):
        rows.users.append(_user(chance, now_ms, number))
    ids = [str(user["id"]) for user in rows.users]
    rows.askers.extend(ids[HOSTS:])
    for number in range(parties):
        made_ms = now_ms - chance.randrange(60 * DAY_MS)
        party = _party(chance, number, ids[chance.randrange(HOSTS)], made_ms, now_ms)
        rows.parties.append(party)
        rows.taking.append((party, str(party["host_id"]), "host"))
    for asker in rows.askers:
        joined = chance.sample(rows.parties, each)
        rows.taking.extend((party, asker, "participant") for party in joined)
        here = {str(party["host_id"]) for party in joined}
        others = sorted(set(ids[:HOSTS]) - here)
        rows.blocks.extend((asker, blocked) for blocked in chance.sample(others, min(BLOCKS, len(others))))
    return rows


def crowded(members: int) -> Rows:
    """One live party, and everybody in it. The first is its host."""
    chance, rows = Random(7), Rows()
    now_ms = int(time.time() * 1000)
    rows.users.extend(_user(chance, now_ms, number) for number in range(members))
    ids = [str(user["id"]) for user in rows.users]
    party = {**_party(chance, 1, ids[0], now_ms, now_ms), "participant_count": members, "status": "live"}
    party |= {"started_at_ms": now_ms, "ended_at_ms": None, "max_participants": max(members, 2)}
    rows.parties.append(party)
    rows.taking.extend((party, user, "participant" if number else "host") for number, user in enumerate(ids))
    rows.askers.extend(ids)
    return rows


def fill_tutti(url: str, rows: Rows) -> None:
    """Its tables are there: the server has been started on this database."""
    with psycopg.connect(url) as db:
        _copy(db, "users", ({**user, **_ACCOUNT} for user in rows.users))
        _copy(db, "parties", rows.parties)
        _copy(db, "party_participants", (_tutti_participant(*one) for one in rows.taking))
        at_ms = int(time.time() * 1000)
        _copy(db, "blocks", ({"blocker_id": a, "blocked_id": b, "at_ms": at_ms} for a, b in rows.blocks))
    _analyze(url)


def fill_django(url: str, rows: Rows) -> None:
    with psycopg.connect(url) as db:
        _copy(db, "watch_party_user", map(_django_user, rows.users))
        _copy(db, "watch_party_party", map(_django_party, rows.parties))
        _copy(db, "watch_party_participant", (_django_participant(*one) for one in rows.taking))
        blocks = ({"blocker_id": UUID(a), "blocked_id": UUID(b)} for a, b in rows.blocks)
        _copy(db, "watch_party_block", blocks)
    _analyze(url)


_ACCOUNT = {"email_verified": True, "active": True, "first_name": "", "last_name": ""}


def _user(chance: Random, now_ms: int, number: int) -> Values:
    name = f"person{number}"
    return {
        "id": new_id(now_ms - DAY_MS, chance.randbytes),
        "username": name,
        "username_key": name,
        "display_name": f"Person Number {number}",
        "created_at_ms": now_ms - DAY_MS,
    }


def _party(chance: Random, number: int, host: str, made_ms: int, now_ms: int) -> dict[str, object]:
    status = chance.choice(("scheduled", "live", "paused", "ended"))
    playing = status == "live"
    started_ms = None if status == "scheduled" else made_ms + 60_000
    video = {
        "id": f"film-{number}",
        "title": f"A film of {number % 120 + 60} minutes",
        "url": f"https://videos.example/{number}.mp4",
        "provider": "file",
        "duration": 5400.0 + number % 1800,
    }
    return {
        "id": new_id(made_ms, chance.randbytes),
        "host_id": host,
        "title": f"Film evening number {number}",
        "description": "We watch it together and talk about it afterwards. Bring something to eat!",
        "room_code": "".join(chance.choices(LETTERS, k=8)),
        "visibility": chance.choice(("public", "friends", "private")),
        "status": status,
        "scheduled_for_ms": made_ms + DAY_MS if status == "scheduled" else None,
        "started_at_ms": started_ms,
        "ended_at_ms": made_ms + 9_000_000 if status == "ended" else None,
        "created_at_ms": made_ms,
        "updated_at_ms": made_ms,
        "max_participants": 50,
        "participant_count": 1 + number % 40,
        "settings": json.dumps(_SETTINGS),
        "video": json.dumps(video),
        "position_ms": 0 if started_ms is None else 1000 * (number % 5000),
        "playing": playing,
        "synced_at_ms": None if started_ms is None else min(started_ms, now_ms),
    }


_SETTINGS = {"allow_chat": True, "allow_participant_control": False, "require_approval": False}


def _tutti_participant(party: Values, user: str, role: str) -> Values:
    at_ms = party["created_at_ms"]
    standing = {"role": role, "status": "approved", "party_at_ms": at_ms, "since_ms": at_ms}
    return {"party_id": party["id"], "user_id": user, **standing}


def _django_user(user: Values) -> Values:
    kept = {name: user[name] for name in ("username", "display_name")}
    return {"id": UUID(str(user["id"])), **kept, "password": "!", "is_active": True}


def _django_participant(party: Values, user: str, role: str) -> Values:
    joined = _when(party["created_at_ms"])
    ids = {"party_id": UUID(str(party["id"])), "user_id": UUID(user)}
    return {**ids, "role": role, "status": "approved", "joined_at": joined}


def _django_party(party: Values) -> Values:
    same = ("title", "description", "room_code", "visibility", "status", "max_participants")
    times = ("scheduled_for", "started_at", "ended_at", "created_at", "updated_at")
    position_ms = party["position_ms"]
    assert isinstance(position_ms, int)
    return {
        "id": UUID(str(party["id"])),
        "host_id": UUID(str(party["host_id"])),
        **{name: party[name] for name in same},
        **{name: _when(party[f"{name}_ms"]) for name in times},
        "participant_count": party["participant_count"],
        "settings": Jsonb(json.loads(str(party["settings"]))),
        "video": Jsonb(json.loads(str(party["video"]))),
        "position": position_ms / 1000,
        "is_playing": party["playing"],
        "last_sync_at": _when(party["synced_at_ms"]),
    }


def _when(ms: object) -> datetime | None:
    return datetime.fromtimestamp(ms / 1000, UTC) if isinstance(ms, int) else None


def _copy(db: psycopg.Connection, table: str, rows: Iterable[Values]) -> None:
    for columns, values in _same_columns(rows):
        with db.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
            for row in values:
                copy.write_row(tuple(row.values()))


def _same_columns(rows: Iterable[Values]) -> Iterator[tuple[tuple[str, ...], list[Values]]]:
    kept = list(rows)
    if kept:
        columns = tuple(kept[0])
        assert all(tuple(row) == columns for row in kept)
        yield columns, kept


def _analyze(url: str) -> None:
    """As autovacuum would soon: plans are made by what is known of the rows."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
