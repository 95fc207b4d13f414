"""LANGUAGE: which languages the texts for people are in. RFC 5255 §3."""

from __future__ import annotations

from typing import Final

from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, listed, no, ok, string
from mailcore.imap.session import Session
from mailcore.imap.table import ANY, command

MOST_RANGES: Final = 100
LANGUAGES: Final = (b"en", b"i-default")


def parse_language(cursor: Cursor) -> list[bytes]:
    """Language ranges in the order of preference; none to ask which there are."""
    found: list[bytes] = []
    while cursor.take(b" "):
        found.append(cursor.astring().lower())
        if len(found) > MOST_RANGES:
            cursor.fail(f"at most {MOST_RANGES} language ranges")
    return found


@command("LANGUAGE", state=ANY, parse=parse_language)
async def language(session: Session, wanted: list[bytes]) -> Reply:
    """Which languages there are, or choose one: there is English, which is the default as well."""
    if not wanted:
        return ok("Those are spoken", lines=[_line(LANGUAGES)])
    chosen = next((tag for tag in map(_spoken, wanted) if tag is not None), None)
    if chosen is None:
        return no("None of those is spoken here; it stays as it is", b"CANNOT")
    return ok("That is spoken", lines=[_line((chosen,))])


def _spoken(wanted: bytes) -> bytes | None:
    """The language for a range: "default" is i-default, en-GB is English. RFC 5255 §3.2, RFC 4647 §3.4."""
    if wanted in (b"default", b"i-default"):
        return b"i-default"
    return b"en" if wanted in (b"en", b"*") or wanted.startswith(b"en-") else None


def _line(tags: tuple[bytes, ...]) -> bytes:
    return b"* LANGUAGE %b\r\n" % listed([string(tag) for tag in tags])
