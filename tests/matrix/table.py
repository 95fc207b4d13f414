"""What can be done in a folder: the rights that it takes, how the store does it, and how IMAP says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Folder
from groupware.model.ids import EVERY, BlobId, FolderId
from groupware.model.item import Kind, NewItem
from groupware.model.rights import Right, parse_rights
from groupware.store.api import WriteTx

MESSAGE = b"From: a@example.test\r\nSubject: matrix\r\n\r\nHello\r\n"


@dataclass(frozen=True)
class Where:
    """The folder of one row of the matrix, and what is around it."""

    path: str
    """As the actor calls it."""
    id: FolderId
    doomed: FolderId
    """A folder below, with the same rights, that may go."""
    inbox: Folder
    """The actor's own."""


@dataclass(frozen=True)
class Action:
    """One line of the table. In `imap` `{path}` is the folder; `selected`: the folder is selected first."""

    name: str
    needs: str
    store: Callable[[WriteTx, Where], object]
    imap: str
    selected: bool = False
    message: bool = False
    changes: bool = False
    """Refused with other words in a mailbox that is open for reading only."""


def flagging(change: FlagChange) -> Callable[[WriteTx, Where], object]:
    return lambda tx, at: tx.update_flags(at.id, EVERY, change)


def new() -> NewItem:
    return NewItem(Kind.MAIL, BlobId("ab" * 32), 7, b"s", b"body")


def read_then(work: Callable[[WriteTx, Where], object]) -> Callable[[WriteTx, Where], object]:
    """What IMAP does in a selected mailbox: it can be read, to begin with."""

    def done(tx: WriteTx, at: Where) -> object:
        tx.folder(at.id, Right.READ)
        return work(tx, at)

    return done


SEEN, DELETED = FlagChange(add=Flags.SEEN), FlagChange(add=Flags.DELETED)
WORD = FlagChange(add_words=frozenset({"$Word"}))

ACTIONS = (
    Action("STATUS", "r", lambda tx, at: tx.folder(at.id), 'STATUS "{path}" (MESSAGES UNSEEN)'),
    Action("EXAMINE", "r", lambda tx, at: tx.entries(at.id), 'EXAMINE "{path}"'),
    Action("MYRIGHTS", "", lambda tx, at: tx.folder(at.path, Right.LOOKUP), 'MYRIGHTS "{path}"'),
    Action("GETQUOTAROOT", "r", lambda tx, at: tx.quota(at.id), 'GETQUOTAROOT "{path}"'),
    Action("GETACL", "a", lambda tx, at: tx.grants(at.path), 'GETACL "{path}"'),
    Action("LISTRIGHTS", "a", lambda tx, at: tx.grants(at.path), 'LISTRIGHTS "{path}" anyone'),
    Action(
        "SETACL",
        "a",
        lambda tx, at: tx.grant(at.path, "carol@example.test", Right.LOOKUP),
        'SETACL "{path}" carol@example.test l',
    ),
    Action("APPEND", "i", lambda tx, at: tx.append(at.id, [new()]), 'APPEND "{path}" (\\Flagged)', message=True),
    Action("CREATE", "k", lambda tx, at: tx.create_folder(at.path + "/New"), 'CREATE "{path}/New"'),
    Action("DELETE", "x", lambda tx, at: tx.delete_folder(at.path + "/Doomed"), 'DELETE "{path}/Doomed"'),
    Action(
        "RENAME",
        "xk",
        lambda tx, at: tx.rename_folder(at.path + "/Old", at.path + "/Young"),
        'RENAME "{path}/Old" "{path}/Young"',
    ),
    Action("SELECT", "r", lambda tx, at: tx.entries(at.id), "NOOP", selected=True),
    Action("FETCH", "r", lambda tx, at: tx.items(at.id, EVERY), "FETCH 1:* (FLAGS BODY.PEEK[])", selected=True),
    Action("SEARCH", "r", lambda tx, at: tx.uids(at.id), "SEARCH ALL", selected=True),
    Action("+Seen", "rs", flagging(SEEN), "STORE 1 +FLAGS (\\Seen)", selected=True, changes=True),
    Action(
        "-Seen", "rs", flagging(FlagChange(remove=Flags.SEEN)), "STORE 1 -FLAGS (\\Seen)", selected=True, changes=True
    ),
    Action(
        "+Flagged",
        "rw",
        flagging(FlagChange(add=Flags.FLAGGED)),
        "STORE 1 +FLAGS (\\Flagged)",
        selected=True,
        changes=True,
    ),
    Action("+keyword", "rw", flagging(WORD), "STORE 1 +FLAGS ($Word)", selected=True, changes=True),
    Action("+Deleted", "rt", flagging(DELETED), "STORE 3 +FLAGS (\\Deleted)", selected=True, changes=True),
    Action("COPY", "r", lambda tx, at: tx.copy(at.id, EVERY, at.inbox.id), "UID COPY 1 INBOX", selected=True),
    Action(
        "MOVE",
        "rte",
        lambda tx, at: tx.move(at.id, EVERY, at.inbox.id),
        "UID MOVE 2 INBOX",
        selected=True,
        changes=True,
    ),
    Action(
        "UID EXPUNGE",
        "re",
        read_then(lambda tx, at: tx.expunge(at.id, EVERY)),
        "UID EXPUNGE 3",
        selected=True,
        changes=True,
    ),
    Action("EXPUNGE", "re", read_then(lambda tx, at: tx.expunge(at.id, EVERY)), "EXPUNGE", selected=True, changes=True),
)
INTO = Action("COPY there", "i", lambda tx, at: tx.copy(at.inbox.id, EVERY, at.id), 'UID COPY 1:* "{path}"')
INTO_BY_MOVE = Action("MOVE there", "i", lambda tx, at: tx.move(at.inbox.id, EVERY, at.id), 'UID MOVE 1 "{path}"')


def expected(action: Action, rights: Right) -> str:
    """What the model says comes of it."""
    if Right.LOOKUP not in rights:
        return "absent"
    return "done" if parse_rights(action.needs) in rights else "no right"
