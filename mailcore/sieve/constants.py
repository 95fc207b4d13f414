"""What is certain of an argument before any message has come: each rule of the table is a function here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from groupware.mime.addresses import parse
from mailcore.sieve.errors import NotKnown, SieveError
from mailcore.sieve.strings import variable_name
from mailcore.sieve.table import EXTENSIONS, Rule

_FIELD: Final = re.compile(r"[!-9;-~]+\Z")
_ZONE: Final = re.compile(r"[+-]([01][0-9]|2[0-3])[0-5][0-9]\Z")
_LONGEST_FIELD: Final = 200
ADDRESS_FIELDS: Final = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "reply-to",
        "resent-from",
        "resent-to",
        "resent-cc",
        "resent-bcc",
        "resent-sender",
        "resent-reply-to",
        "return-path",
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "x-envelope-to",
        "x-envelope-from",
        "errors-to",
        "disposition-notification-to",
        "return-receipt-to",
        "mail-followup-to",
        "mail-reply-to",
        "apparently-to",
        "approved",
        "x-forwarded-to",
        "x-forwarded-for",
        "x-delivered-to",
    ]
)
"""Of these `address` reads addresses. RFC 5228 §5.1."""
DATE_PARTS: Final = frozenset(
    [
        "year",
        "month",
        "day",
        "date",
        "julian",
        "hour",
        "minute",
        "second",
        "time",
        "iso8601",
        "std11",
        "zone",
        "weekday",
    ]
)
"""RFC 5260 §4.2."""
COMPARATORS: Final = frozenset(
    name.removeprefix("comparator-") for name in EXTENSIONS if name.startswith("comparator-")
)
RELATIONS: Final = frozenset(["gt", "ge", "lt", "le", "eq", "ne"])
_LONGEST_PERIOD: Final = 2**31 - 1


def field_name(value: str, line: int) -> None:
    """The name of a header field. RFC 5322 §2.2."""
    if not _FIELD.match(value) or len(value) > _LONGEST_FIELD:
        raise SieveError(line, f"{value[:40]!r} is no name of a header field.")


def address_field(value: str, line: int) -> None:
    """A field that holds addresses."""
    field_name(value, line)
    if value.lower() not in ADDRESS_FIELDS:
        raise SieveError(line, f"The field {value!r} holds no addresses; the test `header` reads any field.")


def address(value: str, line: int) -> None:
    """One address, with a name or without."""
    if plain_address(value) is None:
        raise SieveError(line, f"{value[:80]!r} is no address: name@example.com is.")


def plain_address(value: str) -> str | None:
    """`local@domain` of a text that is one address, None of any other."""
    if len(value) > 1000 or any(c < " " or c == "\x7f" for c in value):
        return None
    found = parse(value.encode())
    if len(found) != 1 or not found[0].mailbox or not found[0].host or found[0].route:
        return None
    local, host = found[0].mailbox.decode(), found[0].host.decode()
    if " " in local + host or "@" in host or len(host) > 255 or host.startswith(".") or ".." in host:
        return None
    return f"{local}@{host}"


def comparator(value: str, line: int) -> None:
    """The name of a comparator that there is."""
    if value not in COMPARATORS:
        raise NotKnown(line, f"There is no comparator {value[:40]!r}; there are {', '.join(sorted(COMPARATORS))}.")


def relation(value: str, line: int) -> None:
    """How :count and :value compare. RFC 5231 §3."""
    if value.lower() not in RELATIONS:
        raise SieveError(line, f"{value[:40]!r} is no relation: gt, ge, lt, le, eq and ne are.")


def zone(value: str, line: int) -> None:
    """An offset from UTC. RFC 5260 §4.1."""
    if not _ZONE.match(value):
        raise SieveError(line, f"{value[:40]!r} is no zone: +0100 and -0530 are.")


def date_part(value: str, line: int) -> None:
    """A part of a date."""
    if value.lower() not in DATE_PARTS:
        raise SieveError(line, f"{value[:40]!r} is no part of a date: {', '.join(sorted(DATE_PARTS))} are.")


def envelope_part(value: str, line: int) -> None:
    """A part of the envelope. RFC 5228 §5.4."""
    if value.lower() not in ("from", "to", "orig_to"):
        raise SieveError(line, f"{value[:40]!r} is no part of the envelope: from, to and orig_to are.")


def importance(value: str, line: int) -> None:
    """RFC 5435 §3.4."""
    if value not in ("1", "2", "3"):
        raise SieveError(line, f"{value[:40]!r} is no importance: 1 (high), 2 and 3 (low) are.")


def method(value: str, line: int) -> None:
    """A way of notifying that is there: mailto. RFC 5436."""
    if urlsplit_scheme(value) != "mailto":
        raise SieveError(line, f"{value[:80]!r} is no way to notify: mailto:name@example.com is.")


def urlsplit_scheme(value: str) -> str:
    """The scheme of a URI in lower case, empty for what is none."""
    try:
        return urlsplit(value).scheme
    except ValueError:
        return ""


def script_name(value: str, line: int) -> None:
    """RFC 6609 §3.2, RFC 5804 §1.6."""
    if not value or len(value) > 128 or "/" in value or not value.isprintable():
        raise SieveError(line, f"{value[:40]!r} is no name of a script.")


def _variable(value: str, line: int) -> None:
    variable_name(value, line)


TEXT_RULES: Final[Mapping[Rule, Callable[[str, int], None]]] = {
    "header": field_name, "field": field_name, "comparator": comparator, "relation": relation, "zone": zone,
    "part": date_part, "envelope": envelope_part, "importance": importance, "method": method, "scripts": script_name,
    "variable": _variable,
}  # fmt: skip


def position(value: int, line: int) -> None:
    """RFC 5260 §6."""
    if value < 1:
        raise SieveError(line, ":index counts from 1.")


def first(value: int, line: int) -> None:
    """RFC 5703 §7."""
    if value < 1:
        raise SieveError(line, ":first wants at least 1 character.")


def period(value: int, line: int) -> None:
    """Days or seconds that fit any calendar."""
    if value > _LONGEST_PERIOD:
        raise SieveError(line, f"The period {value} is too long.")


NUMBER_RULES: Final[Mapping[Rule, Callable[[int, int], None]]] = {
    "position": position, "first": first, "days": period,
}  # fmt: skip
