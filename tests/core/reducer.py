"""A second opinion: a room's state folded from stored events as a client would, in plain dictionaries.

Written from what the events say about themselves, and sharing no code with the core: it knows JSON and nothing else.
"""

from __future__ import annotations

from typing import Any

View = dict[str, Any]

FIVE_MINUTES_MS = 300_000.0


def opened(room_id: str, epoch: str, at_ms: float, fields: View) -> View:
    """The view of a room that has just been opened."""
    host = fields["host"]
    return {
        "id": room_id,
        "epoch": epoch,
        "seq": 1,
        "name": fields["name"],
        "defaults": fields["defaults"],
        "owner": host["id"],
        "host": host["id"],
        "members": {host["id"]: host},
        "capacity": fields["defaults"]["capacity"],
        "opened_at_ms": at_ms,
        "active_at_ms": at_ms,
        "media": fields["media"],
        "timeline": {"position_ms": 0.0, "rate": 1.0, "playing": False, "anchored_at_ms": at_ms},
        "moved_by": None,
        "moved_at_ms": 0.0,
        "locked": False,
        "chat_on": True,
        "closed": None,
        "expelled_until": None,
        "queue": [],
        "chat": [],
        "waits": False,
        "waiting": None,
        "hands": [],
        "lobby": False,
        "knocks": {},
        "sharing": [],
        "one_share": True,
        "password": None,
        "seat": None,
        "recording": None,
        "breakouts": None,
        "slow_mode_s": 0.0,
        "polls": [],
        "access": None,
    }


def reduce(view: View, seq: int, at_ms: float, name: str, fields: View) -> None:
    """Bring `view` up to date with the event `name` number `seq`, recorded at `at_ms`."""
    assert seq == view["seq"] + 1
    view["seq"], view["active_at_ms"] = seq, at_ms
    if name in _OF_A_MEMBER:
        view["members"][fields["member"]] |= {field: fields[field] for field in _OF_A_MEMBER[name]}
    elif name in _OF_THE_ROOM:
        ours, theirs = _OF_THE_ROOM[name]
        view[ours] = fields[theirs]
    elif name in ("TimelineMoved", "MediaChanged"):
        view["media"] = fields.get("media", view["media"])
        view["timeline"], view["moved_by"], view["moved_at_ms"] = fields["timeline"], fields["by"], at_ms
    elif name == "HandChanged":
        view["members"][fields["member"]]["hand_ms"] = at_ms if fields["raised"] else None
        _listed(view["hands"], fields["member"], fields["raised"])
    elif name == "WaitBegan":
        view["waiting"] = fields
        for who in fields["members"]:
            view["members"][who]["ready"] = False
    elif name == "WaitEnded":
        view["waiting"] = None
    elif name == "MemberJoined":
        view["members"][fields["member"]["id"]] = fields["member"]
    elif name == "MemberLeft":
        _left(view, fields, at_ms)
    elif name == "HostChanged":
        _seated(view, fields)
    elif name in _IN_PARTY:
        _in_party(view, seq, at_ms, name, fields)
    else:
        _in_meeting(view, at_ms, name, fields)


_IN_PARTY = ("ChatSaid", "ChatEdited", "ChatRemoved", "PollOpened", "PollVoted", "PollClosed")


def _in_party(view: View, seq: int, at_ms: float, name: str, fields: View) -> None:
    if name == "ChatSaid":
        view["chat"] = (view["chat"] + [{"seq": seq, "at_ms": at_ms, "edited_at_ms": None, **fields}])[-200:]
        view["members"][fields["member"]]["said_ms"] = at_ms
    elif name == "ChatEdited":
        for line in view["chat"]:
            if line["seq"] == fields["line"]:
                line |= {"text": fields["text"], "edited_at_ms": at_ms}
    elif name == "ChatRemoved":
        view["chat"] = [line for line in view["chat"] if line["seq"] != fields["line"]]
    elif name == "PollOpened":
        view["polls"] = (view["polls"] + [fields["poll"]])[-20:]
    else:
        for poll in view["polls"]:
            if poll["id"] == fields["poll"] and name == "PollVoted":
                poll["votes"][fields["member"]] = fields["answer"]
            elif poll["id"] == fields["poll"]:
                poll["closed"] = True


def _in_meeting(view: View, at_ms: float, name: str, fields: View) -> None:  # noqa: PLR0912 - one case per event
    who = fields.get("member")
    if name == "CallEntered":
        view["members"][who] |= {"calling": True, "proof": fields["proof"]}
    elif name == "CallLeft":
        view["members"][who]["calling"] = False
        _listed(view["sharing"], who, False)
    elif name == "Knocked":
        view["knocks"][who] = {"name": fields["name"], "at_ms": at_ms, "proof": fields["proof"]}
    elif name == "KnockEnded":
        del view["knocks"][who]
    elif name == "SharingChanged":
        _listed(view["sharing"], who, fields["on"])
    elif name == "SeatKept":
        view["seat"] = fields
    elif name == "RecordingStarted":
        view["recording"] = fields | {"started_at_ms": at_ms}
    elif name == "RecordingStopped":
        view["recording"] = None
    elif name == "BreakoutsOpened":
        view["breakouts"] = {"rooms": fields["rooms"], "until_ms": fields["until_ms"]}
    elif name == "Assigned":
        view["members"][who]["away"] = fields["to"]
        _listed(view["sharing"], who, False)
    elif name == "BreakoutsExtended":
        view["breakouts"]["until_ms"] = fields["until_ms"]
    elif name == "BreakoutsClosed":
        view["breakouts"] = None
    else:
        raise AssertionError(f"an event that this reducer does not know: {name}")


def _listed(these: list[str], who: object, there: bool) -> None:
    these[:] = [one for one in these if one != who] + ([str(who)] if there else [])


_OF_A_MEMBER = {
    "RoleChanged": ("role",),
    "OffsetSet": ("offset_ms",),
    "ReadyChanged": ("ready",),
    "MuteChanged": ("muted",),
}
_OF_THE_ROOM = {
    "LockChanged": ("locked", "locked"),
    "CapacityChanged": ("capacity", "capacity"),
    "ChatSwitched": ("chat_on", "on"),
    "QueueChanged": ("queue", "queue"),
    "WaitingSwitched": ("waits", "on"),
    "LobbySwitched": ("lobby", "on"),
    "SharePolicyChanged": ("one_share", "one"),
    "PasswordChanged": ("password", "password"),
    "RoomClosed": ("closed", "reason"),
    "SlowModeChanged": ("slow_mode_s", "seconds"),
    "AccessChanged": ("access", "access"),
}


def _left(view: View, fields: View, at_ms: float) -> None:
    del view["members"][fields["member"]]
    _listed(view["hands"], fields["member"], False)
    _listed(view["sharing"], fields["member"], False)
    if fields["reason"] == "expelled":
        before = view["expelled_until"] or {}
        still = {who: end for who, end in before.items() if end > at_ms}
        view["expelled_until"] = still | {fields["member"]: at_ms + FIVE_MINUTES_MS}


def _seated(view: View, fields: View) -> None:
    members = view["members"]
    if fields["was"] in members:
        members[fields["was"]]["role"] = "member"
    if fields["host"] is not None:
        members[fields["host"]]["role"] = "host"
    view["host"] = fields["host"]
    if view["seat"] is not None and view["seat"]["member"] == fields["host"]:
        view["seat"] = None
