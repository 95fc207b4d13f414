"""Whom Alice's folders are shared with in the matrix, so that it reaches Bob, and what is denied above them."""

from __future__ import annotations

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.house import House

ALICE, BOB = "alice@example.test", "bob@example.test"
WAYS = ("account", "group", "everyone", "denied above")


async def grantee(house: House, how: str) -> str:
    """The name for a grant; for `group` that of a group with a group in it that Bob is in."""
    if how != "group":
        return "everyone" if how == "everyone" else BOB

    def work(tx: WriteTx) -> None:
        for name in ("team", "staff"):
            tx.put_account(NewAccount(f"{name}@example.test", PrincipalKind.GROUP))
        tx.put_member("team@example.test", BOB)
        tx.put_member("staff@example.test", "team@example.test")

    await house.write(work)
    return "group:staff@example.test"


async def deny(house: House, whom: str, rights: Right) -> None:
    """At Alice's root."""

    def work(tx: WriteTx) -> None:
        root = tx.account(ALICE).root
        assert root is not None
        tx.grant(root, whom, Right.NONE, rights)

    await house.write(work)
