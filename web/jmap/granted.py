"""`myRights` and `shareWith`: the grants of a folder, in the words of each kind of folder. RFC 9670 §4.

A word stands for several rights, and there are rights that no word stands for. So what is set is merged into the row
that is there: a word that was not held in full and is not given leaves what there is of it; what no word stands for
stays, and so do the end of a grant and its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.model.folder import Folder
from groupware.model.link import PREFIX
from groupware.model.rights import ALL, Grant, Right
from groupware.store.api import ReadTx, WriteTx
from web.jmap.errors import SetError
from web.jmap.ids import grantee_of, principal_id
from web.jmap.sets import invalid

Words = Mapping[str, Right]
"""What each word takes, and so what it grants."""
_SEE: Final = Right.LOOKUP | Right.READ
_PUT: Final = Right.INSERT | Right.TRASH | Right.EXPUNGE
BOOK: Final[Words] = {
    "mayRead": _SEE,
    "mayWrite": _SEE | _PUT,
    "mayShare": Right.ADMIN,
    "mayDelete": Right.DROP,
}
"""RFC 9610 §2."""
CALENDAR_WORDS: Final[Words] = {
    "mayReadFreeBusy": Right.FREEBUSY,
    "mayReadItems": _SEE,
    "mayWriteAll": _SEE | _PUT,
    "mayWriteOwn": _SEE | Right.INSERT | Right.EDIT_OWN | Right.DELETE_OWN,
    "mayUpdatePrivate": Right.NONE,
    "mayRSVP": Right.NONE,
    "mayShare": Right.ADMIN,
    "mayDelete": Right.DROP,
}
"""draft-ietf-jmap-calendars. `NONE`: it is no grant of a folder, and cannot be given."""
LIST_WORDS: Final[Words] = {
    "mayReadItems": _SEE,
    "mayWriteAll": _SEE | _PUT,
    "mayWriteOwn": _SEE | Right.INSERT | Right.EDIT_OWN | Right.DELETE_OWN,
    "mayUpdatePrivate": Right.NONE,
    "mayRSVP": Right.NONE,
    "mayAdmin": Right.ADMIN,
    "mayDelete": Right.DROP,
}
"""draft-ietf-jmap-tasks."""
MAIL_WORDS: Final[Words] = {
    "mayReadItems": _SEE,
    "mayAddItems": Right.INSERT,
    "mayRemoveItems": Right.READ | Right.TRASH | Right.EXPUNGE,
    "maySetSeen": Right.SEEN,
    "maySetKeywords": Right.WRITE,
    "mayCreateChild": Right.CREATE,
    "mayRename": Right.DROP,
    "mayDelete": Right.DROP,
    "maySubmit": Right.POST,
    "mayShare": Right.ADMIN,
}
"""RFC 8621 §2, draft-ietf-jmap-mail-sharing."""
MOST: Final = 500
"""Principals that one folder is shared with."""


def rights_in(words: Words, rights: Right) -> dict[str, bool]:
    """Which words somebody with these rights has."""
    if Right.READ in rights:
        rights |= Right.FREEBUSY
    if _PUT in rights:
        rights |= Right.EDIT_OWN | Right.DELETE_OWN
    return {name: bool(need) and need in rights for name, need in words.items()}


def shared_with(tx: ReadTx, at: Folder, words: Words) -> dict[str, dict[str, bool]] | None:
    """Whom a folder is shared with; None: with nobody, or one may not see it. RFC 9670 §4.1."""
    if Right.ADMIN not in at.rights:
        return None
    told = {
        principal_id(row.grantee): rights_in(words, row.allow & ~row.deny)
        for row in tx.grants(at.id)
        if not row.grantee.startswith(PREFIX)
    }
    return {name: each for name, each in told.items() if any(each.values())} or None


def share(tx: WriteTx, at: Folder, words: Words, wanted: Mapping[str, Mapping[str, bool]]) -> None:
    """Shares a folder with those that are named, as said, and leaves all others as they are. `SetError`."""
    rows = {row.grantee: row for row in tx.grants(at.id)}
    if len(rows.keys() | wanted.keys()) > MOST:
        raise invalid("shareWith", f"a folder is shared with {MOST} at most")
    for name, said in wanted.items():
        grantee = grantee_of(name)
        if grantee is None or grantee.startswith(PREFIX):
            raise invalid("shareWith", f"{name[:60]!r} is no principal")
        row = rows.get(grantee)
        allow, deny = _merged(words, row, said)
        if row is not None and (allow, deny) == (row.allow, row.deny):
            continue
        if row is None and allow:
            tx.share(at.id, grantee, allow)
        elif row is not None:
            tx.grant(at.id, grantee, allow, deny, row.expires, row.reason)


def _merged(words: Words, row: Grant | None, said: Mapping[str, bool]) -> tuple[Right, Right]:
    """What the row allows and denies then."""
    allow, deny = (row.allow, row.deny) if row is not None else (Right.NONE, Right.NONE)
    held = rights_in(words, allow & ~deny)
    given = {name for name in words if said.get(name, False)}
    lost = {name for name in words if held[name] and name not in given}
    for name in lost:
        allow &= ALL & ~words[name]
    for name in given:
        allow |= words[name]
        deny &= ALL & ~words[name]
    return allow, deny


def shares_of(given: Any, words: Words) -> dict[str, dict[str, bool]]:
    """`shareWith` as a client gives it. `SetError`."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise invalid("shareWith", "an object of rights by the ids of principals is wanted")
    return {name: _said(each, words) for name, each in given.items()}


