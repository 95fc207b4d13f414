"""Scripts of the server and of domains at delivery: before those of accounts, and the last word counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR, Domain, NewAccount, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from tests.protocol.sieve.delivering import ALICE, BOB, MESSAGE, Desk, desk
from tests.protocol.smtp.test_submission import signed_in

REQUIRE = 'require ["fileinto", "imap4flags", "reject", "duplicate", "vacation", "variables", "include", "copy"];\n'
SERVER, DOMAIN = "server", "domain"


def keeper(tx: ReadTx, level: str) -> AccountId:
    """Who keeps the scripts of a level."""
    if level == SERVER:
        return OPERATOR.account
    if level == "account":
        return tx.account(ALICE).id
    found = next(each.id for each in tx.domains() if each.name == "example.test")
    assert found is not None
    return AccountId(found)


async def rule(at: Desk, level: str, text: str, name: str = "rules", *, active: bool = True) -> None:
    """The script of a level."""

    def work(tx: WriteTx) -> None:
        tx.put_script(name, (REQUIRE + text).encode(), keeper(tx, level))
        if active:
            tx.activate_script(name, keeper(tx, level))

    await at.here.write(work)


async def mail(at: Desk, of: str = ALICE) -> dict[str, int]:
    return await at.folders(of)


@pytest.mark.parametrize("level", [SERVER, DOMAIN])
async def test_it_files_the_mail_of_everybody_below(tmp_path: Path, level: str) -> None:
    async with desk(tmp_path) as at:
        await rule(at, level, 'fileinto "Junk";')
        await at.send(ALICE, BOB)
        assert (await mail(at), await mail(at, BOB)) == ({"Junk": 1}, {"Junk": 1})


@pytest.mark.parametrize(
    ("server", "domain", "account", "folder"),
    [
        ('fileinto "Junk";', 'fileinto "Trash";', "", "Trash"),
        ('fileinto "Junk";', "", 'fileinto "Archive";', "Archive"),
        ("", 'fileinto "Trash";', 'fileinto "Archive";', "Archive"),
        ("discard;", "", "keep;", "INBOX"),
        ('fileinto "Junk";', 'addflag "$Seen-by-domain";', 'addflag "$Mine";', "Junk"),
    ],
)
async def test_the_last_that_says_where_it_goes_has_its_way(
    tmp_path: Path, server: str, domain: str, account: str, folder: str
) -> None:
    async with desk(tmp_path) as at:
        for level, text in ((SERVER, server), (DOMAIN, domain), ("account", account)):
            await rule(at, level, text)
        await at.send()
        assert await mail(at) == {folder: 1}


async def test_flags_of_all_levels_come_together(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for level in (SERVER, DOMAIN, "account"):
            await rule(at, level, f'addflag "${level}";')
        await at.send()
        (item,) = await at.here.items("alice")
        assert item.keywords == {"$server", "$domain", "$account"}


async def test_other_domains_do_not_have_the_rules_of_this_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:

        def other(tx: WriteTx) -> None:
            tx.put_domain(Domain("other.test"))
            tx.put_account(NewAccount("zoe@other.test"))

        await at.here.write(other)
        await rule(at, DOMAIN, 'fileinto "Junk";')
        await at.send(ALICE, "zoe@other.test")
        assert (await mail(at), await mail(at, "zoe@other.test")) == ({"Junk": 1}, {"INBOX": 1})


async def test_a_script_that_is_not_active_does_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, DOMAIN, "discard;", active=False)
        await at.send()
        assert await mail(at) == {"INBOX": 1}


async def test_lists_and_addresses_of_folders_are_below_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:

        def work(tx: WriteTx) -> None:
            tx.put_account(NewAccount("news@example.test", PrincipalKind.LIST))
            at = tx.add_folder(tx.account(ALICE).id, "Desk")
            tx.put_account(NewAccount("desk@example.test", PrincipalKind.RECIPIENT, folder=at.id))

        await at.here.write(work)
        await rule(at, SERVER, 'if header "subject" "Hello" { discard; }')
        await at.send("news@example.test", "desk@example.test")
        assert (await mail(at, "news@example.test"), await mail(at)) == ({}, {})


async def test_the_trace_names_whose_script_it_was_and_its_line(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, DOMAIN, 'fileinto "Trash";')
        reply = await at.send()
        rows = await at.here.trace(reply.rpartition(" ")[2])
        (row,) = [each.event.facts for each in rows if each.event.name == "filtered"]
        assert (row["filter"], row["script"], row["line"]) == ("sieve-domain", "rules", 2)


async def test_what_cannot_be_carried_out_goes_on_and_the_postmaster_is_told_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, SERVER, 'fileinto "Junk";')
        await rule(at, DOMAIN, 'set "x" ""; fileinto "${x}";')
        await at.send(ALICE, BOB)
        await at.send(ALICE)
        assert (await mail(at), await mail(at, BOB)) == ({"Junk": 2}, {"Junk": 1})
        (told,) = await at.queued()
        assert [each.address for each in told[0].envelope.recipients] == ["postmaster@example.test"]
        assert told[1]["Subject"] == "The mail rules of the domain example.test have an error"


async def test_duplicates_of_one_level_are_none_of_another(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, SERVER, 'if header "subject" "Nothing" { if duplicate { discard; } } elsif duplicate { stop; }')
        await at.send()
        await rule(at, "account", 'if duplicate { fileinto "Trash"; }')
        await at.send()
        assert await mail(at) == {"INBOX": 2}


async def test_include_finds_the_scripts_of_whoever_keeps_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, "account", 'fileinto "Archive";', "part", active=False)
        await rule(at, DOMAIN, 'fileinto "Trash";', "part", active=False)
        await rule(at, DOMAIN, 'include :personal "part";')
        await at.send()
        assert await mail(at) == {"Trash": 1}


async def test_a_vacation_of_the_domain_answers_under_the_address_of_the_recipient(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, DOMAIN, 'vacation "We have moved.";')
        await at.send()
        (answer,) = await at.queued()
        assert answer[1]["From"].addresses[0].addr_spec == ALICE


async def test_a_refusal_of_the_domain_reaches_the_sender(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await rule(at, DOMAIN, 'if header "subject" "Hello" { ereject "No."; }'.replace("ereject", "reject"))
        await at.send()
        assert await mail(at) == {}
        assert await at.here.queued() != []


async def test_what_leaves_is_not_judged_by_the_script_of_the_server(tmp_path: Path) -> None:
    async with desk(tmp_path, "submission", "EHLO client.test") as at:
        await rule(at, SERVER, "discard;")
        await signed_in(at.caller)
        assert (
            await at.send("far@far.test", sender=ALICE, octets=MESSAGE.replace(b"ann@far", b"alice@example"))
        ).startswith("250")
        assert [each.envelope.recipients[0].address for each in await at.here.queued()] == ["far@far.test"]
