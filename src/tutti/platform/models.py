"""Every feature's tables: they are known by being imported."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData

from tutti.platform.accounts import models as accounts
from tutti.platform.chat_archive import models as chat_archive
from tutti.platform.conversations import models as conversations
from tutti.platform.jobs import models as jobs
from tutti.platform.nearby import models as nearby
from tutti.platform.notifications import models as notifications
from tutti.platform.once import models as once
from tutti.platform.outbox import models as outbox
from tutti.platform.parties import models as parties
from tutti.platform.people import models as people
from tutti.platform.rows import Rows
from tutti.platform.spotify import models as spotify

FEATURES: Final = (
    accounts,
    chat_archive,
    conversations,
    jobs,
    nearby,
    notifications,
    once,
    outbox,
    parties,
    people,
    spotify,
)
TABLES: Final[MetaData] = Rows.metadata
