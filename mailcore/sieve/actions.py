"""What a script asks for, in its order, and what became of the run. All of it values: nothing here acts."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailcore.sieve.errors import SieveError


@dataclass(frozen=True, slots=True)
class Place:
    """A folder as a script names it: `mailbox_id`, then `special_use` go before `name`, if there is such a folder."""

    name: str
    create: bool = False
    special_use: str = ""
    mailbox_id: str = ""


@dataclass(frozen=True, slots=True)
class Keep:
    """Into INBOX. `implicit`: because nothing else was asked for. RFC 5228 §2.10.2, §4.3."""

    flags: tuple[str, ...] = ()
    implicit: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class FileInto:
    """Into a folder. RFC 5228 §4.1."""

    place: Place
    flags: tuple[str, ...] = ()
    copy: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Redirect:
    """On to an address, or to all of an external list (RFC 6134 §2.5)."""

    address: str
    copy: bool = False
    of_list: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Discard:
    """Nothing is kept for it. RFC 5228 §4.4."""

    line: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    """Back to the sender with a text; `early`: by the reply of SMTP if that can be (ereject). RFC 5429."""

    text: str
    early: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fcc:
    """Where a copy of what is sent goes. RFC 8580."""

    place: Place
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vacation:
    """An answer to the sender, unless `to` had one under this `handle` within `seconds`. RFC 5230.

    Whatever the message itself tells against an answer was looked at already.
    """

    to: str
    text: str
    subject: str
    handle: str
    seconds: int
    sender: str = ""
    """The From that the script wants; empty: the account's own."""
    mime: bool = False
    """The text is a MIME entity with its header."""
    fcc: Fcc | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Notify:
    """A notice by mail. RFC 5435, RFC 5436."""

    method: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str = ""
    """Empty: one made of the message's."""
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Further fields that the address asks for, none that could forge anything."""
    sender: str = ""
    importance: int = 2
    options: tuple[str, ...] = ()
    fcc: Fcc | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class AddHeader:
    """From here on the message has one more field. RFC 5293 §4."""

    name: str
    value: str
    last: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class DeleteHeader:
    """From here on these of the fields of a name are gone, counted from 1 among those there were. RFC 5293 §5."""

    name: str
    positions: tuple[int, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rewrite:
    """From here on the message is this, earlier edits included (`replace`, `enclose`). RFC 5703."""

    octets: bytes = field(repr=False)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Track:
    """Once all else is done: a message of this key was seen. RFC 7352."""

    handle: str
    key: str
    seconds: int
    last: bool = False
    line: int = 0


Action = Keep | FileInto | Redirect | Discard | Reject | Vacation | Notify | AddHeader | DeleteHeader | Rewrite | Track


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a script did, or did not do and why."""

    line: int
    text: str
    script: str = ""
    """The name of an included script."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gives. After an error the message is kept, and nothing else is done."""

    actions: tuple[Action, ...]
    log: tuple[Entry, ...] = ()
    error: SieveError | None = None
    instructions: int = 0
