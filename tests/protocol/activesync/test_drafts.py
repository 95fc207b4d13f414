"""Drafts that others have begun: a phone changes what it knows of, and the rest stays."""

from __future__ import annotations

from groupware.mime.item import Marks
from groupware.model.flags import Flags
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.eas.stand import Phone, Stand

DRAFT = (
    b"From: Alice at the shop <alice+shop@example.test>\r\nTo: bob@example.test\r\nSubject: Plan\r\n"
    b"Reply-To: shop@far.test,\r\n office@far.test\r\nImportance: high\r\nX-Template: seven\r\nMessage-ID: <d1@x>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"
)


async def test_fields_that_a_phone_says_nothing_of_stay_in_a_draft(stand: Stand, alice: Phone) -> None:
    uid = await stand.put(
        "alice", DRAFT, "Drafts", Marks(Flags.DRAFT | Flags.SEEN | Flags.FLAGGED, frozenset({"Blue"}))
    )
    [before] = await stand.house.items("alice", "Drafts")
    at = await alice.at("Drafts")
    await alice.all_of(at)
    await alice.sync(at, changed(f"{at}:{uid}", ("Email:Subject", "Other plan")))
    [octets] = await stand.house.bodies("alice", "Drafts")
    for line in (b"From: Alice at the shop", b"shop@far.test,", b"Importance: high", b"X-Template: seven", b"<d1@x>"):
        assert octets.count(line) == 1, line
    assert b"Subject: Other plan\r\n" in octets and octets.count(b"Content-Type") == octets.count(b"MIME-Version") == 1
    [item] = await stand.house.items("alice", "Drafts")
    assert item.id == before.id and item.flags == before.flags and item.keywords == {"Blue"}
    assert [each.get("Subject") for each in alice.there[at].values()] == ["Other plan"]


async def test_one_change_of_a_draft_says_what_is_in_it_and_its_marks(stand: Stand, alice: Phone) -> None:
    uid = await stand.put("alice", DRAFT, "Drafts", Marks(Flags.DRAFT | Flags.SEEN))
    at = await alice.at("Drafts")
    await alice.all_of(at)
    said = ("Email:Importance", "0"), ("Email:Flag", ("Email:Status", "2")), ("Email:Read", "0")
    await alice.sync(at, changed(f"{at}:{uid}", *said))
    [item] = await stand.house.items("alice", "Drafts")
    assert item.flags == Flags.DRAFT | Flags.FLAGGED
    [octets] = await stand.house.bodies("alice", "Drafts")
    assert b"Importance: low" in octets and b"Importance: high" not in octets
