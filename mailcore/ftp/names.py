"""Names in the tree: a path taken apart, and names of folders, messages and objects as names of files and back.

    /domains/DOMAIN/domain.json
    /domains/DOMAIN/public/FOLDER/...
    /domains/DOMAIN/accounts/ACCOUNT/account.json, secrets.json
    /domains/DOMAIN/accounts/ACCOUNT/scripts/NAME.sieve, NAME.active.sieve
    /domains/DOMAIN/accounts/ACCOUNT/folders/FOLDER/folder.json, messages, objects, further folders

1. A name of a folder has no dot but the one before its kind (`Calendar.calendar`; mail has none), a name of a file has
   one: so a path says by itself what it is, whatever has been uploaded before.
2. What a file system or a client could trip over is written =XX, in UTF-8 (wget reads %XX as part of a URL).
3. The name of a message says when it was saved and which flags it has, so it comes back with them in whatever order
   files come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from groupware.mime.item import Marks
from groupware.model.errors import NotFound
from groupware.model.flags import Flags
from groupware.model.folder import SEPARATOR
from groupware.model.ids import Uid
from groupware.model.item import Item, Kind

DOMAIN, ACCOUNT, SECRETS, FOLDER = "domain.json", "account.json", "secrets.json", "folder.json"
SCRIPT, ACTIVE, MESSAGE = ".sieve", ".active.sieve", ".eml"
NAME_MAX: Final = 240
PATH_MAX: Final = 1800
_UNSAFE: Final = frozenset('/\\=%#;.*?"<>|:+~')
_ESCAPED: Final = re.compile(r"(?:=[0-9A-F]{2})+")
_KINDS: Final = {kind.value: kind for kind in Kind if kind is not Kind.MAIL}
_FLAGS: Final = (
    ("D", Flags.DRAFT),
    ("F", Flags.FLAGGED),
    ("R", Flags.ANSWERED),
    ("S", Flags.SEEN),
    ("T", Flags.DELETED),
)
_MOMENT: Final = "%Y%m%dT%H%M%S%f"
_NAME: Final = re.compile(r"(\d{1,10})_(\d{8}T\d{12})_([DFRST]*)((?:\+[^+.]+)*)\.eml", re.ASCII)

Level = Literal["top", "domains", "domain", "accounts", "account", "scripts", "folder"]


@dataclass(frozen=True, slots=True)
class Spot:
    """What a path means: a directory, or the file of that name in it."""

    level: Level
    domain: str = ""
    owner: str = ""
    """The address of the account; "" in the domain's public tree."""
    path: str = ""
    """Of the folder, in its owner's tree; "" is the root."""
    kind: Kind = Kind.MAIL
    file: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a message says."""

    uid: Uid
    marks: Marks


def spot_of(path: str) -> Spot:
    """What the path means. `NotFound`: nothing can be there."""
    parts = [part for part in path.split("/") if part]
    if len(path) > PATH_MAX or (parts and parts[0] != "domains"):
        raise _nothing(path)
    if len(parts) < 2:
        return Spot("domains" if parts else "top")
    domain, below = plain(parts[1]).lower(), parts[2:]
    if not below:
        return Spot("domain", domain)
    if below == [DOMAIN]:
        return Spot("domain", domain, file=DOMAIN)
    if below[0] == "public":
        return _in_tree(path, Spot("folder", domain), below[1:])
    if below[0] != "accounts":
        raise _nothing(path)
    return _in_account(path, domain, below[1:])


def _in_account(path: str, domain: str, parts: Sequence[str]) -> Spot:
    if not parts:
        return Spot("accounts", domain)
    owner, below = f"{plain(parts[0])}@{domain}", parts[1:]
    if not below:
        return Spot("account", domain, owner)
    if below in ([ACCOUNT], [SECRETS]):
        return Spot("account", domain, owner, file=below[0])
    if below[0] == "scripts" and (len(below) == 1 or (len(below) == 2 and below[1].endswith(SCRIPT))):
        return Spot("scripts", domain, owner, file=below[1] if len(below) == 2 else "")
    if below[0] != "folders":
        raise _nothing(path)
    return _in_tree(path, Spot("folder", domain, owner), below[1:])


def _in_tree(path: str, root: Spot, parts: Sequence[str]) -> Spot:
    names, kind, file = [], Kind.MAIL, ""
    for place, part in enumerate(parts):
        head, dot, suffix = part.partition(".")
        if not dot or suffix in _KINDS:
            names.append(plain(head))
            kind = _KINDS.get(suffix, Kind.MAIL)
        elif place == len(parts) - 1:
            file = part
        else:
            raise _nothing(path)
    if not all(name and SEPARATOR not in name for name in names):
        raise _nothing(path)
    return Spot(root.level, root.domain, root.owner, SEPARATOR.join(names), kind, file)


def _nothing(path: str) -> NotFound:
    return NotFound(f"{path[:200]}: there is no such file or directory")


# --- names ----------------------------------------------------------------------------------------------------------


def safe(name: str) -> str:
    """The name without a dot, and without what a file system or a client could trip over."""
    return "".join(each if _is_safe(each) else _escaped(each) for each in name)


def _is_safe(sign: str) -> bool:
    return sign.isprintable() and sign not in _UNSAFE and (sign == " " or not sign.isspace())


def _escaped(sign: str) -> str:
    return "".join(f"={octet:02X}" for octet in sign.encode("utf-8", "surrogatepass"))


def plain(name: str) -> str:
    """What `safe` was made of."""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace"), name)


def folder_name(name: str, kind: Kind) -> str:
    """The name of a directory for a folder."""
    return safe(name) if kind is Kind.MAIL else f"{safe(name)}.{kind.value}"


def object_name(name: str) -> str:
    """The name of a file for an object of a calendar or an address book: with one dot."""
    head, _, tail = name.rpartition(".")
    if head and tail and tail.lower() not in _KINDS and f"{head}.{tail}" != FOLDER:
        return f"{safe(head)}.{safe(tail)}"
    return f"{safe(name)}."


def object_of(file: str) -> str:
    """The name of the object that such a file is."""
    return plain(file.removesuffix("."))


def message_name(item: Item) -> str:
    """The name of a file for a message. Of very many keywords those are left out that the name has no room for."""
    flags = "".join(letter for letter, flag in _FLAGS if flag in item.flags)
    name = f"{item.uid:010d}_{item.saved.astimezone(UTC).strftime(_MOMENT)}_{flags}"
    for word in sorted(item.keywords):
        if len(name) + len(safe(word)) + 1 <= NAME_MAX - len(MESSAGE):
            name += f"+{safe(word)}"
    return name + MESSAGE


def message_of(file: str) -> Named | None:
    """What the name says; None for one that is not such a name."""
    found = _NAME.fullmatch(file)
    if found is None:
        return None
    try:
        saved = datetime.strptime(found[2], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Named(Uid(int(found[1])), Marks(_flags(found[3]), _words(found[4]), saved))


def _flags(letters: Iterable[str]) -> Flags:
    found = Flags.NONE
    for letter, flag in _FLAGS:
        found |= flag if letter in letters else Flags.NONE
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(word) for word in text.split("+") if word)


def script_name(name: str, *, active: bool) -> str:
    """The name of a file for a Sieve script."""
    return safe(name) + (ACTIVE if active else SCRIPT)


def script_of(file: str) -> tuple[str, bool]:
    """The script's name, and whether it is the active one."""
    active = file.endswith(ACTIVE)
    return plain(file.removesuffix(ACTIVE if active else SCRIPT)), active
