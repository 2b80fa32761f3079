"""The table of jobs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

LONGEST_KIND = 40
LONGEST_KEY = 200
LONGEST_REASON = 300

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class Job(Rows):
    """`due_at_ms`: when it may be taken: of one that runs, when its lease ends; of one that has ended, never (None).

    `waiting_key` is kind and key while it waits, so that there is one at most. `lease` names whoever runs it.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "due_at_ms"), Index(None, "kind", "key"), Index(None, "ended_at_ms"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(LONGEST_KIND))
    key: Mapped[str | None] = mapped_column(String(LONGEST_KEY))
    waiting_key: Mapped[str | None] = mapped_column(String(LONGEST_KIND + 1 + LONGEST_KEY), unique=True)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    due_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    lease: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))
    added_at_ms: Mapped[int] = mapped_column(BigInteger)
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger)
