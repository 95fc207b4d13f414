"""What a script looks at: a message with its envelope, and what is known around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from groupware.mime.parts import Part
from groupware.mime.summary import summarize
from mailcore.sieve.script import Script

_FIELD: Final = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+){0,20000}\n?)", re.MULTILINE)
_MOST_FIELDS: Final = 10_000


class Field(NamedTuple):
    """A header field: its name as written, its value as written and still folded, and where it stands."""

    name: bytes
    value: bytes
    start: int
    end: int


def fields_of(header: bytes) -> list[Field]:
    """The fields of a header in their order."""
    found = islice(_FIELD.finditer(header), _MOST_FIELDS)
    return [Field(each[1], each[2], each.start(), each.end()) for each in found]


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its octets, its parts as `summarize` tells them, its envelope; empty `sender`: the null path."""

    octets: bytes = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    size: int
    """As it was sent, line ends CR LF."""
    sender: str = ""
    recipient: str = ""
    original: str = ""
    """The recipient as the sender gave it, before a group led here; empty: the same."""
    flags: tuple[str, ...] = ()
    """Those of a message that lies in a mailbox. RFC 6785 §3.8."""

    @property
    def header(self) -> bytes:
        """The octets of the header."""
        return self.octets[self.parts[0].header_start : self.parts[0].body_start]


def read(octets: bytes, sender: str = "", recipient: str = "") -> Message:
    """The message of these octets. One that was summarized before need not be again: `Message(...)` takes its parts."""
    summary = summarize(octets)
    return Message(octets, summary.parts, summary.size, sender, recipient)


def _never(*_: object) -> bool:
    return False


def _no_script(location: str, name: str) -> Script | None:
    return None


@dataclass(frozen=True, slots=True)
class Environment:
    """What is known beside the message. The functions may be called several times; none of them may wait long."""

    now: datetime
    """With its zone, which is the zone that dates are told in."""
    addresses: tuple[str, ...] = ()
    """The account's own: vacation answers what was sent to one of them."""
    items: Mapping[str, str] = field(default_factory=dict)
    """What the test `environment` knows, by name in lower case. RFC 5183 §4.1."""
    separator: str = "+"
    """Between user and detail in a local part. RFC 5233."""
    folder_exists: Callable[[str], bool] = _never
    """Whether the owner may deliver into a folder of this name. RFC 5490 §3.1."""
    mailbox_id_exists: Callable[[str], bool] = _never
    special_use: Callable[[str, Sequence[str]], bool] = _never
    """Whether the folder has all these special uses; for "" whether each of them is somewhere."""
    stored: bool = False
    """The message lies in a mailbox, and something happened to it there: nobody is to get an answer. RFC 6785 §3."""
    spam: float | None = None
    """Percent: 0 is ham for certain, 100 spam for certain; None: not tested. RFC 5235."""
    virus: int | None = None
    """1 (none) to 5 (certain); None: not tested."""
    seen: Callable[[str, str], bool] = _never
    """Whether a message of this handle and key was seen and is not forgotten. RFC 7352."""
    list_exists: Callable[[str], bool] = _never
    in_list: Callable[[str, str], bool] = _never
    """Whether an external list holds a value. RFC 6134."""
    list_reaches: Callable[[str], bool] = _never
    """Whether mail may be redirected to all on an external list. RFC 6134 §2.5."""
    script: Callable[[str, str], Script | None] = _no_script
    """The script of a location (`personal` or `global`) and name, None if there is none; may raise `SieveError`."""
