"""A message that is being written: its header lines, texts and files; and a stored one, of which lines and parts stay.

What nobody changes goes back octet for octet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from connectors.ews.attached import attachments_of
from connectors.ews.mail_fields import texts
from connectors.ews.things import One
from groupware.mime.compose import address_line, header_line, mailbox
from groupware.mime.lines import crlf
from groupware.mime.making import file_part, multipart, text_part
from groupware.mime.sections import decoded, header_fields
from groupware.mime.summary import summarize

_CONTENT: Final = ("mime-version",)
_FIRST: Final = ("date", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "message-id")
"""The order in which new fields are written."""


@dataclass(slots=True)
class File:
    """A part that is no text."""

    octets: bytes
    """The part, with the lines of its own header."""
    inline: bool = False
    """Whether a text shows it."""


@dataclass(slots=True)
class Letter:
    """One message."""

    lines: dict[str, bytes] = field(default_factory=dict)
    """The lines of each header field, by its name in lower case; those of its content are not among them."""
    html: str = ""
    plain: str = ""
    files: list[File] = field(default_factory=list)
    content: bytes | None = None
    """What comes behind these lines, as it is stored; None: it is made of the texts and files."""

    def header(self, name: str, value: str | None) -> None:
        """Sets a field of text; None takes it away."""
        if value is None or not value.strip():
            self.lines.pop(name.lower(), None)
        else:
            self.lines[name.lower()] = header_line(name, value)

    def people(self, name: str, people: list[tuple[str, str]]) -> None:
        """Sets a field of addresses: (name, address); of nobody takes it away."""
        told = [mailbox(*each) for each in people if each[1]]
        if told:
            self.lines[name.lower()] = address_line(name, told)
        else:
            self.lines.pop(name.lower(), None)

    def changed(self) -> None:
        """The texts or files are others: the content is made anew."""
        self.content = None

    def octets(self) -> bytes:
        """The message."""
        names = sorted(self.lines, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
        lines = b"".join(self.lines[name] for name in names)
        if self.content is not None:
            return lines + self.content
        return lines + b"MIME-Version: 1.0\r\n" + self._made()

    def _made(self) -> bytes:
        parts = [text_part(self.plain, "plain")] if self.plain or not self.html else []
        parts += [text_part(self.html, "html")] if self.html else []
        body = parts[0] if len(parts) == 1 else multipart("alternative", parts)
        inline = [each.octets for each in self.files if each.inline and self.html]
        others = [each.octets for each in self.files if not (each.inline and self.html)]
        if inline:
            body = multipart("related", [body, *inline])
        return multipart("mixed", [body, *others]) if others else body


def letter_of(one: One) -> Letter:
    """A stored message, to be changed."""
    root = one.summary.parts[0]
    header = crlf(one.octets[root.header_start : root.body_start])
    found = Letter()
    names = dict.fromkeys(name.decode("latin-1").lower() for name, _ in one.header)
    about = [name for name in names if name.startswith("content-") or name in _CONTENT]
    for name in names:
        if name not in about:
            found.lines[name] = header_fields(header, [name])[:-2]
    kept = header_fields(header, about)
    found.content = kept + one.octets[root.body_start : root.body_end]
    found.html, found.plain = texts(one)
    found.files = [_file(one, number) for number in attachments_of(one)]
    return found


def _file(one: One, number: int) -> File:
    part = one.summary.parts[number]
    inline = bool(part.cid) and part.disposition != "attachment"
    if number == 0:
        return File(file_part(decoded(one.octets, part), part.media, part.name), inline)
    return File(crlf(one.octets[part.header_start : part.body_end]), inline)


def letter_in(one: One, octets: bytes) -> Letter:
    """The same for octets that are not stored yet; `one` says whose they are."""
    other = One(one.thing, one.facts, octets=octets)
    other.summary = summarize(octets)
    return letter_of(other)
