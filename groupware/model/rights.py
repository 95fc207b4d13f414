"""Rights, levels, and the one rule that decides what somebody may do in a folder.

A right is allowed, denied or unset for a grantee, on a folder. `decide` takes the grants on a folder and on all its
ancestors that name the actor: any deny, denied; else any allow, allowed; else denied. It is pure, and `explain` gives
its proof back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Flag

from .errors import Refused
from .ids import FolderId, PrincipalId


class Right(Flag):
    """RFC 4314 §2.1 letters; digits for what IMAP has no letter for (9, 6 and 5 as Cyrus uses them)."""

    NONE = 0
    LOOKUP = 1  # l
    READ = 2  # r
    SEEN = 4  # s
    WRITE = 8  # w: flags other than \Seen and \Deleted
    INSERT = 16  # i
    POST = 32  # p: mail sent to the folder's address
    CREATE = 64  # k: folders below
    DROP = 128  # x: the folder itself
    TRASH = 256  # t: \Deleted
    EXPUNGE = 512  # e
    ADMIN = 1024  # a
    FREEBUSY = 2048  # 9: when somebody is busy, and nothing else
    EDIT_OWN = 4096  # 6: change what one put there oneself
    PRIVATE = 8192  # 5: items marked private
    DELETE_OWN = 16384  # 4
    SEND_AS = 32768  # 3: on an account's root
    SEND_ON_BEHALF = 65536  # 2: on an account's root
    SCHEDULE_AS = 131072  # 1: on an account's root
    TITLES = 262144  # 8: of a calendar, when something takes place and what it is called


LETTERS: Mapping[str, Right] = dict(zip("lrswipkxtea96543" + "218", Right, strict=True))
_LETTER_OF = {right: letter for letter, right in LETTERS.items()}

ALL = Right(0)
for _right in Right:
    ALL |= _right

STANDARD = Right(2047)
"""The eleven rights of RFC 4314."""

WRITING = (
    Right.WRITE | Right.INSERT | Right.POST | Right.CREATE
    | Right.TRASH | Right.EXPUNGE | Right.EDIT_OWN | Right.DELETE_OWN
)  # fmt: skip
"""What nobody may do, not even its owner, in a calendar that is filled from elsewhere (decision 335)."""

LEVELS: Mapping[str, Right] = {}
ON_ROOTS: Mapping[str, Right] = {
    "send-as": Right.SEND_AS, "send-on-behalf": Right.SEND_ON_BEHALF, "schedule-as": Right.SCHEDULE_AS
}  # fmt: skip
"""What is granted on an account's root, by name."""


def parse_rights(text: str) -> Right:
    """The rights that letters stand for, or the name of a level or of what is granted on a root.

    `Refused` names the letter that means nothing.

    `c` and `d`, which RFC 4314 §2.1.1 keeps for old clients, stand for `kx` and `te`.
    """
    named = {**LEVELS, **ON_ROOTS}.get(text.strip().lower())
    if named is not None:
        return named
    rights = Right(0)
    for letter in text.strip():
        old = {"c": "kx", "d": "te"}.get(letter, letter)
        for each in old:
            if each not in LETTERS:
                known = f"letters are {''.join(LETTERS)}, levels {', '.join(LEVELS)}, and {', '.join(ON_ROOTS)}"
                raise Refused(f"{text!r}: there is no right {letter!r}; {known}")
            rights |= LETTERS[each]
    return rights


def letters(rights: Right) -> str:
    """The rights as letters, in the order of RFC 4314 §2.1, digits last."""
    return "".join(_LETTER_OF[right] for right in rights)


LEVELS = {
    "none": Right(0),
    "freebusy": parse_rights("9"),
    "titles": parse_rights("l98"),
    "viewer": parse_rights("lrs"),
    "contributor": parse_rights("lrsip"),
    "author": parse_rights("lrsip64"),
    "editor": parse_rights("lrswipte"),
    "master": STANDARD | parse_rights("9645"),
}


def level_of(rights: Right) -> str:
    """The name of the level that these rights are exactly, or `custom`."""
    return next((name for name, value in LEVELS.items() if value == rights), "custom")


@dataclass(frozen=True, slots=True)
class Grant:
    """One row: what one grantee is allowed and denied on one folder."""

    folder: FolderId
    grantee: str
    """`alice@x`, `group:sales@x`, `domain:x`, `everyone` (with an account) or `anyone` (published)."""
    allow: Right
    deny: Right
    expires: datetime | None = None
    by: str = ""
    reason: str = ""
    principal: PrincipalId | None = None
    state: str = ""
    """What became of the invitation that it was made with (`groupware.model.sharing.ShareState`)."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One row that decided, in words."""

    path: str
    grantee: str
    allow: Right
    deny: Right
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What somebody may do in a folder, and why."""

    actor: str
    path: str
    rights: Right
    reasons: tuple[Reason, ...]


def decide(grants: Iterable[Grant], now: datetime) -> Right:
    """The rights that grants which name the actor, on a folder and its ancestors, add up to.

    Any deny wins over any allow; what nobody allows is denied; a grant that has expired says nothing.
    """
    allowed = denied = 0
    for grant in grants:
        if grant.expires is None or grant.expires > now:
            allowed |= grant.allow.value
            denied |= grant.deny.value
    return Right(allowed & ~denied)


def reasons(grants: Iterable[tuple[str, Grant, bool]], now: datetime) -> Iterable[Reason]:
    """Each grant that names the actor, with the path it stands on, and what it says in words.

    And whether it opens the folder at all: there are those that are shared by themselves alone.
    """
    for path, grant, opens in grants:
        if grant.expires is not None and grant.expires <= now:
            text = f"expired {grant.expires:%Y-%m-%d %H:%M}, says nothing"
            yield Reason(path, grant.grantee, Right(0), Right(0), text)
            continue
        said = [f"allows {letters(grant.allow)}"] if grant.allow else []
        said += [] if opens else ["opens nothing here, for this folder is shared by itself alone"]
        said += [f"denies {letters(grant.deny)}"] if grant.deny else []
        yield Reason(path, grant.grantee, grant.allow, grant.deny, " and ".join(said) or "says nothing")
