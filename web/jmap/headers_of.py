"""Header fields in the forms that a client may ask for. RFC 8621 §4.1.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from groupware.mime.addresses import Address, address_of, parse
from groupware.mime.charsets import guess
from groupware.mime.headers import date, decode_text, fields, message_ids, unfold
from web.jmap.errors import MethodError

_URL: Final = re.compile(rb"<([^<>]*)>")
FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,200}\Z")
_RESENT: Final = ("resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc")
_ADDRESSES: Final = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc", *_RESENT})
_IDS: Final = frozenset({"message-id", "in-reply-to", "references", "resent-message-id"})
_DATES: Final = frozenset({"date", "resent-date"})
_TEXTS: Final = frozenset({"subject", "comments", "keywords", "list-id"})
_URLS: Final = frozenset({"list-help", "list-unsubscribe", "list-subscribe", "list-post", "list-owner", "list-archive"})
_STANDARD: Final = _ADDRESSES | _IDS | _DATES | {"return-path", "received", "subject", "comments", "keywords"}
"""Fields of RFC 5322, which have no form but their own. RFC 8621 §4.1.2."""

Fields = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A property `header:Name:asForm:all`."""

    property: str
    name: str
    form: str
    every: bool


def wanted(property: str) -> Wanted:
    """What a `header:` property asks for. `MethodError` when the field has not that form."""
    _, name, *rest = property.split(":")
    every = rest[-1:] == ["all"]
    forms = rest[:-1] if every else rest
    form = forms[0] if forms else "asRaw"
    if len(forms) > 1 or not FIELD_NAME.match(name) or form not in _FORMS:
        raise MethodError("invalidArguments", f"there is no property {property[:100]!r}")
    allowed = _ALLOWED[form]
    low = name.lower()
    if allowed is not None and low in _STANDARD | _URLS and low not in allowed:
        raise MethodError("invalidArguments", f"{name!r} has no form {form!r}")
    return Wanted(property, low, form, every)


def value_of(asked: Wanted, header: Fields) -> Any:
    """The value in the form that is asked for: of the last field of that name, or of all."""
    name = asked.name.encode()
    found = [_FORMS[asked.form](value) for field, value in header if field.lower() == name]
    return found if asked.every else found[-1] if found else None


def header_fields(octets: bytes) -> Fields:
    """Name and value of each field of a header, still folded."""
    return fields(octets)


def raw(value: bytes) -> str:
    """As it stands, without the line end behind it."""
    return guess(value.rstrip(b"\r\n").replace(b"\0", b""))


def text(value: bytes) -> str:
    """Unfolded and decoded."""
    return decode_text(unfold(value))


def _moment(value: bytes) -> str | None:
    found = date(unfold(value))
    return None if found is None else rfc3339(found)


def _ids(value: bytes) -> list[str] | None:
    return list(message_ids(unfold(value))) or None


def _urls(value: bytes) -> list[str] | None:
    return [guess(b"".join(each.split())) for each in _URL.findall(unfold(value))] or None


def _addresses(value: bytes) -> list[dict[str, str | None]]:
    return [person(each) for each in parse(unfold(value)) if each.host is not None]


def person(address: Address) -> dict[str, str | None]:
    """EmailAddress. RFC 8621 §4.1.2.3."""
    return {"name": decode_text(address.name) or None if address.name else None, "email": address_of(address)}


def _groups(value: bytes) -> list[dict[str, Any]]:
    """EmailAddressGroup; those outside of a group are in one without a name. RFC 8621 §4.1.2.4."""
    found: list[dict[str, Any]] = []
    inside = False
    for each in parse(unfold(value)):
        if each.host is None:
            inside = each.mailbox is not None
            if each.mailbox is not None:
                found.append({"name": decode_text(each.mailbox), "addresses": []})
            else:
                found.append({"name": None, "addresses": []})
            continue
        if not found or (not inside and found[-1]["name"] is not None):
            found.append({"name": None, "addresses": []})
        found[-1]["addresses"].append(person(each))
    return [each for each in found if each["name"] is not None or each["addresses"]]


_FORMS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "asRaw": raw,
    "asText": text,
    "asAddresses": _addresses,
    "asGroupedAddresses": _groups,
    "asMessageIds": _ids,
    "asDate": _moment,
    "asURLs": _urls,
}
_ALLOWED: Final[Mapping[str, frozenset[str] | None]] = {
    "asRaw": None,
    "asText": _TEXTS,
    "asAddresses": _ADDRESSES,
    "asGroupedAddresses": _ADDRESSES,
    "asMessageIds": _IDS,
    "asDate": _DATES,
    "asURLs": _URLS,
}


def rfc3339(moment: datetime) -> str:
    """A Date: with the zone as it was written. RFC 8620 §1.4."""
    found = moment.replace(microsecond=0).isoformat()
    return found.removesuffix("+00:00") + "Z" if found.endswith("+00:00") else found


def utc(micros: int) -> str:
    """A UTCDate of microseconds since 1970."""
    return f"{datetime.fromtimestamp(micros // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
