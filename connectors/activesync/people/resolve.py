"""ResolveRecipients: who is meant, when they are busy, their certificates and pictures. MS-ASCMD §2.2.1.15.

ValidateCert. MS-ASCMD §2.2.1.22.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.people import gal
from connectors.activesync.people.gal import Entry, Pictures
from connectors.activesync.people.search import pictures_of
from connectors.activesync.times import read_time, seconds_of
from groupware.calendar.busy import FLOAT, Range, placed_of, together
from groupware.model.errors import NoRight, NotFound
from groupware.model.item import Span

MOST: Final = 100
SLOT: Final = 30 * 60
LONGEST: Final = 42 * 86_400
_OK, _AMBIGUOUS, _PARTLY, _NOBODY = 1, 2, 3, 4
_NO_CERTIFICATES: Final = 7
_TOO_MANY, _FAILED, _BAD_TIMES = 160, 163, 5
_BUSY: Final = {"T": 1, "B": 2, "U": 3}
_NO_DATA: Final = "4"


async def resolverecipients(exchange: Exchange) -> Element:
    """Resolves each of the names that are given."""
    root = exchange.root("ResolveRecipients:ResolveRecipients")
    names = [each.text.strip() for each in root.all("ResolveRecipients:To")]
    if not names or len(names) > MOST:
        return el("ResolveRecipients:ResolveRecipients", el("ResolveRecipients:Status", 5))
    options = root.child("ResolveRecipients:Options") or Element("ResolveRecipients:Options")
    pictures = pictures_of(options.child("ResolveRecipients:Picture"), "ResolveRecipients")
    told = [await _one(exchange, each, options, pictures) for each in names]
    return el("ResolveRecipients:ResolveRecipients", el("ResolveRecipients:Status", _OK), told)


async def _one(exchange: Exchange, name: str, options: Element, pictures: Pictures | None) -> Element:
    found = await gal.found(exchange, name) if name else []
    known = {each.person.address.lower() for each in found}
    own = [each for each in await gal.contacts(exchange, name) if not _in(each, known)]
    found += own
    exact = [each for each in found if name.lower() in _addresses(each)]
    found = exact or found
    most = options.number("ResolveRecipients:MaxAmbiguousRecipients", 20)
    shown = await gal.pictured(exchange, found[: max(most, 1)], pictures)
    status = _OK if len(found) == 1 else _NOBODY if not found else _AMBIGUOUS if len(shown) == len(found) else _PARTLY
    return el(
        "ResolveRecipients:Response",
        el("ResolveRecipients:To", name),
        el("ResolveRecipients:Status", status),
        el("ResolveRecipients:RecipientCount", len(found)),
        [await _recipient(exchange, each, options, pictures, domain=_in(each, known)) for each in shown],
    )


def _in(entry: Entry, addresses: set[str]) -> bool:
    return entry.person.address.lower() in addresses


def _addresses(entry: Entry) -> set[str]:
    return {entry.person.address.lower(), *(each.lower() for each in entry.person.aliases)}


async def _recipient(
    exchange: Exchange, entry: Entry, options: Element, pictures: Pictures | None, *, domain: bool
) -> Element:
    availability = options.child("ResolveRecipients:Availability")
    return el(
        "ResolveRecipients:Recipient",
        el("ResolveRecipients:Type", 1 if domain else 2),
        el("ResolveRecipients:DisplayName", entry.person.name or entry.person.address),
        el("ResolveRecipients:EmailAddress", entry.person.address),
        await _availability(exchange, entry, availability) if availability is not None else None,
        _certificates(entry, options),
        pictures.told(entry.picture, "ResolveRecipients") if pictures is not None else None,
    )


def _certificates(entry: Entry, options: Element) -> Element | None:
    """The certificates of one's contact with that address; there are none in the short form. MS-ASCMD §2.2.3.23."""
    wanted = options.number("ResolveRecipients:CertificateRetrieval", 1)
    if wanted < 2:
        return None
    most = options.number("ResolveRecipients:MaxCertificates", MOST)
    told = [base64.b64encode(each).decode() for each in entry.certificates[:most]] if wanted == 2 else []
    return el(
        "ResolveRecipients:Certificates",
        el("ResolveRecipients:Status", _OK if told else _NO_CERTIFICATES),
        el("ResolveRecipients:CertificateCount", len(told)),
        [el("ResolveRecipients:RecipientCount", 1), *[el("ResolveRecipients:Certificate", each) for each in told]]
        if told
        else None,
    )


async def _availability(exchange: Exchange, entry: Entry, said: Element) -> Element:
    begin = read_time(said.value("ResolveRecipients:StartTime"))
    end = read_time(said.value("ResolveRecipients:EndTime"))
    if begin is None or end is None or not 0 < (end - begin).total_seconds() <= LONGEST:
        return el("ResolveRecipients:Availability", el("ResolveRecipients:Status", _BAD_TIMES))
    low, high = seconds_of(begin), seconds_of(end)
    try:
        placed, hours = await exchange.read(lambda tx: placed_of(tx, entry.person.address, low - FLOAT, high + FLOAT))
    except (NotFound, NoRight):
        return el("ResolveRecipients:Availability", el("ResolveRecipients:Status", _FAILED))
    times = await together(exchange.parts.blobs, placed, Range(low, high), hours)
    return el(
        "ResolveRecipients:Availability",
        el("ResolveRecipients:Status", _OK),
        el("ResolveRecipients:MergedFreeBusy", merged(times, low, high)),
    )


def merged(times: Sequence[Span], low: int, high: int) -> str:
    """A digit for each half hour: 0 free, 1 tentative, 2 busy, 3 away. MS-ASCMD §2.2.3.109."""
    slots = ["0"] * (-(-(high - low) // SLOT))
    for each in times:
        first, last = (each.start - low) // SLOT, -(-(each.end - low) // SLOT)
        for at in range(max(first, 0), min(last, len(slots))):
            slots[at] = max(slots[at], str(_BUSY.get(each.busy, 0)))
    return "".join(slots)


# --- ValidateCert -----------------------------------------------------------------------------------------------------

_VALID, _MALFORMED, _EXPIRED, _UNKNOWN_ROOT = 1, 10, 7, 4


async def validatecert(exchange: Exchange) -> Element:
    """Looks at certificates: whether they can be read and have not expired. No authority is trusted for anybody."""
    root = exchange.root("ValidateCert:ValidateCert")
    found = root.child("ValidateCert:Certificates")
    certificates = found.all("ValidateCert:Certificate") if found is not None else []
    told = [
        el("ValidateCert:Certificate", el("ValidateCert:Status", _status(each.text))) for each in certificates[:MOST]
    ]
    return el("ValidateCert:ValidateCert", el("ValidateCert:Status", 1 if told else 2), told)


def _status(text: str) -> int:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return _MALFORMED
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return _EXPIRED
    return _UNKNOWN_ROOT
