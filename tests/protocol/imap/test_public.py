"""Public folders and groups: who sees what, as the rights say."""

from __future__ import annotations

from groupware.model.item import Kind
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.store.api import WriteTx
from tests.support.imapstand import Client, Stand


async def test_public_folder_is_read_by_the_domain(place: Stand, alice: Client, bob: Client) -> None:
    def work(tx: WriteTx) -> None:
        domain = next(each for each in tx.domains() if each.name == "example.test")
        assert domain.account is not None
        news = tx.add_folder(domain.account, "News", Kind.MAIL)
        tx.grant(news.id, "bob@example.test", parse_rights("i"))
        tx.add_folder(domain.account, "Board", Kind.MAIL)
        tx.grant(tx.locate(domain.account, "Board").id, "everyone", Right.NONE, Right.LOOKUP | Right.READ)

    await place.write(work)
    assert (await alice.ask('LIST "" Public/*')).untagged == [b'* LIST (\\HasNoChildren) "/" Public/News']
    assert (await bob.append("Public/News", b"Subject: news\r\n\r\nx\r\n")).ok
    assert (await alice.append("Public/News", b"Subject: no\r\n\r\nx\r\n")).tagged.startswith(b"NO [NOPERM]")
    opened = await alice.ask("SELECT Public/News")
    assert opened.of(b"EXISTS") == [b"* 1 EXISTS"]
    assert (await alice.ask("SELECT Public/Board")).tagged.startswith(b"NO [NONEXISTENT]")


async def test_grant_to_a_group_reaches_its_members(place: Stand, alice: Client, bob: Client) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_account(NewAccount("sales@example.test", PrincipalKind.GROUP))
        tx.put_account(NewAccount("staff@example.test", PrincipalKind.GROUP))
        tx.put_member("sales@example.test", "bob@example.test")
        tx.put_member("staff@example.test", "sales@example.test")

    await place.write(work)
    assert (await alice.ask("SETACL INBOX group:staff@example.test lrs")).ok
    assert (await alice.ask("GETACL INBOX")).untagged[0].endswith(b" group:staff@example.test lrs")
    assert (await bob.ask('MYRIGHTS "Other Users/alice@example.test/INBOX"')).untagged[0].endswith(b" lrs")
    assert (await alice.ask("SETACL INBOX -bob r")).ok
    assert (await bob.ask('SELECT "Other Users/alice@example.test/INBOX"')).tagged.startswith(b"NO [NOPERM]")
    assert (await alice.ask("SETACL INBOX anyone +l")).ok
