"""A message as a mail list reads it: who wrote it, how it came, and whether that can be believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile, islice
from typing import Final

from groupware.mime.addresses import Mailbox, parse, shown
from groupware.mime.headers import decode_text, fields, message_ids, unfold
from groupware.mime.parts import Part
from groupware.mime.summary import summarize
from groupware.model.addresses import normal

_RETURN: Final = re.compile(rb"\AReturn-Path: <([^>\r\n]*)>\r?\n")
_BY: Final = re.compile(r"\bby (\S+) with ((?:UTF8SMTP|UTF8LMTP|E?SMTP|LMTP)S?A?) id ")
_DMARC: Final = re.compile(r"\bdmarc\s*=\s*pass\b", re.IGNORECASE)
_SCANNED: Final = ("x-spam-", "x-virus-")
"""Fields that are written here once a message has its trace line, whatever came with it."""
_NUMB: Final = frozenset({"bulk", "junk", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that has come to a list."""

    octets: bytes = field(repr=False)
    """Without the line that delivery puts first."""
    sender: str
    """Of the envelope; "" is <>."""
    header: Sequence[tuple[str, bytes]]
    """Names in lower case, values as written."""
    body_at: int
    parts: Sequence[Part] = field(repr=False)

    def values(self, name: str) -> Sequence[str]:
        """The values of the fields of this name, unfolded and decoded."""
        return [decode_text(unfold(value)) for each, value in self.header if each == name]

    def value(self, name: str) -> str:
        """The first of them, or ""."""
        return next(iter(self.values(name)), "")

    def people(self, name: str) -> Sequence[Mailbox]:
        """The addresses in the fields of this name."""
        return [
            box
            for each, value in self.header
            if each == name
            for box in shown(parse(unfold(value)))
            if box.address.rpartition("@")[0]
        ]

    @property
    def author(self) -> Mailbox:
        """The first who is in From; without one nobody."""
        return next(iter(self.people("from")), Mailbox("", ""))

    @property
    def address(self) -> str:
        """The author's address in its one form."""
        return normal(self.author.address)

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return self.value("subject")

    @property
    def letter_id(self) -> str:
        """The Message-ID without its brackets, or ""."""
        return next((found for name, raw in self.header if name == "message-id" for found in message_ids(raw)), "")

    @property
    def is_automatic(self) -> bool:
        """Whether a program has written it in answer to something, or it is a report. RFC 3834 §2."""
        auto = self.value("auto-submitted").split(";")[0].strip().lower()
        answers = auto.startswith("auto-replied") or self.value("precedence").strip().lower() in _NUMB
        report = bool(self.parts) and self.parts[0].media == "multipart/report"
        return not self.sender or answers or report or bool(self.value("x-autoreply"))

    @property
    def may_be_answered(self) -> bool:
        """Whether a program may write to its author. RFC 3834 §2."""
        auto = self.value("auto-submitted").split(";")[0].strip().lower()
        listed = any(name.startswith("list-") for name, _ in self.header) or self.value("precedence").lower() == "list"
        return not self.is_automatic and auto in ("", "no") and not listed

    def is_vouched(self, host: str, authserv_id: str) -> bool:
        """Whether this server knows that the author wrote it: the author signed in, or DMARC says so.

        The first two fields are its own: the trace line and, behind it, what it found of the sender; before them
        stand at most those in which scanners say what they found. Who signs in may pass mail of strangers on, but the
        sender of its envelope is always an address of one's own.
        """
        own = dropwhile(lambda field: field[0].startswith(_SCANNED), self.header)
        lines = [(name, decode_text(unfold(value))) for name, value in islice(own, 2)]
        found = _BY.search(lines[0][1]) if lines and lines[0][0] == "received" else None
        if found is None or found[1].lower() != host.lower():
            return False
        if found[2].endswith("A"):
            return normal(self.sender) == self.address
        name, said = lines[1] if len(lines) > 1 else ("", "")
        ours = name == "authentication-results" and said.split(";")[0].strip().lower() == authserv_id.lower()
        return ours and _DMARC.search(said) is not None

    @property
    def is_text(self) -> bool:
        """Whether it is made of plain text alone; HTML beside the same in text counts as text."""
        multipart = ("multipart/alternative", "multipart/mixed", "multipart/signed")
        good = ("text/plain", "text/html", "application/pgp-signature", *multipart)
        kinds = [part.media for part in self.parts]
        named = any(part.name and part.media != "application/pgp-signature" for part in self.parts)
        return all(kind in good for kind in kinds) and "text/plain" in kinds and not named


def read(octets: bytes) -> Letter:
    """The message as it lies in a list's folder."""
    found = _RETURN.match(octets)
    sender = found[1].decode("utf-8", "replace") if found is not None else ""
    if found is not None:
        octets = octets[found.end() :]
    parts = summarize(octets).parts
    header = [(name.lower().decode("ascii", "replace"), value) for name, value in fields(octets[: parts[0].body_start])]
    if found is None:  # somebody has put it there by hand
        sender = next(
            (normal(box.address) for name, raw in header if name == "from" for box in shown(parse(unfold(raw)))), ""
        )
    return Letter(octets, sender, header, parts[0].body_start, parts)
