"""Whom Alice's folders are shared with in the matrix, so that it reaches Bob, and what is denied above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.house import House

ALICE, BOB = "alice@example.test", "bob@example.test"
WAYS = ("account", "group", "everyone", "denied above")


@dataclass(frozen=True)
class Sharing:
    """Folders of Alice's, and how Bob comes to rights there."""

    house: House
    how: str
    whom: str
    paths: Sequence[str]

    async def give(self, rights: Right) -> Right:
        """These rights are granted, and no others; those that Bob has then."""
        denied = self.how == "denied above"

        def work(tx: WriteTx) -> None:
            owner = tx.account(ALICE)
            assert owner.root is not None
            for path in self.paths:
                tx.grant(tx.locate(owner.id, path).id, self.whom, rights)
            if denied:
                tx.grant(owner.root, self.whom, Right.NONE, Right.READ)

        await self.house.write(work)
        return rights & ~Right.READ if denied else rights


async def sharing(house: House, how: str, *paths: str) -> Sharing:
    """Sharing in one of the WAYS: of these folders, with nothing granted so far."""
    return Sharing(house, how, await _grantee(house, how), paths)


async def _grantee(house: House, how: str) -> str:
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
