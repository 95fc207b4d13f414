"""`Tx`: what the functions of this package work on. The door (`door.py`) is made of those functions.

It holds the statements, who asks, the one check (`open`), the owner's next modseq (`bump`), the journal, and the marks
for the bus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, insert, update

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.ids import AccountId, BlobId, FolderId, ModSeq, PrincipalId
from groupware.model.item import CALENDARS
from groupware.model.principal import ANYONE, Principal
from groupware.model.rights import Right
from groupware.model.times import now_micros
from groupware.store.api import Where

from . import schema
from .engine import Sql
from .guard import SERVER, Opened, admit, lock_each, open_each, open_folder, renewed, seek
from .paths import number_of
from .tree import Memory, Tree, tree_of

_NEXT_EACH: Final = (
    update(schema.principal)
    .where(schema.principal.c.id == bindparam("owner"))
    .values(
        modseq=schema.principal.c.modseq + bindparam("step"),
        bytes=schema.principal.c.bytes + bindparam("octets"),
        items=schema.principal.c["items"] + bindparam("items"),
    )
)
_NEXT: Final = _NEXT_EACH.returning(schema.principal.c.modseq)
_MOVE_EPOCH: Final = (
    update(schema.principal)
    .where(schema.principal.c.id == bindparam("owner"))
    .values(epoch=schema.principal.c.epoch + 1)
    .returning(schema.principal.c.epoch)
)
_MOVE_META: Final = (
    update(schema.meta).where(schema.meta.c.name == bindparam("which")).values(value=schema.meta.c.value + 1)
)
_JOURNAL: Final = insert(schema.journal).values(
    {
        name: bindparam(name)
        for name in ("at", "actor_id", "actor", "client", "what", "owner_id", "folder_id", "modseq", "facts")
    }
)
_TRACE: Final = insert(schema.trace).values(
    {name: bindparam(name) for name in ("at", "message", "name", "account_id", "facts", "party", "letter")}
)


class Tx:
    """One principal in one transaction."""

    __slots__ = (
        "_bumped",
        "_journal",
        "_memory",
        "_opened",
        "_people_changed",
        "_traced",
        "_trees",
        "_who",
        "held",
        "locks",
        "marks",
        "moved",
        "sql",
    )

    def __init__(self, sql: Sql, memory: Memory, who: Principal, *, locks: bool) -> None:
        """`locks`: this one writes. BadCredentials when the account has been disabled since."""
        self.sql, self.locks, self._memory = sql, locks, memory
        self._who = renewed(sql, memory, who)
        self._bumped: dict[AccountId, ModSeq] = {}
        self._opened: dict[FolderId, Opened] = {}  # until their owner's tree changes
        self._trees: dict[AccountId, Tree] = {}  # until they change
        self._journal: list[Mapping[str, object]] = []  # rows to come
        self._traced: list[Mapping[str, object]] = []
        self.held: dict[BlobId, tuple[int, bytes]] = {}  # contents of bodies that this transaction has put in
        self.marks: dict[FolderId, ModSeq] = {}
        self.moved = False
        self._people_changed = False

    @property
    def who(self) -> Principal:
        """The principal that asks, with its memberships as they are in this transaction."""
        return self._who

    @property
    def memory(self) -> Memory:
        """What is known of rights, this transaction's own changes included."""
        return self._memory

    # --- what the functions of this package are made of

    def open(self, at: Where, need: Right) -> Opened:
        """The folder, opened: the one permission check. `NotFound`, `NoRight`."""
        try:
            number = number_of(self.sql, self._memory, self._who, at) if isinstance(at, str) else at
        except NotFound:
            seek(self.sql)
            raise
        found = self._opened.get(number)
        if found is None:
            found = open_folder(self.sql, self._memory, self._who, number, lock=self.locks, said=at)
            self._opened[number] = found
        return admit(found, need)

    def open_outline(self, at: FolderId) -> Opened:
        """The calendar, opened for times and titles: `8` is as good as `r` from now on here. `NotFound`, `NoRight`."""
        found = self.open(at, Right.LOOKUP)
        if Right.READ not in found.rights and found.kind in CALENDARS:
            found = replace(admit(found, Right.TITLES), rights=found.rights | Right.READ)
            self._opened[found.id] = found
        return admit(found, Right.READ)

    def open_times(self, at: FolderId) -> Opened:
        """The folder, opened for when its owner is busy and nothing else: `9`, `8` or `r`. `NotFound`."""
        enough = Right.FREEBUSY | Right.TITLES | Right.READ
        return open_folder(self.sql, self._memory, self._who, at, lock=False, said=at, enough=enough)

    def open_for_guests(self, at: FolderId) -> Opened:
        """A guest's calendar, opened to put a meeting in: `p`, which all have unless it is denied. `NoRight`."""
        identifiers = self._who.identifiers | {ANYONE}
        who = replace(self._who, identifiers=identifiers, floor=self._who.floor | Right.LOOKUP | Right.POST)
        return admit(open_folder(self.sql, self._memory, who, at, lock=self.locks, said="of a guest"), Right.POST)

    def open_fed(self, at: FolderId) -> Opened:
        """A calendar that is filled from elsewhere, opened for who fills it. `NoRight`, `Refused`."""
        self.administer(None)
        found = self.open(at, Right.LOOKUP)
        if not found.tree.nodes[at].fed:
            raise Refused(f"folder {found.path}: it is filled from nowhere else")
        return replace(found, rights=found.rights | Right.INSERT | Right.TRASH | Right.EXPUNGE)

    def lock(self, all: Sequence[FolderId]) -> None:
        """Nobody else changes the trees of these folders until the transaction ends; owners in their order."""
        lock_each(self.sql, all)

    def open_each(self, all: Sequence[FolderId]) -> Mapping[FolderId, Opened]:
        """Those of the folders that are there and may be looked up, opened; `admit` says what may be done there."""
        missing = [at for at in dict.fromkeys(all) if at not in self._opened]
        if missing:
            self._opened.update(open_each(self.sql, self._memory, self._who, missing, lock=self.locks))
        return {at: self._opened[at] for at in all if at in self._opened}

    def tree(self, owner: AccountId) -> Tree:
        """An owner's tree as it is now, this transaction's own changes included."""
        found = self._trees.get(owner)
        if found is None:
            found = self._trees[owner] = tree_of(self.sql, self._memory, owner)
        return found

    def touch(self, owner: AccountId) -> None:
        """Something of this owner has changed: what was opened there is opened anew."""
        for number in [number for number, opened in self._opened.items() if opened.owner == owner]:
            del self._opened[number]

    def administer(self, owner: PrincipalId | AccountId | None) -> None:
        """Passes when the principal administers `owner` (a domain's public tree), or else the server. `NoRight`.

        None: the server itself. The right is `a` on the root folder, as for every other folder.
        """
        if Right.ADMIN in self._who.floor:
            return
        for each in (owner, SERVER):
            if each is not None and self._administers(AccountId(each)):
                return
        raise NoRight("this takes the right to administer it ('a' on the domain or the server); ask the administrator")

    def _administers(self, owner: AccountId) -> bool:
        tree = self.tree(owner)
        return Right.ADMIN in tree.rights(self._who, tree.root)

    def bump(self, owner: AccountId, octets: int = 0, items: int = 0) -> ModSeq:
        """The modseq of this transaction in the owner's tree: one more than the last, and the owner's lock.

        `octets` and `items` are added to what the owner's tree holds.
        """
        found = self._bumped.get(owner)
        if found is None or octets or items:
            step = 0 if found is not None else 1
            row = self.sql.returning(_NEXT, {"owner": owner, "step": step, "octets": octets, "items": items})
            if row is None:
                raise LookupError(f"no principal {owner}")
            found = self._bumped[owner] = ModSeq(row[0])
            self.touch(owner)
        return found

    def bump_each(self, at: Sequence[Opened], octets: int) -> Mapping[AccountId, ModSeq]:
        """`bump` for the owners of these folders, each of which gets one item of so many octets; an owner comes once.

        The folders were opened just now, so their owners are locked, and what was read of them still holds.
        """
        rows = []
        for each in at:
            step = 0 if each.owner in self._bumped else 1
            self._bumped[each.owner] = ModSeq(each.owner_modseq + step)
            rows.append({"owner": each.owner, "step": step, "octets": octets, "items": 1})
            self.touch(each.owner)
        self.sql.many(_NEXT_EACH, rows)
        return {each.owner: self._bumped[each.owner] for each in at}

    def move_epoch(self, owner: AccountId, change: Callable[[Tree, int], Tree] | None = None) -> None:
        """Folders or grants of this owner's tree have changed: nobody uses what was known of them.

        `change` makes of the tree before, and of its new epoch, the tree as it is: else all of it is read again. It
        must tell all that has changed since the epoch moved last.
        """
        row = self.sql.returning(_MOVE_EPOCH, {"owner": owner})
        before = self._memory.tree(owner, row[0] - 1) if row is not None and change is not None else None
        self._forget()
        if before is not None and row is not None and change is not None:
            self._memory.keep(change(before, row[0]))

    def move_memberships(self) -> None:
        """Groups or principals have changed: every identity is renewed at its next use."""
        self.sql.change(_MOVE_META, {"which": "memberships"})
        self._forget()

    def move_settings(self) -> None:
        """Settings have changed."""
        self.sql.change(_MOVE_META, {"which": "settings"})
        self._forget()

    def move_people(self) -> None:
        """Names, addresses or photos have changed: who keeps a list of people asks for it again."""
        self._people_changed = True

    def _forget(self) -> None:
        self._opened.clear()
        self._trees.clear()
        if not self.moved:
            self.moved, self._memory = True, Memory(self._memory)

    def journal_row(self, what: str, at: Opened, modseq: ModSeq, facts: Mapping[str, object]) -> None:
        """One journal row about a folder, and the mark that the bus will carry."""
        self.note_change(what, at.owner, at.id, modseq, facts)
        self.marks[at.id] = modseq

    def note_own(self, what: str, account: AccountId, facts: Mapping[str, object]) -> ModSeq:
        """One journal row of what is an account's own beside its folders: who watches that, watches its root."""
        modseq, root = self.bump(account), self.tree(account).root
        self.note_change(what, account, root, modseq, facts)
        self.marks[root] = modseq
        return modseq

    def note_administration(self, what: str, about: AccountId, facts: Mapping[str, object]) -> None:
        """One journal row about a principal, a domain or the server, which is no change of a tree."""
        self.note_change(what, about, None, ModSeq(0), facts)

    def note_change(
        self, what: str, owner: AccountId, at: FolderId | None, modseq: ModSeq, facts: Mapping[str, object]
    ) -> None:
        """One journal row, written with the others at the end; `at` None: about the owner itself."""
        self._journal.append(
            {
                "at": now_micros(),
                "actor_id": self._who.account,
                "actor": self._who.name,
                "client": self._who.client,
                "what": what,
                "owner_id": owner,
                "folder_id": at,
                "modseq": modseq,
                "facts": json.dumps(facts, separators=(",", ":")) if facts else "",
            }
        )

    def trace_row(self, row: Mapping[str, object]) -> None:
        """One row of the trace of a message, written with the others at the end."""
        self._traced.append(row)

    def finish(self) -> None:
        """Write what waits to be written. Called when `work` is done, and before journal or trace are read."""
        if self._people_changed:  # last of all, so that two who lock more than this row do it in one order
            self.sql.change(_MOVE_META, {"which": "people"})
            self._people_changed = False
        self.sql.many(_JOURNAL, self._journal)
        self._journal.clear()
        self.sql.many(_TRACE, self._traced)
        self._traced.clear()
