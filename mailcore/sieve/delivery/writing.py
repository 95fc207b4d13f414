"""The messages that scripts send: vacation answers (RFC 5230), notices (RFC 5436), and the word to a script's owner."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.mime.headers import clean, decode_text, fields, message_ids, unfold
from groupware.mime.lines import crlf
from groupware.model.script import ActiveScript
from mailcore.queue.letters import Letter, composed
from mailcore.sieve.actions import Notify, Vacation
from mailcore.sieve.errors import SieveError

_LONGEST_LINE: Final = 900
_MOST_IDS: Final = 20
_HEADER: Final = re.compile(rb"\r?\n\r?\n")
_IMPORTANCE: Final[Mapping[int, str]] = {1: "high", 2: "normal", 3: "low"}


@dataclass(frozen=True, slots=True)
class Original:
    """What an answer has to know of the message that it answers."""

    header: bytes = field(repr=False)

    def all(self, name: bytes) -> list[bytes]:
        """The values of the fields of a name, each on one line."""
        return [unfold(value) for each, value in fields(self.header) if each.lower() == name]

    def text(self, name: bytes) -> str:
        """The first of them, decoded; "" if there is none."""
        return next((decode_text(value) for value in self.all(name)), "")

    def ids(self, name: bytes) -> list[str]:
        """The message ids in the first of them."""
        found = next((message_ids(value) for value in self.all(name)), ())
        return [each for each in found if each.isascii() and 0 < len(each) < _LONGEST_LINE]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the owner's server, for the owner."""

    active: ActiveScript
    host: str
    now: datetime
    own: Sequence[str] = ()
    """The addresses that may stand in From."""

    def answer(self, action: Vacation, original: Original) -> bytes:
        """A vacation answer. RFC 5230 §5."""
        answered = original.ids(b"message-id")[:1]
        before = original.ids(b"references") or original.ids(b"in-reply-to")[:1]
        references = [*before, *answered][-_MOST_IDS:]
        lines = [
            address_line("From", [self._from(action.sender)]),
            address_line("To", [mailbox("", action.to)]),
            header_line("Subject", action.subject),
            *self._common(),
            *([_ids("In-Reply-To", answered)] if answered else []),
            *([_ids("References", references)] if references else []),
            header_line("Auto-Submitted", "auto-replied (vacation)"),
            header_line("X-Auto-Response-Suppress", "All"),
            header_line("Precedence", "bulk"),
            header_line("MIME-Version", "1.0"),
        ]
        return b"".join(lines) + (_entity(action.text) if action.mime else _plain(action.text))

    def notice(self, action: Notify, original: Original) -> bytes:
        """A notice of a message. RFC 5436 §2.7."""
        about, author = original.text(b"subject"), original.text(b"from")
        subject = action.subject or clean(f"New message from {author or 'nobody'}: {about or '(no subject)'}")
        text = action.text or f"From: {author}\nSubject: {about}\n"
        lines = [
            address_line("From", [self._from(action.sender)]),
            address_line("To", [mailbox("", each) for each in action.to]) if action.to else b"",
            address_line("Cc", [mailbox("", each) for each in action.cc]) if action.cc else b"",
            header_line("Subject", subject),
            *self._common(),
            header_line("Auto-Submitted", f'auto-notified; owner-email="{self.active.address}"'),
            header_line("Importance", _IMPORTANCE.get(action.importance, "normal")),
            *(header_line(name, value) for name, value in action.headers),
            header_line("MIME-Version", "1.0"),
        ]
        return b"".join(lines) + _plain(text)

    def trouble(self, wrong: SieveError) -> bytes:
        """What is wrong with a script, for its owner."""
        text = (
            f"Your rules (the script {clean(self.active.name)!r}) could not be carried out for a message:",
            "",
            *(f"    {line}" for line in str(wrong).splitlines()),
            "",
            "The message was kept in your INBOX, and nothing else was done with it. So it will be with every message",
            "that these rules go wrong with, until you change them. You are told once for each version of a script.",
        )
        return composed(Letter(self.active.address, "Your mail rules have an error", text), self.host, self.now)

    def trouble_above(self, to: str, wrong: SieveError) -> bytes:
        """What is wrong with the script of a mail list, a domain or the server, for the postmaster."""
        whose = {
            "server": "the server",
            "domain": f"the domain {to.rpartition('@')[2]}",
            "account": f"the mail list {self.active.address}",
        }[self.active.level]
        text = (
            f"The rules of {whose} (the script {clean(self.active.name)!r}) could not be carried out for a message to",
            f"{self.active.address}:",
            "",
            *(f"    {line}" for line in str(wrong).splitlines()),
            "",
            "The message went on as if there were no such rules. So it will be with every message that these rules go",
            "wrong with, until they are changed. This is said once for each version of a script.",
        )
        return composed(Letter(to, f"The mail rules of {whose} have an error", text), self.host, self.now)

    def trouble_in(self, path: str, wrong: str) -> bytes:
        """What is wrong with a script that ran because of something in a folder, for its owner."""
        text = (
            f"Your script {clean(self.active.name)!r} could not be carried out for a message in {clean(path)!r}:",
            "",
            *(f"    {line}" for line in wrong.splitlines()),
            "",
            "The message was left as it is. So it will be with every message that this script goes wrong with, until",
            "you change it. You are told once for each version of a script.",
        )
        return composed(Letter(self.active.address, "A script of yours has an error", text), self.host, self.now)

    def _common(self) -> list[bytes]:
        return [header_line("Date", format_date(self.now)), header_line("Message-ID", message_id(self.host))]

    def _from(self, wanted: str) -> str:
        """The address that the script wants, if it is one of the owner's; else the owner's own. RFC 5230 §4.3."""
        known = {each.lower(): each for each in self.own}
        return mailbox(self.active.owner, known.get(wanted.lower(), self.active.address))


def _ids(name: str, ids: Sequence[str]) -> bytes:
    return header_line(name, " ".join(f"<{each}>" for each in ids))


def _plain(text: str) -> bytes:
    """A text part; one with lines too long for mail in quoted-printable."""
    octets = crlf(text.encode("utf-8", "replace"))
    octets += b"" if octets.endswith(b"\n") or not octets else b"\r\n"
    encoding = "7bit" if octets.isascii() else "8bit"
    if b"\0" in octets or max(map(len, octets.split(b"\r\n"))) > _LONGEST_LINE:
        from quopri import encodestring

        octets, encoding = crlf(encodestring(octets.replace(b"\r\n", b"\n"))), "quoted-printable"
    head = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + octets


def _entity(text: str) -> bytes:
    """A MIME entity as the script gives it: of its header the fields about the content. RFC 5230 §4.4."""
    octets = crlf(text.encode("utf-8", "replace"))
    end = _HEADER.search(octets)
    header, body = (octets[: end.start() + 2], octets[end.end() :]) if end is not None else (octets, b"")
    kept = [(name, value) for name, value in fields(header) if name.lower().startswith(b"content-")]
    if not kept:
        return _plain(text)
    return b"".join(name + b": " + unfold(value) + b"\r\n" for name, value in kept) + b"\r\n" + body
