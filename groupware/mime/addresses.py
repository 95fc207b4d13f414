"""Address lists (RFC 5322 §3.4 and the obsolete forms of §4.4), read as generously as real mail demands.

Nothing is refused: what cannot be an address is still given back as the text it was, so that a client can show it.
Encoded words stay encoded in an `Address` (ENVELOPE wants them so); `shown` decodes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from groupware.mime.headers import clean, decode_text

MOST_ADDRESSES: Final = 10_000
"""Of one field; what comes behind is left out."""


class Address(NamedTuple):
    """One address as ENVELOPE tells it (RFC 9051 §7.5.2), None for NIL.

    A group starts with its name as `mailbox` and no `host`, and ends with neither. An address without `@` has host b"",
    one without a local part mailbox b"".
    """

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address decoded for people: `name` may be empty, `address` is `local@domain` or what stood there instead."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


_GROUP_END: Final = Address(None, None, None, None)

# The forms that nearly all addresses have, each followed by a comma or the end of the field.
_PLAIN: Final = re.compile(
    rb"""[ \t]*(?:
        (?:"([^"\\]*+)" | ([^\s"(),:;<>@\[\]\\]++(?:[ \t]++[^\s"(),:;<>@\[\]\\]++)*))?
        [ \t]*<([^\s"(),:;<>@\[\]\\]++)@([^\s"(),:;<>@\[\]\\]++)>
      | ([^\s"(),:;<>@\[\]\\]++)@([^\s"(),:;<>@\[\]\\]++)
    )[ \t]*(?:,|\Z)""",
    re.VERBOSE,
)


def parse(value: bytes) -> list[Address]:
    """The addresses of a field's unfolded value in their order, groups marked as ENVELOPE marks them."""
    found: list[Address] = []
    at = 0
    while at < len(value) and len(found) < MOST_ADDRESSES:
        plain = _PLAIN.match(value, at)
        if plain is None:
            found.extend(_Reader(value[at:], MOST_ADDRESSES - len(found)).read())
            break
        quoted, name, mailbox, host, bare, bare_host = plain.groups()
        if bare:
            found.append(Address(None, None, bare, bare_host))
        else:
            found.append(Address(quoted or _single_spaced(name) or None, None, mailbox, host))
        at = plain.end()
    return found


def _single_spaced(name: bytes | None) -> bytes:
    return b" ".join(name.split()) if name else b""


def shown(addresses: Iterable[Address]) -> tuple[Mailbox, ...]:
    """The addresses as people read them, group marks left out."""
    return tuple(
        Mailbox(decode_text(each.name) if each.name else "", address_of(each))
        for each in addresses
        if each.host is not None
    )


def address_of(address: Address) -> str:
    """`local@domain` as text; only the local part where there is no domain."""
    mailbox = clean((address.mailbox or b"").decode("utf-8", "replace"))
    host = clean((address.host or b"").decode("utf-8", "replace"))
    return f"{mailbox}@{host}" if host else mailbox


# Everything is consumed by one of these, so reading is one pass. A closing quote or bracket may be missing.
_ALWAYS: Final = rb"""(?P<space>[ \t\r\n]++)
   | (?P<word>=\?[^?\s]*+\?[bBqQ]\?[^?]*+\?=)
   | (?P<literal>\[[^\]\\<>,;]*+(?:\\.[^\]\\<>,;]*+){0,9999}\]?)
   | (?P<special>[<>@,:;])"""
_TOKEN: Final = re.compile(
    _ALWAYS
    + rb"""| (?P<quoted>"[^"\\]*+(?:\\.[^"\\]*+){0,9999}"?) | (?P<comment>\() | (?P<atom>[^ \t\r\n"\[(<>@,:;=]++|.)""",
    re.VERBOSE | re.DOTALL,
)
_UNPAIRED: Final = re.compile(_ALWAYS + rb"""| (?P<atom>[^ \t\r\n\[<>@,:;=]++|.)""", re.VERBOSE | re.DOTALL)
_AT: Final = b"\0@"  # the "@" between local part and domain, told from an atom; unfolding leaves no NUL in a value
_COMMENT: Final = re.compile(rb"[^()\\]*+(?:\\.[^()\\]*+){0,9999}([()]?)", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


def _tokens(value: bytes) -> Iterator[tuple[str, bytes]]:
    """(kind, text) of each token: quoted strings and comments without their delimiters and escapes.

    From a quote or parenthesis on that nothing closes, quotes and parentheses are letters.
    """
    at, pattern = 0, _TOKEN
    while at < len(value):
        token = pattern.match(value, at)
        assert token is not None, "every octet is a token at least"
        kind, text, end = token.lastgroup or "atom", token[0], token.end()
        if kind == "comment":
            text, end = _comment(value, end)
        elif kind == "quoted":
            text, end = (_unescaped(text[1:-1]), end) if len(text) > 1 and text.endswith(b'"') else (b"", at)
        elif kind == "word":
            kind = "atom"
        if end == at:
            pattern = _UNPAIRED
        else:
            yield kind, text
        at = end


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", text) if b"\\" in text else text


def _comment(value: bytes, start: int) -> tuple[bytes, int]:
    """The text of the comment that opened before `start`, and where it ends; before its "(" when nothing closes it."""
    depth, at = 1, start
    while depth:
        piece = _COMMENT.match(value, at)
        if piece is None or not piece[1]:
            return b"", start - 1
        at = piece.end()
        depth += 1 if piece[1] == b"(" else -1
    return _unescaped(value[start : at - 1]).strip(), at


class _Reader:
    """One walk over the tokens of a list. State: what was gathered of the address that is being read."""

    __slots__ = ("angle", "behind", "comments", "found", "group", "most", "parts", "spaced", "value")

    def __init__(self, value: bytes, most: int) -> None:
        self.value = value
        self.most = most
        self.found: list[Address] = []
        self.group = False
        self.clear()

    def clear(self) -> None:
        self.parts: list[tuple[bytes, bytes]] = []  # (space or not before it, text): words and "@"
        self.angle: list[bytes] | None = None  # what stands in <>, once it has opened
        self.behind: list[
            tuple[bytes, bytes]
        ] = []  # words behind >: a late name, or of the next address when its comma is missing
        self.comments: list[bytes] = []
        self.spaced = b""

    def read(self) -> list[Address]:
        """The addresses; a group that nobody closed is closed."""
        open_angle = False
        for kind, text in _tokens(self.value):
            if len(self.found) >= self.most:
                break
            if kind == "space":
                self.spaced = b" "
            elif kind == "comment":
                self.comments.append(text)
            elif kind == "special" and text != b"@":
                open_angle = self.special(text, open_angle)
            elif open_angle and self.angle is not None:
                self.angle.append(text)
            else:
                words = self.parts if self.angle is None else self.behind
                words.append((self.spaced, _AT if kind == "special" else text))
                self.spaced = b""
        self.finish()
        self.end_group()
        return self.found

    def special(self, text: bytes, open_angle: bool) -> bool:
        """Act on one of `<>,:;`; gives back whether the walk is now between angle brackets."""
        if text == b"<":
            if self.angle:
                following, self.behind = self.behind, []
                self.finish()
                self.parts = following
            self.angle = []
            return True
        if open_angle and self.angle is not None:
            if text == b":" or (text == b"," and self.angle[:1] == [b"@"] and b":" not in self.angle):
                self.angle.append(text)
                return True
            if text == b">":
                return False
        if text == b":":
            self.start_group()
        elif text != b">":
            self.finish()
            if text == b";":
                self.end_group()
        return False

    def start_group(self) -> None:
        name = _joined(self.parts) or b" ".join(self.comments)
        self.clear()
        self.end_group()
        self.found.append(Address(None, None, name, None))
        self.group = True

    def end_group(self) -> None:
        if self.group:
            self.found.append(_GROUP_END)
            self.group = False

    def finish(self) -> None:
        """Turn what was gathered into an address, if anything was."""
        if self.angle is not None:
            self.found.append(_from_angle(self.angle, _joined(self.parts) or _joined(self.behind), self.comments))
        elif self.parts:
            self.found.append(_from_bare(self.parts, self.comments))
        self.clear()


def _joined(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A phrase with one space where there was any."""
    return b"".join(space + text for space, text in parts).replace(_AT, b"@").strip()


def _from_angle(angle: list[bytes], name: bytes, comments: list[bytes]) -> Address:
    """The address of `name <angle>`, its source route apart; a comment serves as the name when there is no other."""
    route = b""
    if angle[:1] == [b"@"] and b":" in angle:
        colon = angle.index(b":")
        route, angle = b"".join(angle[:colon]), angle[colon + 1 :]
    text = b"".join(angle)
    mailbox, at, host = text.rpartition(b"@")
    if not at:
        mailbox, host = text, b""
    return Address(name or b" ".join(comments) or None, route or None, mailbox, host)


def _from_bare(parts: list[tuple[bytes, bytes]], comments: list[bytes]) -> Address:
    """The address of `local@domain` without brackets, of `Name local@domain` too; a text without `@` has no host."""
    marks = [index for index, (_, text) in enumerate(parts) if text == _AT]
    comment = b" ".join(comments) or None
    if not marks:
        return Address(comment, None, _joined(parts), b"")
    at = marks[-1]
    start = at
    while start > 0 and (start == at or not parts[start][0] or _dotted(parts[start - 1][1], parts[start][1])):
        start -= 1
    mailbox = b"".join(text for _, text in parts[start:at]).replace(_AT, b"@")
    host = b"".join(text for _, text in parts[at + 1 :])
    return Address(_joined(parts[:start]) or comment, None, mailbox, host)


def _dotted(before: bytes, after: bytes) -> bool:
    """Whether the space between two words is the obsolete kind beside a dot (RFC 5322 §4.4)."""
    return before.endswith(b".") or after.startswith(b".")
