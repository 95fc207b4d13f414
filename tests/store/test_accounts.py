"""Accounts and their kin: made, shown, renamed, disabled, taken away; and who may do that."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.errors import AlreadyExists, BadCredentials, GroupwareError, NoRight, NotFound, Refused
from groupware.model.folder import DEFAULT_FOLDERS
from groupware.model.ids import BlobId
from groupware.model.item import Kind, NewItem
from groupware.model.memory import Memory
from groupware.model.principal import OPERATOR, Account, NewAccount, Principal, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.store.api import WriteTx
from tests.store.house import House

A, B = "alice@example.test", "bob@example.test"


def test_an_account_is_born_with_the_default_folders(house: House) -> None:
    alice = house.add(A, name="Alice Adams")
    assert (alice.address, alice.name, alice.domain, alice.enabled) == (A, "Alice Adams", "example.test", True)
    folders = house.read(lambda tx: tx.folders(), house.who(alice))
    assert {(each.path, each.kind, each.role) for each in folders} == set(DEFAULT_FOLDERS)


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (PrincipalKind.GROUP, []),
        (PrincipalKind.LIST, ["Approved", "Drafts", "INBOX", "Junk", "Moderation", "Rejected", "Sent", "Trash"]),
        (PrincipalKind.RESOURCE, ["Calendar", "INBOX", "Trash"]),
    ],
)
def test_what_others_are_born_with(house: House, kind: PrincipalKind, paths: list[str]) -> None:
    made = house.add("x@example.test", kind)
    found = house.read(lambda tx: tx.folders(of=made.id))
    assert [each.path.split("/")[-1] for each in found if each.exists] == paths
    assert house.read(lambda tx: tx.locate(made.id, "")).id == made.root


def test_a_folder_recipient_is_bound_to_a_folder(house: House) -> None:
    alice = house.add(A)
    inbox = house.read(lambda tx: tx.locate(alice.id, "Archive"))
    new = NewAccount("archive@example.test", PrincipalKind.RECIPIENT, folder=inbox.id)
    made = house.write(lambda tx: tx.put_account(new))
    assert (made.folder, made.root) == (inbox.id, None)
    with pytest.raises(Refused, match="bound to a folder"):
        house.add("other@example.test", PrincipalKind.RECIPIENT)


@pytest.mark.parametrize(
    "address",
    ["", "alice", "@example.test", "a b@example.test", "a/b@example.test", "a..b@example.test", "*@example.test"],
)
def test_what_cannot_be_an_address_is_refused(house: House, address: str) -> None:
    with pytest.raises(Refused, match="address"):
        house.add(address)


@pytest.mark.parametrize("taken", [A, "Alice@Example.TEST", "postmaster@example.test"])
def test_an_address_is_given_once(house: House, taken: str) -> None:
    house.add(A)
    with pytest.raises(AlreadyExists, match="somebody has it"):
        house.add(taken)


def test_the_domain_has_to_be_of_this_server(house: House) -> None:
    with pytest.raises(NotFound, match=r"elsewhere\.test"):
        house.add("alice@elsewhere.test")


def test_an_account_has_its_address_in_the_domain_itself_not_in_its_alias(house: House) -> None:
    with pytest.raises(Refused, match=f"make it {A}"):
        house.add("alice@alias.test")


def test_of_two_that_make_the_same_address_at_once_one_succeeds(house: House) -> None:
    def make(number: int) -> Callable[[WriteTx], Account]:
        return lambda tx: tx.put_account(NewAccount(f"a{number}@example.test"))

    both = (OPERATOR, house.who("postmaster@example.test"))
    pairs = [[house.store.write_later(who, make(number)) for who in both] for number in range(10)]
    for pair in pairs:
        errors = [each.exception(60) for each in pair]
        assert [type(each) for each in errors if each is not None] == [AlreadyExists]
    assert len(house.read(lambda tx: tx.accounts("example.test"))) == 11


def test_an_account_is_found_by_id_and_by_every_address(house: House) -> None:
    alice = house.add(A)
    house.write(lambda tx: tx.put_alias(A, "a.adams@example.test"))
    keys = (alice.id, A, "ALICE@example.test", "a.adams@example.test", "alice@alias.test")
    found = [house.read(lambda tx, key=key: tx.account(key)) for key in keys]  # type: ignore[misc]
    assert {each.id for each in found} == {alice.id}
    assert found[0].aliases == ("a.adams@example.test",)


def test_a_listing_shows_a_domain_s_accounts_by_address(house: House) -> None:
    house.add(B)
    house.add("sales@example.test", PrincipalKind.GROUP)
    house.add(A)
    addresses = [each.address for each in house.read(lambda tx: tx.accounts("alias.test"))]
    assert addresses == [A, B, "postmaster@example.test", "sales@example.test"]
    groups = house.read(lambda tx: tx.accounts("example.test", PrincipalKind.GROUP))
    assert [each.address for each in groups] == ["sales@example.test"]


def test_renaming_keeps_id_grants_memberships_and_secrets(house: House) -> None:
    alice, bob = house.add(A), house.add(B)
    house.add("sales@example.test", PrincipalKind.GROUP)
    house.member("sales@example.test", B)
    house.write(lambda tx: tx.grant("Archive", B, parse_rights("lr")), house.who(alice))
    house.write(lambda tx: tx.put_credential(B, "password", "x"))
    path = f"Other Users/{A}/Archive"
    house.read(lambda tx: tx.folder(path), house.who(bob))
    renamed = house.write(lambda tx: tx.update_account(B, address="robert@example.test"))
    assert (renamed.id, renamed.address) == (bob.id, "robert@example.test")
    who = house.who(bob)
    assert who.identifiers >= {"robert@example.test", "group:sales@example.test"}
    assert house.read(lambda tx: tx.folder(path), who).rights == parse_rights("lr")
    grants = house.read(lambda tx: tx.grants(tx.locate(alice.id, "Archive").id))
    assert [each.grantee for each in grants] == ["robert@example.test"]
    assert len(house.read(lambda tx: tx.credentials(bob.id))[1]) == 1
    with pytest.raises(NotFound):
        house.read(lambda tx: tx.account(B))


def test_renaming_moves_the_path_that_others_see(house: House) -> None:
    alice, bob = house.add(A), house.add(B)
    house.write(lambda tx: tx.grant("Archive", B, parse_rights("lr")), house.who(alice))
    who = house.who(bob)
    house.read(lambda tx: tx.folders(), who)
    house.write(lambda tx: tx.update_account(A, address="ally@example.test"))
    shared = [each.path for each in house.read(lambda tx: tx.folders(), who) if each.exists and not each.own]
    assert shared == ["Other Users/ally@example.test/Archive"]


def test_an_alias_may_become_the_address(house: House) -> None:
    alice = house.add(A)
    house.write(lambda tx: tx.put_alias(A, "ally@example.test"))
    assert house.write(lambda tx: tx.update_account(A, address="ally@example.test")).aliases == ()
    house.add(B)
    with pytest.raises(AlreadyExists):
        house.write(lambda tx: tx.update_account("ally@example.test", address=B))
    assert house.read(lambda tx: tx.account("ally@example.test")).id == alice.id


def test_a_disabled_account_loses_its_session_at_the_next_call(house: House) -> None:
    alice = house.add(A)
    who = house.who(alice)
    changed = house.write(lambda tx: tx.update_account(A, enabled=False))
    assert not changed.enabled and changed.version > alice.version
    with pytest.raises(BadCredentials):
        house.read(lambda tx: tx.folders(), who)
    house.write(lambda tx: tx.update_account(A, enabled=True))
    assert house.read(lambda tx: tx.folders(), who)


def test_an_attribute_that_there_is_not_is_refused(house: House) -> None:
    house.add(A)
    with pytest.raises(Refused, match="colour"):
        house.write(lambda tx: tx.update_account(A, colour="red"))


def put_mail(tx: WriteTx) -> None:
    octets = b"Subject: x\r\n\r\nx"
    new = NewItem(Kind.MAIL, BlobId(hashlib.sha256(octets).hexdigest()), len(octets), b"s", body=octets)
    tx.append(tx.folder("INBOX").id, [new])


def test_dropping_takes_tree_grants_memberships_secrets_and_bodies_along(house: House) -> None:
    alice, bob = house.add(A), house.add(B)
    house.add("sales@example.test", PrincipalKind.GROUP)
    house.member("sales@example.test", A, B)
    house.write(put_mail, house.who(alice))
    house.write(lambda tx: tx.grant("Archive", A, parse_rights("lr")), house.who(bob))
    house.write(lambda tx: tx.put_credential(A, "password", "x"))
    house.write(lambda tx: tx.subscribe("INBOX", True), house.who(alice))
    house.write(lambda tx: tx.put_script("mine", b"keep;"), house.who(alice))
    house.write(
        lambda tx: (tx.remember(alice.id, Memory("told", "x", 60)), tx.put_undo(alice.id, "x")), house.who(alice)
    )
    who = house.who(alice)
    house.write(lambda tx: tx.drop_account(A))
    with pytest.raises(BadCredentials):
        house.read(lambda tx: tx.folders(), who)
    assert house.read(lambda tx: tx.members("sales@example.test")) == [B]
    assert house.read(lambda tx: tx.grants(tx.locate(bob.id, "Archive").id)) == ()
    with house.store.database.readers.connect() as connection:
        for table, column in (
            ("folder", "owner_id"),
            ("credential", "account_id"),
            ("subscription", "account_id"),
            ("sieve_script", "account_id"),
            ("timeline", "owner_id"),
            ("memory", "account_id"),
            ("undo", "account_id"),
            ("address", "principal_id"),
        ):
            asked = f"SELECT count(*) FROM {table} WHERE {column} = {alice.id}"
            assert connection.exec_driver_sql(asked).scalar_one() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM content").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT sum(refs) FROM blob").scalar_one() in (None, 0)


def test_a_number_is_never_given_twice(house: House) -> None:
    first = house.add(A)
    house.write(lambda tx: tx.drop_account(A))
    assert house.add(A).id > first.id


def test_the_postmaster_stays(house: House) -> None:
    with pytest.raises(Refused, match="postmaster"):
        house.write(lambda tx: tx.drop_account("postmaster@example.test"))
    with pytest.raises(Refused, match="postmaster"):
        house.write(lambda tx: tx.update_account("postmaster@example.test", address="pm@example.test"))


def test_a_temporary_alias_ends(house: House) -> None:
    house.add(A)
    house.add(B)
    over = datetime.now(UTC) - timedelta(seconds=1)
    house.write(lambda tx: tx.put_alias(A, "temp@example.test", over))
    assert house.read(lambda tx: tx.account(A)).aliases == ()
    with pytest.raises(NotFound):
        house.read(lambda tx: tx.resolve("temp@example.test"))
    house.write(lambda tx: tx.put_alias(B, "temp@example.test", datetime.now(UTC) + timedelta(hours=1)))
    assert house.read(lambda tx: tx.resolve("temp@example.test"))[0].address == B
    house.write(lambda tx: tx.put_alias(B, "temp@example.test", over))
    with pytest.raises(NotFound):
        house.read(lambda tx: tx.resolve("temp@example.test"))


def test_an_alias_that_somebody_has_is_not_given_away(house: House) -> None:
    house.add(A)
    house.add(B)
    house.write(lambda tx: tx.put_alias(A, "info@example.test"))
    with pytest.raises(AlreadyExists):
        house.write(lambda tx: tx.put_alias(B, "info@example.test"))
    with pytest.raises(Refused, match="no alias but the address"):
        house.write(lambda tx: tx.drop_alias(B))
    with pytest.raises(NotFound):
        house.write(lambda tx: tx.drop_alias("nobody@example.test"))


def everything(who_key: str) -> list[tuple[str, object]]:
    return [
        ("put_account", lambda tx: tx.put_account(NewAccount("new@example.test"))),
        ("update_account", lambda tx: tx.update_account(who_key, name="x")),
        ("update_nobody", lambda tx: tx.update_account("nobody@example.test", name="x")),
        ("drop_account", lambda tx: tx.drop_account(who_key)),
        ("put_alias", lambda tx: tx.put_alias(who_key, "new@example.test")),
        ("drop_alias", lambda tx: tx.drop_alias("info@example.test")),
        ("put_member", lambda tx: tx.put_member("sales@example.test", who_key)),
        ("drop_member", lambda tx: tx.drop_member("sales@example.test", who_key)),
        ("members", lambda tx: tx.members("sales@example.test")),
        ("put_credential", lambda tx: tx.put_credential(who_key, "password", "x")),
        ("credentials", lambda tx: tx.credentials(who_key)),
        ("accounts", lambda tx: tx.accounts("example.test")),
        ("accounts_elsewhere", lambda tx: tx.accounts("elsewhere.test")),
        ("put_setting", lambda tx: tx.put_setting("imap", False, tx.who.account)),
        ("drop_domain", lambda tx: tx.drop_domain("example.test")),
    ]


@pytest.mark.parametrize("name", [name for name, _ in everything("")])
def test_an_ordinary_account_administers_nothing_and_learns_nothing(house: House, name: str) -> None:
    who = house.who(house.add(A))
    work = dict(everything(A))[name]
    with pytest.raises(NoRight):
        house.write(work, who)  # type: ignore[arg-type]


def test_a_postmaster_administers_the_domain_and_no_other(house: House) -> None:
    house.domain("other.test")
    house.add("eve@other.test")
    who = house.who("postmaster@example.test")
    house.write(lambda tx: tx.put_account(NewAccount(A)), who)
    house.write(lambda tx: tx.put_credential(A, "password", "x"), who)
    house.write(lambda tx: tx.drop_account(A), who)
    for address in ("eve@other.test", "nobody@other.test"):
        with pytest.raises(NoRight):
            house.write(lambda tx, address=address: tx.put_credential(address, "password", "x"), who)  # type: ignore[misc]


def test_one_sees_oneself_and_nobody_else(house: House) -> None:
    alice = house.add(A)
    house.add(B)
    who = house.who(alice)
    assert house.read(lambda tx: tx.account(A), who).id == alice.id
    said = []
    for key in (B, "nobody@example.test"):
        with pytest.raises(GroupwareError) as raised:
            house.read(lambda tx, key=key: tx.account(key), who)  # type: ignore[misc]
        said.append((type(raised.value), str(raised.value)))
    assert said[0] == said[1]


def may(house: House, who: Principal, address: str) -> bool:
    return house.read(lambda tx: tx.may_send_as(address), who)


def test_one_writes_as_oneself_by_every_address(house: House) -> None:
    who = house.who(house.add(A))
    house.add(B)
    house.write(lambda tx: tx.put_alias(A, "info@example.test"))
    for address in (A, "info@example.test", "alice+news@example.test", "alice@alias.test", "ALICE@EXAMPLE.TEST"):
        assert may(house, who, address)
    for address in (B, "nobody@example.test", "alice@elsewhere.test", "", "alice"):
        assert not may(house, who, address)


@pytest.mark.parametrize("right", [Right.SEND_AS, Right.SEND_ON_BEHALF])
def test_a_right_on_the_root_lets_one_write_as_its_owner(house: House, right: Right) -> None:
    alice, bob = house.add(A), house.add(B)
    sales = house.add("sales@example.test", PrincipalKind.GROUP)
    who = house.who(alice)
    for owner in (bob, sales):
        assert owner.root is not None
        root = owner.root
        house.write(lambda tx, root=root: tx.grant(root, A, right))  # type: ignore[misc]
        assert may(house, who, owner.address)
    assert not may(house, house.who(bob), A)
    assert bob.root is not None
    house.write(lambda tx: tx.grant(bob.root, A, Right.NONE))  # type: ignore[arg-type]
    assert not may(house, who, B)
