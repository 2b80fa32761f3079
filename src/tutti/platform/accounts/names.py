"""How names and emails are compared, and what a name is made of where none was chosen."""

from __future__ import annotations

import unicodedata

from tutti.platform.accounts.schemas import NewAccount

LONGEST_NAME = 150


def email_key(email: str) -> str:
    """Emails are kept and compared in lower case."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def name_key(name: str) -> str:
    """Names that look the same are the same."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def printable(name: str) -> str:
    """On one line, not too long, as it is compared but for case."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(letter for letter in plain if letter.isprintable()).strip()[:LONGEST_NAME]


def proposed(new: NewAccount) -> str:
    """Of the names, else of the email."""
    full = ".".join(part for part in (new.first_name, new.last_name) if part)
    wanted = printable(full or new.email.partition("@")[0]).lower()
    return "".join(letter for letter in wanted if letter.isalnum() or letter in "._-")[:100] or "someone"
