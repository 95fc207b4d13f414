"""What several protocols try in the matrix: each action with each set of rights."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Protocol, TypeVar

from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId
from groupware.model.rights import STANDARD, Right, letters, parse_rights
from groupware.store.api import WriteTx
from tests.matrix.grantees import ALICE, Sharing
from tests.support.house import House


class Scene(Protocol):
    """What is shared, and what Bob knows of it."""

    there: bool
    """Whether all is as it was made."""

    async def made(self) -> None:
        """Everything anew; `there` from now on."""
        ...

    async def cleared(self) -> None:
        """Nothing is left of what was tried; not `there` any more."""
        ...


READ = Right.LOOKUP | Right.READ
S = TypeVar("S", bound=Scene)
Actions = Mapping[str, tuple[str, Callable[[S], Awaitable[bool]]]]
"""What is done, the rights that it takes, and whether Bob gets it through."""


def held_in(how: str, actions: Actions[S]) -> list[Right]:
    """The sets of rights to try each action with, for one of the WAYS to come to them.

    By one way: each right alone, each missing, what each action takes. By the others, which end in the same value: what
    each action takes, and that with one right less.
    """
    needs = list(dict.fromkeys(parse_rights(each) for each, _ in actions.values()))
    if how != "account":
        return [Right.NONE, STANDARD, *needs, *(each & ~right for each in needs for right in each)]
    alone = [right | more for more in (Right.NONE, Right.LOOKUP, READ) for right in STANDARD]
    return [Right.NONE, *alone, *needs, STANDARD, *(STANDARD & ~right for right in STANDARD)]


async def try_all(
    scene: S, shared: Sharing, sets: Iterable[Right], actions: Actions[S], reading: Collection[str]
) -> None:
    """Each action goes through with the rights that it takes, and not without; `reading` leaves all as it is."""
    for held in dict.fromkeys(sets):
        allowed = await shared.give(held)
        for name, (needs, do) in actions.items():
            if not scene.there:
                await scene.made()
            got = await do(scene)
            if got and name not in reading:
                await scene.cleared()
                await shared.give(held)
            assert got is (parse_rights(needs) in allowed), (shared.how, letters(held), name)


async def work_made(house: House) -> tuple[FolderId, FolderId]:
    """Alice's folder `Work`, and one below that is new."""

    def work(tx: WriteTx) -> tuple[FolderId, FolderId]:
        at = tx.locate(tx.account(ALICE).id, "Work")
        return at.id, tx.add_folder(at.owner, "Work/Doomed").id

    return await house.write(work)


async def work_cleared(house: House) -> None:
    """Nothing is in `Work`, nothing below it."""

    def work(tx: WriteTx) -> None:
        owner = tx.account(ALICE).id
        at = tx.locate(owner, "Work")
        tx.expunge(at.id, EVERY, deleted_only=False)
        for each in tx.folders(of=owner):
            if "/Work/" in f"/{each.path}/" and each.id != at.id:
                tx.delete_folder(each.id)
        tx.update_flags(at.id, EVERY, FlagChange(remove=Flags.SEEN))

    await house.write(work)
