"""What is read of emails to find and to sort them: a row for each, however many messages it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupware.mime.threads import thread_id
from groupware.model.folder import Folder
from groupware.model.ids import EVERY, FolderId, ItemId, Uids, ranges
from groupware.store.api import ReadTx
from web.jmap.email_filter import UNREAD, Filter
from web.jmap.email_headers import inside, places
from web.jmap.email_sort import Criterion, columns_of
from web.jmap.instances import Emails, by_folder, marks_of, twins_in

Row = dict[str, Any]


def rows_of(
    tx: ReadTx,
    folders: Mapping[FolderId, Folder],
    sought: Filter,
    sort: Sequence[Criterion],
    *,
    collapse: bool,
) -> tuple[list[Row], list[FolderId], bool]:
    """The rows that can match, the folders that they are of, and whether they are those that the words find.

    Of an email that is several messages one of those searched stands for all.
    """
    whole = sought.threads or any(each.threads for each in sort)
    threads = collapse or whole
    names = {"email", "saved", *sought.columns, *columns_of(sort), *(("message_id", "ids") if threads else ())}
    if whole:
        names |= {"bits", "words"}
    searched = list(folders) if whole else sought.narrowed(list(folders))
    decided = not whole and sought.query is not None
    marks = None if whole else sought.marks
    there = dict.fromkeys(searched, EVERY) if whole else places(tx, sought, searched)
    read = [at for at in searched if folders[at].unseen] if marks == UNREAD else searched
    found = [row for at in read for row in _rows(tx, at, tuple(sorted(names)), there[at], marks)]
    twins = twins_in(tx, folders)
    if twins:
        found = _as_one(tx, found, twins, there, tuple(sorted(names)))
    if threads:
        for row in found:
            row["thread"] = thread_id(ItemId(row["email"]), row["message_id"], row["ids"])
    return found, searched, decided


def _rows(tx: ReadTx, at: FolderId, names: tuple[str, ...], uids: Uids, marks: Any = None) -> list[Row]:
    known = ("uid", *names)
    return [{**dict(zip(known, row, strict=True)), "at": at} for row in tx.columns(at, names, uids, marks=marks)]


def _as_one(
    tx: ReadTx, rows: Sequence[Row], twins: Emails, there: Mapping[FolderId, Uids], names: tuple[str, ...]
) -> list[Row]:
    """The rows, with one for each of these emails: their marks are not those of any one of their messages."""
    one: dict[int, Row] = {}
    for at, here in by_folder(each for some in twins.values() for each in some).items():
        uids = [each.uid for each in here if inside(each.uid, there.get(at, ()))]
        for row in _rows(tx, at, names, ranges(uids)) if uids else ():
            known = one.get(row["email"])
            if known is None or (row["saved"], row["uid"]) > (known["saved"], known["uid"]):
                one[row["email"]] = row
    for email, row in one.items():
        some = twins[ItemId(email)]
        row["bits"], row["words"] = marks_of(some)
        row["mailboxes"] = {each.folder for each in some}
    return [row for row in rows if row["email"] not in twins] + list(one.values())
