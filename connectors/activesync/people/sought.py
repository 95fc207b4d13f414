"""What Search and Find look for in mail: words, fields, folders, times. MS-ASCMD §2.2.3.141 (Query)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.activesync.folders import folder_in, shown_in
from connectors.activesync.times import read_time, seconds_of
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.item import Kind, Query
from groupware.store.api import ReadTx

MOST_WORDS: Final = 20
_WORD: Final = re.compile(r'(?:([A-Za-z]{1,20}):)?(?:"([^"]{0,200})"|([^\s"]{1,200}))')
_FIELDS: Final = {"subject": "subject", "from": "from", "to": "to", "cc": "cc", "bcc": "bcc", "body": "body"}
_NOISE: Final = frozenset({"and", "or", "not"})
RANGE: Final = re.compile(r"(\d{1,9})-(\d{1,9})\Z")
MOST: Final = 100
"""Results of one answer."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for."""

    text: str = ""
    folder: str = ""
    below: bool = False
    since: int = 0
    """Microseconds since 1970, as what follows."""
    before: int = 0

    @property
    def query(self) -> Query:
        """What the index of words is asked."""
        words: list[str] = []
        fields: list[tuple[str, str]] = []
        for name, quoted, plain in _WORD.findall(self.text)[:MOST_WORDS]:
            word = (quoted or plain).strip().rstrip("*")
            if not word or (not quoted and not name and word.lower() in _NOISE):
                continue
            if name.lower() in _FIELDS:
                fields.append((_FIELDS[name.lower()], word))
            else:
                words.append(f"{name}:{word}" if name else word)
        return Query(tuple(words), tuple(fields))


def moment_in(text: str) -> int:
    """Microseconds since 1970 of a time that a device says; 0 for what is none."""
    at = read_time(text)
    return seconds_of(at) * 1_000_000 if at is not None else 0


def range_of(text: str) -> tuple[int, int]:
    """The first and the last of the results that are wanted. ValueError."""
    if not text:
        return 0, MOST - 1
    found = RANGE.match(text.strip())
    if found is None or int(found[2]) < int(found[1]):
        raise ValueError("a range is such as 0-99")
    return int(found[1]), min(int(found[2]), int(found[1]) + MOST - 1)


def mail_found(tx: ReadTx, sought: Sought) -> list[tuple[FolderId, int, int]]:
    """(folder, UID, when it came) of mail that has it all, the newest first. `NotFound`."""
    folders = _folders(tx, sought)
    query = sought.query
    if query.text or query.fields:
        found = [(each.folder, int(each.uid), each.saved_at) for each in tx.find([at.id for at in folders], query)]
    else:
        found = list(_recent(tx, folders, sought))
    wanted = [each for each in found if _within(each[2], sought)]
    return sorted(wanted, key=lambda each: (-each[2], each[0], -each[1]))


def _within(at: int, sought: Sought) -> bool:
    return (not sought.since or at > sought.since) and (not sought.before or at < sought.before)


def _recent(tx: ReadTx, folders: Sequence[Folder], sought: Sought) -> Iterable[tuple[FolderId, int, int]]:
    if not sought.since and not sought.before:
        return
    for at in folders:
        uids = tx.within(at.id, "saved", sought.since or None, sought.before or None)
        for uid, saved in tx.columns(at.id, ("saved",), [(each, each) for each in uids]) if uids else ():
            yield at.id, int(uid), int(saved)


def _folders(tx: ReadTx, sought: Sought) -> list[Folder]:
    mail = [each for each in shown_in(tx) if each.kind == Kind.MAIL]
    if not sought.folder or sought.folder == "0":
        return mail
    at = folder_in(tx, sought.folder)
    if not sought.below:
        return [at] if at.kind == Kind.MAIL else []
    return [each for each in mail if each.id == at.id or each.path.startswith(at.path + "/")]
