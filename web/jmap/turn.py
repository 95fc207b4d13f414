"""What the methods of one request work with: who asks, the store, and the accounts that there are for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from groupware.mime.threads import Threads
from groupware.model.errors import NotFound
from groupware.model.folder import Folder, Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.parts import Parts
from mailcore.smtp.handin import Submission, Taken
from web.jmap.access_letters import AccessLetters
from web.jmap.errors import MethodError
from web.jmap.ids import owner_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turn:
    """One request at work."""

    parts: Parts
    who: Principal
    created: dict[str, str] = field(default_factory=dict)
    """The ids of what was created, by the names that the client gave them. RFC 8620 §5.3."""
    host: str = "localhost"
    """What this server calls itself."""
    hand_in: Callable[[Submission], Awaitable[Taken]] | None = None
    """Where mail is submitted."""
    access_letters: AccessLetters | None = None
    """Writes to whoever is asked for access."""
    threads: Threads = field(default_factory=Threads)
    """What is known of the threads of the store."""
    directories: dict[str, tuple[str, Mapping[str, dict[str, Any]]]] = field(default_factory=dict)
    """The cards of the people of domains, each with the state that they are of."""
    pushes: bool = True
    """Whether push services are told of changes here."""
    using: frozenset[str] = frozenset()
    """The capabilities that the request names."""
    following: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Answers that come behind that of the call that is at work. RFC 8620 §5.4."""

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back over one snapshot."""
        return await self.parts.store.read(self.who, work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, after COMMIT."""
        return await self.parts.store.write(self.who, work)

    def follow(self, name: str, answer: Mapping[str, Any]) -> None:
        """Another answer to the same call, behind its own."""
        self.following.append((name, answer))

    def real(self, name: str) -> str:
        """The id that a client means: `#k1` is what it has created under that name."""
        return self.created.get(name[1:], name) if name.startswith("#") else name


def owner_in(tx: ReadTx, account: str) -> AccountId:
    """Whose account is meant. `MethodError` `accountNotFound`, also when nothing there may be looked up."""
    owner = owner_of(account)
    try:
        if owner is None:
            raise NotFound(account)
        if owner != tx.who.account:
            tx.reached(owner)
    except NotFound:
        raise MethodError("accountNotFound", "there is no such account, or nothing in it is shared with you") from None
    return owner


def mailboxes(tx: ReadTx, owner: AccountId) -> Sequence[Folder]:
    """The folders of mail that may be looked up, in path order."""
    return [each for each in tx.folders(Kind.MAIL, of=owner) if each.exists]


def folders_of(tx: ReadTx, owner: AccountId, kind: Kind) -> Sequence[Folder]:
    """The folders of one kind that may be looked up, in path order, without the inbox of scheduling messages."""
    return [each for each in tx.folders(kind, of=owner) if each.exists and each.role != Role.SCHEDULE_INBOX]


def readable(tx: ReadTx, owner: AccountId) -> dict[FolderId, Folder]:
    """The folders of mail that may be read."""
    return {each.id: each for each in mailboxes(tx, owner) if Right.READ in each.rights}
