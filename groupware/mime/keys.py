"""What a message is sorted and threaded by, computed once when it is stored. RFC 5256 §3, RFC 5957 §3."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from groupware.mime.addresses import Mailbox
from groupware.mime.headers import is_reply
from groupware.mime.summary import Summary
from groupware.model.collation import collated
from groupware.model.item import Keys

LONGEST: Final = 255  # characters of a name or mailbox that are compared
_DAY: Final = re.compile(rb'\("[^"]{0,40}?\b([0-9]{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}[ -]([0-9]{4}|[0-9]{2})\b')
_MONTHS: Final = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
_NOBODY: Final = Mailbox("", "")


def keys_of(summary: Summary) -> Keys:
    """The keys of a message that has been read."""
    day = _day(summary)
    people = (summary.from_, summary.to, summary.cc)
    from_, to, cc = summary.firsts or [each[0] if each else _NOBODY for each in people]
    return Keys(
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


def _box(person: Mailbox) -> str:
    return collated((person.address.rpartition("@")[0] or person.address)[:LONGEST])


def _shown(person: Mailbox) -> str:
    """The name, or else the address. RFC 5957 §3."""
    return collated((person.name or person.address)[:LONGEST])


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
