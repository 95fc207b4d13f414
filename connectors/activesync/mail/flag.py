"""Marks of a message: whether it is read, its categories, its follow-up flag with the dates. MS-ASEMAIL §2.2.2.34."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.activesync.element import Element, el
from connectors.activesync.sync.kinds import OK, Done
from connectors.activesync.times import read_time
from connectors.exchange import follow_up
from connectors.exchange.follow_up import DONE, NONE, SET, change_to
from connectors.exchange.kept import merged, packed, unpacked
from groupware.model.categories import keyword_of
from groupware.model.errors import NotFound
from groupware.model.flags import FlagChange, Flags, words_in
from groupware.model.folder import Folder
from groupware.model.ids import Uid, ranges
from groupware.store.api import WriteTx

Flag = tuple[int, dict[str, Any]]
"""The status of a follow-up flag, and what becomes of its properties."""

_KEYS: Final = {
    "Email:FlagType": follow_up.ASKED,
    "Email:CompleteTime": follow_up.WHEN_DONE,
    "Tasks:DateCompleted": follow_up.DAY_DONE,
    "Tasks:Subject": follow_up.TITLE,
    "Tasks:StartDate": follow_up.LOCAL_START,
    "Tasks:UtcStartDate": follow_up.START,
    "Tasks:DueDate": follow_up.LOCAL_DUE,
    "Tasks:UtcDueDate": follow_up.DUE,
    "Tasks:ReminderSet": follow_up.REMINDS,
    "Tasks:ReminderTime": follow_up.REMINDER,
    "Tasks:OrdinalDate": follow_up.ORDER,
    "Tasks:SubOrdinalDate": follow_up.SECOND_ORDER,
}
_TIME: Final = ":SystemTime"
_LONGEST: Final = 1000
"""Characters of a text."""


def flag_told(status: int, kept: Mapping[str, Any]) -> Element:
    """Flag: empty where there is none."""
    if status == NONE:
        return el("Email:Flag")
    facts = {follow_up.ASKED: "for Follow Up", **follow_up.dates_of(kept)}
    said = [el(name, told) for name, key in _KEYS.items() if (told := _told(key, facts.get(key))) is not None]
    return el("Email:Flag", el("Email:Status", status), said)


def _told(key: str, value: Any) -> str | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if not key.endswith(_TIME):
        return str(value)
    at = read_time(str(value))
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z".rjust(24, "0") if at is not None else None


def _taken(said: Element) -> Flag:
    status = said.number("Email:Status", -1) if said.children else NONE
    if status not in (NONE, DONE, SET):
        raise ValueError("a flag is set, completed, or none")
    given = {key: _read(each, key) for name, key in _KEYS.items() if (each := said.child(name)) is not None}
    return status, follow_up.facts_for(status, given)


def _read(said: Element, key: str) -> str | bool | None:
    text = said.text.strip()
    if key.endswith(":Boolean"):
        return text in ("", "1")
    if not key.endswith(_TIME):
        return text[:_LONGEST] or None
    at = read_time(text)
    if text and at is None:
        raise ValueError(f"{said.name} is no time")
    return f"{at:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0") if at is not None else None


def flag_in(data: Element) -> Flag | None:
    """What a device says of the follow-up flag; None: nothing. ValueError."""
    said = data.child("Email:Flag")
    return _taken(said) if said is not None else None


def marked(tx: WriteTx, at: Folder, uid: Uid, data: Element, flag: Flag | None) -> Done:
    """Read, Flag and Categories of a message, as a device says. `NotFound`, `NoRight`."""
    rows = tx.columns(at.id, ("bits", "words"), ranges([uid]))
    if not rows:
        raise NotFound("there is no such message")
    change, modseq = _change(data, str(rows[0][2]), flag), 0
    if change != FlagChange():
        changed, _ = tx.update_flags(at.id, ranges([uid]), change)
        modseq = int(changed[0].modseq) if changed else 0
    if flag is not None:
        kept = unpacked(tx.item_properties(at.id, [uid]).get(uid, b""))
        if (new := merged(kept, flag[1])) != kept:
            modseq = int(tx.put_item_properties(at.id, uid, packed(new)))
    return Done(OK, int(uid), modseq)


def _change(data: Element, words: str, flag: Flag | None) -> FlagChange:
    """What Read, Flag and Categories say; what is not said stays."""
    found = change_to(flag[0], words) if flag is not None else FlagChange()
    add, remove, more, less = found.add, found.remove, {*found.add_words}, {*found.remove_words}
    if data.child("Email:Read") is not None:
        if data.flag("Email:Read"):
            add |= Flags.SEEN
        else:
            remove |= Flags.SEEN
    named = data.child("Email:Categories")
    if named is not None:
        wanted = {keyword_of(each.text.strip()) for each in named.all("Email:Category")} - {""}
        less |= {each for each in words_in(words) if not each.startswith("$")} - wanted
        more |= wanted
    return FlagChange(add, remove, frozenset(more), frozenset(less))
