"""Letters about meetings that have come back: the organizer's object says who was not reached. RFC 6638 §3.2.9.

A letter's ENVID is the meeting's UID behind a mark, so a report about it, of this server or another, says which
meeting it is about. What a report says changes nothing but SCHEDULE-STATUS, for anybody could write one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from groupware.mime.report import Reported, report_of
from groupware.mime.summary import summarize
from groupware.model.meeting import Guest, Happening
from groupware.model.principal import DELIVERY
from groupware.store.api import Blobs, Store

from . import rounds
from .itip.people import address_of, with_status
from .rounds import MARK, Beside

FAILED: Final = "5.1"


@dataclass(frozen=True, slots=True)
class Returned:
    """A report about a letter."""

    ident: str
    """The UID of the meeting."""
    recipients: Sequence[Reported]


def found(octets: bytes) -> Returned | None:
    """What a report says of those who did not get a letter about a meeting; None for any other message."""
    report = report_of(octets, summarize(octets).parts)
    if report is None or not report.envelope.startswith(MARK):
        return None
    failed = [each for each in report.recipients if each.failed]
    return Returned(report.envelope.removeprefix(MARK), failed) if failed else None


async def beside(store: Store, blobs: Blobs, returned: Returned, addresses: Sequence[str]) -> Beside:
    """What becomes of the meeting of those who get the report."""
    round_ = rounds.begin(store, blobs, DELIVERY, returned.ident)
    round_.client = "mail"
    await rounds.look_up(round_, addresses)
    for guest in {each.account: each for name in addresses if isinstance(each := round_.found[name], Guest)}.values():
        copy = round_.copies[guest.account]
        head = copy.read.shown.first("ORGANIZER") if copy.read is not None else None
        if copy.read is None or head is None or address_of(head) not in guest.addresses:
            continue
        for failed in returned.recipients:
            parts = list(with_status(copy.read.calendar.parts, "ATTENDEE", failed.address, FAILED))
            if parts != copy.read.calendar.parts:
                copy.read = await rounds.object_of(round_, replace(copy.read.calendar, parts=parts), copy.read)
                text = f"{failed.address} was not reached: {failed.why or failed.status}"[:500]
                copy.happened.append(Happening("returned", text, round_.ident, who=failed.address, client="mail"))
    return Beside(await rounds.visits(round_))
