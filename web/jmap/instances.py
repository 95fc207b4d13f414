"""The messages that an email is: one in each mailbox where it is (decision 387).

What is told of the email is what its messages agree on: `$seen` and `$draft` when all of them have it, any other
keyword when one of them has it. Only what may be read of an account counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from groupware.model.flags import Flags, words_in
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId
from groupware.model.item import Instance
from groupware.store.api import ReadTx

Emails = Mapping[ItemId, Sequence[Instance]]
"""The messages of emails, in the order of their items' numbers."""
_OF_ALL: Final = Flags.SEEN.value | Flags.DRAFT.value


def instances_of(tx: ReadTx, folders: Mapping[FolderId, Folder], emails: Sequence[ItemId]) -> Emails:
    """The messages in these folders that these emails are."""
    return _grouped(tx.instances(emails, with_copies(folders)), folders)


def twins_in(tx: ReadTx, folders: Mapping[FolderId, Folder]) -> Emails:
    """The emails that are more than one message in these folders, with their messages."""
    among = with_copies(folders)
    found = _grouped(tx.instances(None, among), folders) if among else {}
    return {email: some for email, some in found.items() if len(some) > 1}


def with_copies(folders: Mapping[FolderId, Folder]) -> list[FolderId]:
    """Those of the folders in which something has been copied from elsewhere."""
    return [at for at, folder in folders.items() if folder.copies]


def _grouped(found: Iterable[Instance], folders: Collection[FolderId]) -> dict[ItemId, list[Instance]]:
    emails: dict[ItemId, list[Instance]] = {}
    for each in found:
        if each.folder in folders:
            emails.setdefault(each.email, []).append(each)
    for some in emails.values():
        some.sort(key=lambda each: each.item)
    return emails


def by_folder(some: Iterable[Instance]) -> dict[FolderId, list[Instance]]:
    """The messages, by the folder where they are."""
    found: dict[FolderId, list[Instance]] = {}
    for each in some:
        found.setdefault(each.folder, []).append(each)
    return found


def marks_of(some: Sequence[Instance]) -> tuple[int, str]:
    """Flags as a number, and keywords between spaces, of the email that these messages are."""
    if len(some) == 1:
        return some[0].bits, some[0].words
    every, any_ = _OF_ALL, 0
    words: dict[str, str] = {}
    for each in some:
        every &= each.bits
        any_ |= each.bits
        for word in sorted(words_in(each.words)):
            words.setdefault(word.lower(), word)
    return every | any_ & ~_OF_ALL, " ".join(words.values())
