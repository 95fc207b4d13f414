"""The mail of the demo: messages written here, as people and their programs would write them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from groupware.model.flags import Flags

DOMAIN: Final = "demo.test"
PEOPLE: Final = {"alice": "Alice Adams", "bob": "Bob Brandt", "carol": "Carol Costa"}
SHARED: Final = "Projects/Garden"
PUBLIC: Final = "Announcements"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, and where it lies: whose folder, with which flags."""

    owner: str
    """A name of PEOPLE, or "" for the public tree."""
    folder: str
    octets: bytes
    saved: datetime
    flags: Flags = Flags.NONE


@dataclass(frozen=True, slots=True)
class _Draft:
    owner: str
    folder: str
    sender: str
    to: str
    subject: str
    text: str
    hours: float
    """How long ago."""
    flags: Flags = Flags.NONE
    html: str = ""
    attachment: tuple[str, str, bytes] | None = None
    """Name, media type, octets."""
    answers: int = 0
    """How many drafts before this one stands what it answers; 0: it begins a thread."""


def _picture(width: int = 48, height: int = 32) -> bytes:
    """A small PNG: a green field under a blue sky."""
    rows = b"".join(b"\0" + (b"\x7f\xb2\xe5" if y < height // 2 else b"\x4a\x9a\x3c") * width for y in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PLAN: Final = b"bed,plant,week\r\n1,beans,18\r\n2,carrots,14\r\n3,pumpkin,20\r\n4,garlic,41\r\n"
OPEN_DAY: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Postroom//Demo//EN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\n"
    b"UID:open-day@demo.test\r\nDTSTAMP:20260301T090000Z\r\nDTSTART:20260613T120000Z\r\nDTEND:20260613T160000Z\r\n"
    b"SUMMARY:Open day in the garden\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
SEEN, FLAGGED, ANSWERED = Flags.SEEN, Flags.FLAGGED, Flags.ANSWERED

DRAFTS: Final = (
    _Draft(
        "alice", "INBOX", "bob", "alice", "Beds for next year",
        "Hi Alice,\n\nI measured the four beds again: 1.20 m by 3.60 m each. If we put the beans\n"
        "where the carrots were, the pumpkin gets the sunny corner.\n\nWhat do you think?\n\nBob\n",
        75, SEEN | ANSWERED,
    ),
    _Draft(
        "alice", "Sent", "alice", "bob", "Re: Beds for next year",
        "Good idea. Then the garlic moves to bed 4; it does not mind the shade.\n\nA.\n\n"
        "> If we put the beans where the carrots were, the pumpkin gets the sunny corner.\n",
        74, SEEN, answers=1,
    ),
    _Draft(
        "alice", SHARED, "alice", "bob", "The plan as a table",
        "The plan for the beds is attached. Correct it here: you may write in this folder.\n\nAlice\n",
        72, SEEN | FLAGGED, attachment=("beds.csv", "text/csv", PLAN),
    ),
    _Draft(
        "alice", SHARED, "carol", "alice", "Größere Töpfe für die Kürbisse",
        "Liebe Alice,\n\nim Schuppen stehen noch sechs große Töpfe – reicht das für die Kürbisse?\n"
        "Die Schläuche habe ich geflickt.\n\nGrüße\nCarol\n",
        50,
    ),
    _Draft(
        "alice", SHARED, "bob", "alice", "Picture of bed 2",
        "This is how it looks from the door.\n",
        30, html="<p>This is how it looks <b>from the door</b>.</p>",
        attachment=("bed-2.png", "image/png", _picture()),
    ),
    _Draft(
        "alice", "INBOX", "carol", "alice", "Lunch on Thursday?",
        "Thursday at half past twelve, at the usual place?\n\nCarol\n", 6, FLAGGED,
    ),
    _Draft(
        "alice", "INBOX", "bob", "alice", "Watering list",
        "Mon  Alice\nTue  Bob\nWed  Carol\nThu  Alice\nFri  Bob\nSat  Carol\nSun  whoever is there\n", 2,
    ),
    _Draft(
        "bob", "INBOX", "alice", "bob", "Re: Beds for next year",
        "Good idea. Then the garlic moves to bed 4; it does not mind the shade.\n\nA.\n\n"
        "> If we put the beans where the carrots were, the pumpkin gets the sunny corner.\n",
        74, SEEN, answers=7,
    ),
    _Draft(
        "bob", "INBOX", "carol", "bob", "Schlüssel",
        "Der Schlüssel zum Schuppen hängt jetzt links neben der Tür.\n\nC.\n", 20,
    ),
    _Draft(
        "bob", "Archive", "alice", "bob", "Minutes, spring meeting",
        "1. Everybody is well.\n2. The water butt leaks; Bob mends it.\n3. Seeds: Carol orders, we share.\n",
        700, SEEN,
    ),
    _Draft(
        "carol", "INBOX", "alice", "carol", "Seeds",
        "Dear Carol,\n\nplease order for all of us:\n\n  - beans, two bags\n  - carrots, early\n"
        "  - pumpkin, three plants\n\nThank you!\nAlice\n",
        90, SEEN | ANSWERED,
    ),
    _Draft(
        "carol", "Sent", "carol", "alice", "Re: Seeds",
        "Ordered. They come on Friday, and cost 23,40 €.\n\nCarol\n", 88, SEEN, answers=1,
    ),
    _Draft(
        "carol", "INBOX", "bob", "carol", "Water butt",
        "It holds again. \U0001f4a7\n", 10,
        html="<p>It holds again. \U0001f4a7</p>",
    ),
    _Draft(
        "", PUBLIC, "alice", "bob", "Open day on the 13th of June",
        "The garden is open to everybody on Saturday, the 13th of June, from two to six.\nBring cake.\n",
        40, attachment=("open-day.ics", "text/calendar", OPEN_DAY),
    ),
    _Draft(
        "", PUBLIC, "bob", "alice", "Compost",
        "From Monday on there is fresh compost by the gate; take what you need.\n", 12,
    ),
)  # fmt: skip


def letters(now: datetime) -> list[Letter]:
    """Every message of the demo, as of now."""
    ids: list[str] = []
    found = []
    for number, draft in enumerate(DRAFTS, 1):
        ids.append(f"<{number:02}.{int(now.timestamp())}@{DOMAIN}>")
        answered = ids[-1 - draft.answers] if draft.answers else ""
        moment = now - timedelta(hours=draft.hours)
        found.append(Letter(draft.owner, draft.folder, _written(draft, ids[-1], answered, moment), moment, draft.flags))
    return found


def _written(draft: _Draft, message_id: str, answered: str, moment: datetime) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(draft.sender)
    message["To"] = _address(draft.to)
    message["Subject"] = draft.subject
    message["Date"] = format_datetime(moment.replace(microsecond=0))
    message["Message-ID"] = message_id
    if answered:
        message["In-Reply-To"] = answered
        message["References"] = answered
    message.set_content(draft.text)
    if draft.html:
        message.add_alternative(f"<!doctype html><html><body>{draft.html}</body></html>\n", subtype="html")
    if draft.attachment is not None:
        name, media, octets = draft.attachment
        main, _, sub = media.partition("/")
        message.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def _address(name: str) -> str:
    return f"{PEOPLE[name]} <{name}@{DOMAIN}>"
