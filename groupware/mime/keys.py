"""What a message is sorted and threaded by, computed once when it is stored. RFC 5256 §3, RFC 5957 §3."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from groupware.mime.addresses import Address, address_of, parse
from groupware.mime.headers import clean, decode_text, fields, is_reply, unfold
from groupware.mime.summary import Summary
from groupware.model.collation import collated
from groupware.model.item import Keys

LONGEST: Final = 255  # characters of a name or mailbox that are compared
_ONE_ADDRESS: Final = 4096  # octets of a field that its first address is looked for in
_DAY: Final = re.compile(rb'\("[^"]{0,40}?\b([0-9]{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}[ -]([0-9]{4}|[0-9]{2})\b')
_MONTHS: Final = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
_NOBODY: Final = Address(None, None, None, None)


def keys_of(octets: bytes, summary: Summary) -> Keys:
    """The keys of a message that has been read."""
    root = summary.parts[0]
    found = _first_addresses(fields(octets[root.header_start : root.body_start]))
    from_, to, cc = (found.get(name, _NOBODY) for name in (b"from", b"to", b"cc"))
    day = _day(summary)
    return Keys(
        octets=summary.size,
        sent=summary.date,
        day=None if day is None else day.toordinal(),
        subject=collated(summary.base_subject),
        reply=is_reply(summary.subject),
        from_box=_box(from_),
        to_box=_box(to),
        cc_box=_box(cc),
        from_name=_shown(from_),
        to_name=_shown(to),
        message_id=summary.message_id,
        references=summary.references or summary.in_reply_to[:1],
    )


def _first_addresses(header: Iterable[tuple[bytes, bytes]]) -> dict[bytes, Address]:
    """The first address of From (of several fields the last counts, as in ENVELOPE), To and Cc."""
    found: dict[bytes, Address] = {}
    for name, value in header:
        lowered = name.lower()
        if lowered == b"from" or (lowered in (b"to", b"cc") and lowered not in found):
            addresses = parse(unfold(value[:_ONE_ADDRESS]))
            if addresses:
                found[lowered] = addresses[0]
    return found


def _box(address: Address) -> str:
    return collated(clean((address.mailbox or b"").decode("utf-8", "replace"))[:LONGEST])


def _shown(address: Address) -> str:
    """The name, or else the address. RFC 5957 §3."""
    name = decode_text(address.name) if address.name else ""
    return collated((name or address_of(address))[:LONGEST])


def _day(summary: Summary) -> date | None:
    """The day of the Date field as its writer had it, whatever the zone; None when it says nothing."""
    found = _DAY.match(summary.envelope)
    if found is not None and found[2].upper() in _MONTHS:
        year = int(found[3])
        year += 0 if len(found[3]) == 4 else 1900 if year >= 50 else 2000
        try:
            return date(year, _MONTHS.index(found[2].upper()) + 1, int(found[1]))
        except ValueError:
            return None
    return None if summary.date is None else datetime.fromtimestamp(summary.date, UTC).date()
