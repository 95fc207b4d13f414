"""What is taken away and put back: octets, flags, moments, folders, accounts; once, however often it comes."""

from __future__ import annotations

import ftplib
import json
from datetime import UTC, datetime

import pytest

from groupware.mime.item import Marks
from groupware.model.flags import Flags
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR, NewAccount
from groupware.model.rights import LEVELS, Right
from groupware.model.source import CalendarSource
from groupware.store.api import WriteTx
from tests.protocol.ftp.stand import ALICE, INBOX, NAME, Backup, fetched, named, stored

ODD = b"Subject: x\r\n\r\nbare\nLF, \r CR, \xff\xfe and no end of line"
THEN = datetime(2001, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260101T000000Z\r\n"
    b"DTSTART:20260102T100000Z\r\nSUMMARY:%b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


async def test_a_message_comes_octet_for_octet_with_its_size_and_moment(backup: Backup) -> None:
    await backup.put(ODD, marks=Marks(Flags.SEEN | Flags.DRAFT, frozenset({"$Work", "a.b+c"}), THEN))
    name = "0000000001_20010203T040506789000_DS+$Work+a=2Eb=2Bc.eml"

    def look(client: ftplib.FTP) -> None:
        facts = dict(client.mlsd(INBOX))[name]
        assert facts["size"] == str(len(ODD))
        assert facts["modify"] == "20010203040506"
        assert fetched(client, f"{INBOX}/{name}") == ODD
        assert fetched(client, f"{INBOX}/{name}", rest=10) == ODD[10:]
        assert client.size(f"{INBOX}/{name}") == len(ODD)

    await backup.ask(look)


@pytest.mark.parametrize("octets", [ODD, b"Subject: big\r\n\r\n" + b"0123456789abcde\n" * 100_000], ids=["odd", "big"])
async def test_a_message_is_put_back_once_with_flags_keywords_and_moment(backup: Backup, octets: bytes) -> None:
    path = f"{INBOX}/0000000007_20010203T040506789000_FS+$Work.eml"
    for _ in range(2):
        assert (await backup.ask(lambda client: stored(client, path, octets))).startswith("226")
    (item,) = await backup.items()
    assert (item.flags, item.keywords, item.saved) == (Flags.FLAGGED | Flags.SEEN, {"$Work"}, THEN)
    assert await backup.parts.blobs.read(item.blob) == octets


async def test_flags_that_have_changed_since_are_as_the_name_says(backup: Backup) -> None:
    for flags in ("S+a", "F+b"):
        await backup.ask(
            lambda client, flags=flags: stored(client, f"{INBOX}/1_20010203T040506789000_{flags}.eml", ODD)
        )  # type: ignore[misc]
    (item,) = await backup.items()
    assert (item.flags, item.keywords) == (Flags.FLAGGED, {"b"})


async def test_two_messages_that_are_alike_come_back_as_two(backup: Backup) -> None:
    await backup.put(ODD, ODD, marks=Marks(saved=THEN))

    def take(client: ftplib.FTP) -> dict[str, bytes]:
        return {name: fetched(client, f"{INBOX}/{name}") for name in named(client, INBOX) if name.endswith(".eml")}

    taken = await backup.ask(take)
    assert len(taken) == 2
    await backup.write(lambda tx: tx.expunge(tx.folder("INBOX").id, [(1, 2)], deleted_only=False))  # type: ignore[list-item]
    for _ in range(2):
        await backup.ask(lambda client: [stored(client, f"{INBOX}/{name}", taken[name]) for name in taken])
        assert len(await backup.items()) == 2


async def test_a_message_of_any_name_is_put_back_once(backup: Backup) -> None:
    for name in ("letter.eml", "other=20name.eml"):
        await backup.ask(lambda client, name=name: stored(client, f"{INBOX}/{name}", ODD))  # type: ignore[misc]
    assert len(await backup.items()) == 1


@pytest.mark.parametrize("name", [".listing", "notes.txt", "x.eml"])
async def test_what_is_no_message_is_refused(backup: Backup, name: str) -> None:
    octets = b"" if name == "x.eml" else ODD
    with pytest.raises(ftplib.error_perm, match=r"550 .*this is no message"):
        await backup.ask(lambda client: stored(client, f"{INBOX}/{name}", octets))
    assert await backup.items() == []


async def test_an_object_keeps_its_name_and_its_octets(backup: Backup) -> None:
    folder = f"{ALICE}/folders/Calendar.calendar"

    for title in (b"first", b"first", b"second"):
        await backup.ask(lambda client, title=title: stored(client, f"{folder}/a=20b=2Ec.ics", EVENT % title))  # type: ignore[misc]
    (item,) = await backup.items("Calendar")
    assert item.name == "a b.c.ics"
    assert await backup.ask(lambda client: fetched(client, f"{folder}/a b=2Ec.ics")) == EVENT % b"second"
    with pytest.raises(ftplib.error_perm, match="550"):
        await backup.ask(lambda client: stored(client, f"{folder}/bad.ics", b"no calendar"))


@pytest.mark.parametrize("path", ["Plain", "With space & sign", "a.b", "Büro/Ärger", "x=2E41#;~", "Calendar.calendar"])
async def test_a_folder_of_any_name_comes_back_with_its_kind(backup: Backup, path: str) -> None:
    await backup.write(lambda tx: tx.create_folder("Top"))
    await backup.write(lambda tx: tx.create_folder(f"Top/{path}", Kind.TASKS))

    def walk(client: ftplib.FTP, at: str) -> list[str]:
        below = [f"{at}/{name}" for name, facts in client.mlsd(at) if facts["type"] == "dir"]
        return [at, *(each for one in below for each in walk(client, one))]

    taken = await backup.ask(lambda client: walk(client, f"{ALICE}/folders/Top"))
    for each in reversed(await backup.read(lambda tx: [f for f in tx.folders() if f.path.startswith("Top")])):
        await backup.write(lambda tx, each=each: tx.delete_folder(each.id))  # type: ignore[misc]
    for _ in range(2):
        await backup.ask(lambda client: [client.mkd(each) for each in taken])
    found = await backup.read(lambda tx: tx.folder(f"Top/{path}"))
    assert found.kind is Kind.TASKS
    await backup.ask(lambda client: client.cwd(taken[-1]))


async def test_an_account_comes_back_with_secrets_settings_aliases_and_scripts(backup: Backup) -> None:
    def furnish(tx) -> None:  # type: ignore[no-untyped-def]
        tx.put_account(NewAccount("bob@example.test", name="Bob B."))
        tx.put_credential("bob@example.test", "password", "hash-1")
        tx.put_credential("bob@example.test", "scram-sha-256", "keys-1")
        tx.put_credential("bob@example.test", "app", "hash-2", "phone")
        tx.put_credential("bob@example.test", "totp", "sealed", "pocket")
        tx.put_alias("bob@example.test", "bobby@example.test")
        account = tx.account("bob@example.test").id
        tx.put_setting("mailboxSize", 12345, account)
        tx.put_script("my script", b"keep;", account)
        tx.activate_script("my script", account)

    await backup.write(furnish, OPERATOR)
    home = "/domains/example.test/accounts/bob"

    def take(client: ftplib.FTP) -> dict[str, bytes]:
        files = [f"{home}/account.json", f"{home}/secrets.json"]
        files += [f"{home}/scripts/{name}" for name in named(client, f"{home}/scripts")]
        return {each: fetched(client, each) for each in files}

    def state(tx):  # type: ignore[no-untyped-def]
        account, secrets = tx.credentials("bob@example.test")
        kept = sorted((each.kind, each.label, each.value) for each in secrets)
        settings = {each.name: each.value for each in tx.settings(account.id) if each.explicit}
        scripts = [(each.name, each.active, tx.script(each.name, account.id)) for each in tx.scripts(account.id)]
        return account.name, account.aliases, kept, settings, scripts

    taken, before = await backup.ask(take), await backup.read(state, OPERATOR)
    await backup.write(lambda tx: tx.drop_account("bob@example.test"), OPERATOR)
    for _ in range(2):
        await backup.ask(lambda client: [stored(client, each, taken[each]) for each in taken])
        assert await backup.read(state, OPERATOR) == before

    def change(tx) -> None:  # type: ignore[no-untyped-def]
        tx.put_credential("bob@example.test", "password", "hash-3")
        app = next(each for each in tx.credentials("bob@example.test")[1] if each.kind == "app")
        tx.drop_credential("bob@example.test", app.id)
        tx.put_credential("bob@example.test", "app", "hash-4", "phone")

    await backup.write(change, OPERATOR)
    await backup.ask(lambda client: [stored(client, each, taken[each]) for each in taken])
    assert await backup.read(state, OPERATOR) == before


async def test_a_calendar_is_filled_from_where_it_was_again(backup: Backup) -> None:
    url = "https://far.test/a.ics"

    def work(tx: WriteTx) -> None:
        folder = tx.create_folder("Far", Kind.CALENDAR)
        tx.put_calendar_source(CalendarSource(folder.id, folder.owner, url, 120, alarms=True))

    await backup.write(work)
    path = f"{ALICE}/folders/Far.calendar"
    taken = await backup.ask(lambda client: fetched(client, f"{path}/folder.json"))
    assert json.loads(taken)["source"]["url"] == url
    await backup.write(lambda tx: tx.delete_folder("Far"))
    await backup.ask(lambda client: (client.mkd(path), stored(client, f"{path}/folder.json", taken)))
    [found] = await backup.read(lambda tx: tx.calendar_sources())
    assert (found.url, found.minutes, found.alarms, found.done) == (url, 120, True, 0)


async def test_a_folder_has_its_role_grants_and_notes_again(backup: Backup) -> None:
    def furnish(tx) -> None:  # type: ignore[no-untyped-def]
        at = tx.create_folder("Verschickt").id
        tx.set_folder(tx.role(tx.who.account, "sent").id, role=None)
        tx.set_folder(at, role="sent")
        tx.grant(at, "anna@other.test", LEVELS["viewer"], Right.POST, reason="why not")
        tx.annotate(at, {"/shared/comment": b"\xc3\xa4"})

    await backup.write(furnish)
    path = f"{ALICE}/folders/Verschickt"
    taken = await backup.ask(lambda client: fetched(client, f"{path}/folder.json"))

    def forget(tx) -> None:  # type: ignore[no-untyped-def]
        tx.delete_folder("Verschickt")
        tx.set_folder(tx.folder("Sent").id, role="sent")

    await backup.write(forget)
    await backup.ask(lambda client: (client.mkd(path), stored(client, f"{path}/folder.json", taken)))

    def look(tx):  # type: ignore[no-untyped-def]
        at = tx.role(tx.who.account, "sent")
        (grant,) = tx.grants(at.id)
        return at.path, grant.grantee, grant.allow, grant.deny, grant.reason, dict(tx.annotations(at.id))

    assert await backup.read(look) == (
        "Verschickt", "anna@other.test", LEVELS["viewer"], Right.POST, "why not", {"/shared/comment": b"\xc3\xa4"}
    )  # fmt: skip


async def test_what_of_a_folder_cannot_be_put_back_is_said(backup: Backup) -> None:
    facts = {
        "grants": [{"grantee": "nobody@nowhere.test", "allow": "lr"}, {"grantee": "anna@other.test", "allow": "lr"}]
    }
    with pytest.raises(ftplib.error_perm, match=r"550 put back, but for 1 things: .*nobody@nowhere\.test"):
        await backup.ask(lambda client: stored(client, f"{INBOX}/folder.json", json.dumps(facts).encode()))
    grants = await backup.read(lambda tx: tx.grants(tx.folder("INBOX").id))
    assert [each.grantee for each in grants] == ["anna@other.test"]


async def test_a_domain_comes_back(backup: Backup) -> None:
    await backup.write(lambda tx: tx.put_setting("mailboxSize", 77, tx.domains()[-1].id), OPERATOR)
    taken = await backup.ask(lambda client: fetched(client, "/domains/other.test/domain.json"))
    await backup.write(lambda tx: (tx.drop_account("anna@other.test"), tx.drop_domain("other.test")), OPERATOR)
    await backup.ask(lambda client: stored(client, "/domains/other.test/domain.json", taken))
    found = await backup.read(lambda tx: tx.setting("mailboxSize", tx.domains()[-1].id), OPERATOR)
    assert (found.value, found.origin) == (77, "domain")


@pytest.mark.parametrize(
    "octets", [b"", b"no JSON", b"[]", b'{"aliases": 5}', b'{"kind": "group"}', b'{"settings": {"x": {}}}']
)
async def test_a_document_that_is_none_changes_nothing(backup: Backup, octets: bytes) -> None:
    before = await backup.read(lambda tx: tx.accounts("example.test"), OPERATOR)
    for name in ("new", "alice"):
        with pytest.raises(ftplib.error_perm, match="550 "):
            await backup.ask(
                lambda client, name=name: stored(client, f"/domains/example.test/accounts/{name}/account.json", octets)  # type: ignore[misc]
            )
    assert await backup.read(lambda tx: tx.accounts("example.test"), OPERATOR) == before


async def test_a_disabled_account_shows_what_it_is_but_not_its_mail(backup: Backup) -> None:
    await backup.write(lambda tx: tx.update_account(NAME, enabled=False), OPERATOR)
    assert await backup.ask(lambda client: sorted(named(client, ALICE))) == ["account.json", "scripts", "secrets.json"]
    with pytest.raises(ftplib.error_perm, match="disabled; enable it"):
        await backup.ask(lambda client: named(client, INBOX))