def _said(given: Any, words: Words) -> dict[str, bool]:
    if not isinstance(given, Mapping) or not all(isinstance(each, bool) for each in given.values()):
        raise invalid("shareWith", "rights are an object of true and false")
    unknown = next((name for name in given if name not in words), None)
    if unknown is not None:
        raise invalid("shareWith", f"there is no right {unknown[:60]!r}")
    beyond = next((name for name, each in given.items() if each and not words[name]), None)
    if beyond is not None:
        raise invalid("shareWith", f"{beyond} is no right that a folder is shared with")
    return dict(given)


def patched_shares(tx: ReadTx, at: Folder, words: Words, patch: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """What a patch makes of `shareWith`, of those that it is about. `SetError`."""
    now = shared_with(tx, at, words) or {}
    wanted: dict[str, dict[str, bool]] = {}
    if "shareWith" in patch:
        wanted = {name: dict[str, bool]() for name in now} | shares_of(patch["shareWith"], words)
    for way, value in patch.items():
        levels = way.split("/")
        if levels[0] != "shareWith" or len(levels) == 1:
            continue
        if "shareWith" in patch or len(levels) > 3:
            raise SetError("invalidPatch", f"{way[:60]!r}: it leads nowhere, or into another one")
        if len(levels) == 2:
            wanted[levels[1]] = _said(value, words) if value is not None else {}
            continue
        if levels[1] not in now and levels[1] not in wanted:
            raise SetError("invalidPatch", f"{way[:60]!r} leads nowhere")
        here = dict(wanted.get(levels[1], now.get(levels[1], {})))
        wanted[levels[1]] = {**here, **_said({levels[2]: bool(value) if value is None else value}, words)}
    return wanted


def without_shares(patch: Mapping[str, Any]) -> dict[str, Any]:
    """The patch without what it says of whom something is shared with."""
    return {name: value for name, value in patch.items() if not is_shared(name)}


def is_shared(name: str) -> bool:
    """Whether a pointer is about whom something is shared with."""
    return name == "shareWith" or name.startswith("shareWith/")


def share_as_patched(tx: WriteTx, at: Folder, words: Words, patch: Mapping[str, Any]) -> None:
    """Shares a folder as a patch says, if it says anything of that. `SetError`."""
    if not any(map(is_shared, patch)):
        return
    if Right.ADMIN not in at.rights:
        raise SetError("forbidden", "whom it is shared with is not yours to say")
    share(tx, at, words, patched_shares(tx, at, words, patch))
