"""Search, Find, ResolveRecipients, ValidateCert and Settings."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from groupware.contacts.photos import put_photo
from mailcore.sieve.check import compiled
from tests.protocol.activesync.test_sync_mail import preference
from tests.support.davstand import card, event
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node
from tests.support.jmapstand import letter


async def search(alice: Phone, name: str, query: tuple[Any, ...], *options: tuple[Any, ...]) -> Node:
    store = ("Search:Store", ("Search:Name", name), query, ("Search:Options", *options) if options else None)
    said = await alice.ask("Search", ("Search:Search", store))
    assert said.get("Status") == "1"
    return said.find("Response/Store") or Node("x:x")


def words(text: str, *more: tuple[Any, ...]) -> tuple[Any, ...]:
    return ("Search:Query", ("Search:And", ("AirSync:Class", "Email"), *more, ("Search:FreeText", text)))


async def test_mail_is_found_the_newest_first(stand: Stand, alice: Phone) -> None:
    at, archive = await alice.at("INBOX"), await alice.at("Archive")
    await stand.put("alice", letter("Invoice one", body="pay\r\n"))
    await stand.put("alice", letter("Other"))
    await stand.put("alice", letter("Invoice two"), "Archive")
    found = await search(alice, "Mailbox", words("invoice"), preference(1))
    assert (found.get("Status"), found.get("Range"), found.get("Total")) == ("1", "0-1", "2")
    results = found.every("Result")
    assert [each.get("Properties/Subject") for each in results] == ["Invoice two", "Invoice one"]
    assert [each.get("CollectionId") for each in results] == [archive, at]
    assert results[1].get("Properties/Body/Data") == "pay\r\n"
    inside = words("invoice", ("AirSync:CollectionId", at))
    assert (await search(alice, "Mailbox", inside)).get("Total") == "1"
    assert (await search(alice, "Mailbox", words("subject:other"))).get("Total") == "1"
    assert (await search(alice, "Mailbox", words("invoice"), ("Search:Range", "1-1"))).get("Range") == "1-1"
    assert (await search(alice, "Mailbox", words("nothing"))).get("Total") == "0"
    since = ("Search:GreaterThan", ("Email:DateReceived",), ("Search:Value", "2099-01-01T00:00:00.000Z"))
    assert (await search(alice, "Mailbox", words("invoice", since))).get("Total") == "0"
    item = ("ItemOperations:Fetch", ("ItemOperations:Store", "Mailbox"), ("Search:LongId", results[0].get("LongId")))
    fetched = await alice.ask("ItemOperations", ("ItemOperations:ItemOperations", item))
    assert fetched.get("Response/Fetch/Properties/Subject") == "Invoice two"


async def test_what_is_no_search(alice: Phone) -> None:
    assert (await search(alice, "Mailbox", ("Search:Query", "x"))).get("Status") == "2"
    assert (await search(alice, "Mailbox", words("x"), ("Search:Range", "9-1"))).get("Status") == "12"
    assert (await search(alice, "DocumentLibrary", ("Search:Query", "x"))).get("Status") == "14"
    assert (await search(alice, "Mailbox", words("x", ("AirSync:CollectionId", "999")))).get("Status") == "6"


async def test_people_are_found_with_what_one_s_contacts_say(stand: Stand, alice: Phone) -> None:
    photo = "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo="
    octets = card("b", "Bob", "EMAIL:bob@example.test", "TEL;TYPE=CELL:+7", photo).encode()
    await stand.put("alice", octets, "Contacts")
    picture = ("Search:Picture", ("Search:MaxPictures", 1))
    found = await search(alice, "GAL", ("Search:Query", "bob"), picture)
    assert found.get("Result/Properties/EmailAddress") == "bob@example.test"
    assert found.get("Result/Properties/MobilePhone") == "+7"
    assert found.get("Result/Properties/Picture/Data") == "iVBORw0KGgo="
    everybody = await search(alice, "GAL", ("Search:Query", "example"), ("Search:Picture", ("Search:MaxSize", 1)))
    assert {each.get("Properties/Picture/Status") for each in everybody.every("Result")} == {"173", "174"}
    assert (await search(alice, "GAL", ("Search:Query", "nobody at all"))).get("Total") == "0"


async def test_find_lists(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", letter("Invoice", body="pay now\r\n"))
    query = ("Find:Query", ("AirSync:Class", "Email"), ("Find:FreeText", "invoice"))
    criterion = ("Find:MailBoxSearchCriterion", query, ("Find:Options", ("Find:Range", "0-9")))
    said = await alice.ask("Find", ("Find:Find", ("Find:SearchId", "1"), ("Find:ExecuteSearch", criterion)))
    assert (said.get("Status"), said.get("Response/Total"), said.get("Response/Range")) == ("1", "1", "0-0")
    assert said.get("Response/Result/Properties/Preview") == "pay now"
    assert said.get("Response/Result/Properties/HasAttachments") == "0"
    people = ("Find:ExecuteSearch", ("Find:GALSearchCriterion", ("Find:Query", "bob")))
    said = await alice.ask("Find", ("Find:Find", people))
    assert said.get("Response/Result/Properties/EmailAddress") == "bob@example.test"
    assert (await alice.ask("Find", ("Find:Find",))).get("Status") == "2"


async def test_names_are_resolved_with_their_availability(stand: Stand, alice: Phone) -> None:
    octets = event("b", "20261201T100000Z", end="20261201T110000Z").encode()
    await stand.put("bob", octets, "Calendar")
    await stand.share("bob", "Calendar", "alice@example.test", "9")
    span = (
        ("ResolveRecipients:StartTime", "2026-12-01T09:30:00.000Z"),
        ("ResolveRecipients:EndTime", "2026-12-01T12:00:00.000Z"),
    )
    options = ("ResolveRecipients:Options", ("ResolveRecipients:Availability", *span))
    names = [("ResolveRecipients:To", each) for each in ("bob@example.test", "nobody@x.test", "example.test")]
    said = await alice.ask("ResolveRecipients", ("ResolveRecipients:ResolveRecipients", *names, options))
    first, second, third = said.every("Response")
    assert (first.get("Status"), first.get("Recipient/EmailAddress")) == ("1", "bob@example.test")
    assert first.get("Recipient/Availability/MergedFreeBusy") == "02200"
    assert (second.get("Status"), second.get("RecipientCount"), third.get("Status")) == ("4", "0", "2")
    assert (await alice.ask("ResolveRecipients", ("ResolveRecipients:ResolveRecipients",))).get("Status") == "5"


def _certificate() -> str:
    """One that somebody has made for themselves, in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Zoë")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2036, 1, 1))
    return base64.b64encode(made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


async def test_a_contact_is_resolved_with_its_certificates(stand: Stand, alice: Phone) -> None:
    key = _certificate()
    lines = ("EMAIL:zoe@far.test", f"KEY;TYPE=X509;ENCODING=b:{key}", "KEY;TYPE=PGP;ENCODING=b:AAAA")
    await stand.put("alice", card("z", "Zoë Maier", *lines).encode(), "Contacts")
    for name in ("zoe@far.test", "zoë"):
        options = ("ResolveRecipients:Options", ("ResolveRecipients:CertificateRetrieval", 2))
        ask = ("ResolveRecipients:ResolveRecipients", ("ResolveRecipients:To", name), options)
        said = await alice.ask("ResolveRecipients", ask)
        found = [
            said.get(f"Response/Recipient/{each}") for each in ("Type", "EmailAddress", "Certificates/Certificate")
        ]
        assert found == ["2", "zoe@far.test", key]
        assert said.get("Response/Recipient/Certificates/CertificateCount") == "1"


async def test_the_directory_shows_the_photo_that_somebody_has_set(stand: Stand, alice: Phone) -> None:
    octets = b"\x89PNG\r\n\x1a\n a picture"
    who = await stand.house.read(lambda tx: tx.identity(tx.account("bob@example.test").id))
    await stand.house.store.write(who, lambda tx: put_photo(tx, octets))
    wanted = ("Search:Picture",)
    found = await search(alice, "GAL", ("Search:Query", "bob"), ("Search:Range", "0-9"), wanted)
    assert found.get("Result/Properties/Picture/Data") == base64.b64encode(octets).decode()


async def test_certificates_are_looked_at(alice: Phone) -> None:
    async def status(text: str) -> str | None:
        inside = ("ValidateCert:Certificates", ("ValidateCert:Certificate", text))
        return (await alice.ask("ValidateCert", ("ValidateCert:ValidateCert", inside))).get("Certificate/Status")

    assert await status("AAAA") == "10" and await status("!") == "10"


async def settings(alice: Phone, *inside: tuple[Any, ...]) -> Node:
    return await alice.ask("Settings", ("Settings:Settings", *inside))


def message(audience: str, text: str) -> tuple[Any, ...]:
    body = ("Settings:Enabled", "1"), ("Settings:ReplyMessage", text), ("Settings:BodyType", "Text")
    return ("Settings:OofMessage", (f"Settings:{audience}",), *body)


async def test_an_absence_is_a_script_of_the_account(stand: Stand, alice: Phone) -> None:
    ask = ("Settings:Oof", ("Settings:Get", ("Settings:BodyType", "Text")))
    assert (await settings(alice, ask)).get("Oof/Get/OofState") == "0"
    times = ("Settings:StartTime", "2026-12-01T00:00:00.000Z"), ("Settings:EndTime", "2026-12-09T00:00:00.000Z")
    given = ("Settings:Set", ("Settings:OofState", 2), *times, message("AppliesToInternal", "Away\nuntil the 9th"))
    assert (await settings(alice, ("Settings:Oof", given))).get("Oof/Status") == "1"
    said = await settings(alice, ask)
    assert (said.get("Oof/Get/OofState"), said.get("Oof/Get/EndTime")) == ("2", "2026-12-09T00:00:00.000Z")
    assert said.get("Oof/Get/OofMessage/ReplyMessage") == "Away\nuntil the 9th"
    who = await stand.house.read(lambda tx: tx.identity(tx.account("alice@example.test").id))
    active = await stand.house.store.read(who, lambda tx: tx.active_script())
    assert active is not None and compiled(active[1]) and b"until the 9th" in active[1]
    off = ("Settings:Oof", ("Settings:Set", ("Settings:OofState", 0)))
    assert (await settings(alice, off)).get("Oof/Status") == "1"
    assert await stand.house.store.read(who, lambda tx: tx.active_script()) is None
    bad = ("Settings:Oof", ("Settings:Set", ("Settings:OofState", 2)))
    assert (await settings(alice, bad)).get("Oof/Status") == "5"


async def test_who_one_is(alice: Phone) -> None:
    said = await settings(alice, ("Settings:UserInformation", ("Settings:Get",)))
    found = said.find("UserInformation/Get/Accounts/Account/EmailAddresses")
    assert found is not None and found.get("PrimarySmtpAddress") == "alice@example.test"
    rights = ("Settings:RightsManagementInformation", ("Settings:Get",))
    assert (await settings(alice, rights)).get("RightsManagementInformation/Status") == "1"
    assert (await settings(alice, ("Settings:DevicePassword", ("Settings:Set",)))).get("DevicePassword/Status") == "3"
    assert (await settings(alice, ("Settings:Status",))).get("Status") == "2"
