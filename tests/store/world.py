"""People of the tests of the store's core, and short ways to say what they do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from groupware.model.errors import GroupwareError
from groupware.model.event import Landing, Target
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Folder
from groupware.model.ids import EVERY, BlobId, FolderId, Uids
from groupware.model.item import Item, Kind, NewItem
from groupware.model.principal import OPERATOR, Principal, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.store.api import ReadTx, Where, WriteTx
from tests.store.house import House

T = TypeVar("T")
_numbers = itertools.count(1)


def letter(size: int = 100, flags: Flags = Flags.NONE, *keywords: str, name: str | None = None) -> NewItem:
    """A message that no other is."""
    blob = BlobId(f"{next(_numbers):064x}")
    return NewItem(Kind.MAIL, blob, size, b"summary", b"body", flags=flags, keywords=frozenset(keywords), name=name)


def deliver(tx: WriteTx, at: FolderId, new: NewItem) -> Landing:
    """Deliver to one folder; raises why it cannot take it."""
    (verdict,) = tx.deliver([Target("folder", folder=at)], new)
    if isinstance(verdict, GroupwareError):
        raise verdict
    return verdict


@dataclass
class World:
    """Alice owns `Work` and `Work/Deep`; Bob is in Sales, which is in Staff; Carol is of another domain."""

    house: House
    alice: Principal
    bob: Principal
    carol: Principal
    work: FolderId
    deep: FolderId

    def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        return self.house.read(work, who)

    def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        return self.house.write(work, who)

    def grant(self, at: Where, grantee: Principal | str, allow: str = "", deny: str = "") -> None:
        name = grantee if isinstance(grantee, str) else grantee.name
        self.write(self.alice, lambda tx: tx.grant(at, name, parse_rights(allow), parse_rights(deny)))

    def put(self, *new: NewItem, at: FolderId | None = None, who: Principal | None = None) -> list[Item]:
        where = self.work if at is None else at
        return list(self.write(who or self.alice, lambda tx: tx.append(where, new or (letter(),))))

    def mark(self, who: Principal, flags: Flags, uids: Uids = EVERY, at: FolderId | None = None) -> None:
        where = self.work if at is None else at
        self.write(who, lambda tx: tx.update_flags(where, uids, FlagChange(add=flags)))

    def folder(self, who: Principal, at: Where | None = None) -> Folder:
        where = self.work if at is None else at
        return self.read(who, lambda tx: tx.folder(where, Right.LOOKUP))

    def rights(self, who: Principal, at: FolderId | None = None) -> Right:
        """What somebody may do there; none where the folder is as good as absent."""
        try:
            return self.folder(who, at).rights
        except GroupwareError:
            return Right.NONE

    def flags(self, who: Principal, at: FolderId | None = None) -> list[Flags]:
        where = self.work if at is None else at
        return [each.flags for each in self.read(who, lambda tx: tx.entries(where))]

    def refusal(self, who: Principal, work: Callable[[WriteTx], object]) -> str:
        """Class and words of the error that it meets."""
        with pytest.raises(GroupwareError) as caught:
            self.write(who, work)
        return f"{type(caught.value).__name__}: {caught.value}"


def people(house: House) -> World:
    """The world in a house that has the domain `example.test` and nobody in it."""
    house.domain("other.test")
    for name in ("alice@example.test", "bob@example.test", "carol@other.test"):
        house.add(name)
    for name in ("sales@example.test", "staff@example.test"):
        house.add(name, PrincipalKind.GROUP)
    house.member("sales@example.test", "bob@example.test")
    house.member("staff@example.test", "sales@example.test")
    alice, bob, carol = (house.who(name) for name in ("alice@example.test", "bob@example.test", "carol@other.test"))

    def make(tx: WriteTx) -> tuple[FolderId, FolderId]:
        deep = tx.create_folder("Work/Deep")
        return tx.folder("Work").id, deep.id

    return World(house, alice, bob, carol, *house.write(make, alice))


def setting(world: World, name: str, value: int) -> None:
    """A setting of Alice's."""
    world.write(OPERATOR, lambda tx: tx.put_setting(name, value, world.alice.account))
