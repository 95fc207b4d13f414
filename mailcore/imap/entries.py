"""Entries of METADATA as IMAP names them, those that are settings of a folder among them. RFC 5464, RFC 6154 §4.

`/private/specialuse` is the role of a folder of one's own. `/shared/vendor/postroom/shared-seen` says whether \\Seen is
one for all who read the folder. `/shared/imapsieve/script` of the server is the setting `scriptOnChange` (RFC 6785
§2.3.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import NoRight, Refused
from groupware.model.folder import Folder
from groupware.model.occasion import ENTRY as SCRIPT
from groupware.model.principal import OPERATOR
from groupware.model.script import script_name
from groupware.store.api import ReadTx, WriteTx
from mailcore.imap.commands.folders import USES
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import astring, mailbox, string

SPECIAL_USE: Final = "/private/specialuse"
SHARED_SEEN: Final = "/shared/vendor/postroom/shared-seen"
SCRIPT_SETTING: Final = "scriptOnChange"
FOREVER: Final = 1 << 20
"""Levels that stand for DEPTH infinity."""
MOST_ASKED: Final = 1000
_ASKED: Final = re.compile(rb"/(?:shared|private)(?:/[^/*%\x00-\x1f\x7f-\xff]+)*\Z", re.IGNORECASE)
_USE_OF: Final = {role.value: b"\\" + name[1:].capitalize() for name, role in USES.items()}

Values = Sequence[tuple[str, bytes | None]]


class BadUse(Refused):
    """A special use that this folder cannot have."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are asked for."""

    names: tuple[str, ...]
    depth: int = 0
    longest: int | None = None


# --- reading a command ----------------------------------------------------------------------------------------------


def at_options(cursor: Cursor) -> bool:
    """Whether options come next and no list of entries."""
    return cursor.peek(b"(") and not any(cursor.peek(b"(" + sign) for sign in (b"/", b'"', b"{", b")"))


def read_options(cursor: Cursor) -> tuple[int, int | None]:
    """DEPTH and MAXSIZE in parentheses. RFC 5464 §4.2.1, §4.2.2."""
    depth, longest = 0, None

    def option() -> None:
        nonlocal depth, longest
        word = cursor.word()
        cursor.sp()
        if word == b"MAXSIZE":
            longest = cursor.number()
        elif word == b"DEPTH":
            level = cursor.word()
            if level not in (b"0", b"1", b"INFINITY"):
                cursor.fail("0, 1 or infinity")
            depth = FOREVER if level == b"INFINITY" else int(level)
        else:
            cursor.fail("MAXSIZE or DEPTH")

    cursor.listed(option)
    return depth, longest


def read_entries(cursor: Cursor) -> tuple[str, ...]:
    """One entry, or several in parentheses."""
    names = cursor.listed(lambda: read_entry(cursor)) if cursor.peek(b"(") else [read_entry(cursor)]
    if not 0 < len(names) <= MOST_ASKED:
        cursor.fail(f"1 to {MOST_ASKED} entries")
    return tuple(dict.fromkeys(names))


def read_entry(cursor: Cursor) -> str:
    """The name of an entry, in lower case."""
    found = cursor.astring()
    if not _ASKED.match(found):
        cursor.fail("an entry such as /shared/comment or /private/comment")
    return found.decode("ascii").lower()


def read_asked(cursor: Cursor) -> Asked:
    """Perhaps options, then entries."""
    depth, longest = 0, None
    if at_options(cursor):
        depth, longest = read_options(cursor)
        cursor.sp()
    return Asked(read_entries(cursor), depth, longest)


# --- what a folder says ---------------------------------------------------------------------------------------------


def of_folder(folder: Folder, stored: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """Every entry that somebody can read of a folder: the stored ones, and the folder's own settings."""
    found = {**dict(stored), SHARED_SEEN: b"true" if folder.shared_seen else b"false"}
    use = _USE_OF.get(folder.role or "") if folder.own else None
    if use is not None:
        found[SPECIAL_USE] = use
    return found


def of_server(tx: ReadTx, stored: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """Every entry of the server, with the script that holds for one's own folders."""
    found = dict(stored)
    if script := str(tx.setting(SCRIPT_SETTING).value):
        found[SCRIPT] = script.encode()
    return found


def put_server_settings(tx: WriteTx, values: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Sets those that are settings of the server, and gives the others back. `NoRight`, `Refused`."""
    if SCRIPT in values:
        value = (values[SCRIPT] or b"").decode("utf-8", "replace")
        tx.put_setting(SCRIPT_SETTING, script_name(value) if value else None, OPERATOR.account)
    return {name: value for name, value in values.items() if name != SCRIPT}


def picked(values: Mapping[str, bytes], asked: Asked) -> tuple[Values, int]:
    """The entries that are asked for, and the size of the longest that is left out for its length (0: none).

    An entry that is named itself and is not there has the value None. RFC 5464 §4.2.
    """
    found: dict[str, bytes | None] = {}
    for name in asked.names:
        if not asked.depth:
            found[name] = values.get(name)
            continue
        start, level = name + "/", name.count("/") + asked.depth
        below = [each for each in values if each.startswith(start) and each.count("/") <= level]
        found.update({each: values[each] for each in ([name] if name in values else []) + below})
    if asked.longest is None:
        return list(found.items()), 0
    sizes = {name: len(value) for name, value in found.items() if value is not None and len(value) > asked.longest}
    return [each for each in found.items() if each[0] not in sizes], max(sizes.values(), default=0)


def metadata_line(path: str, values: Values) -> bytes:
    """The untagged METADATA response with values. RFC 5464 §4.4.1."""
    told = b" ".join([b"%b %b" % (astring(name.encode("ascii")), _value(value)) for name, value in values])
    return b"* METADATA %b (%b)\r\n" % (mailbox(path), told)


def _value(octets: bytes | None) -> bytes:
    if octets is None:
        return b"NIL"
    return b"~{%d}\r\n%b" % (len(octets), octets) if b"\0" in octets else string(octets)


# --- what is set on a folder ----------------------------------------------------------------------------------------


def put_settings(tx: WriteTx, folder: Folder, values: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Sets those that are settings of the folder, and gives the others back. `NoRight`, `BadUse`, `RoleTaken`."""
    if SHARED_SEEN in values:
        tx.set_folder(folder.id, shared_seen=_truth(values[SHARED_SEEN]))
    if SPECIAL_USE in values:
        if not folder.own:
            raise NoRight(f"mailbox {folder.path}: what it is used for is its owner's to say")
        tx.set_folder(folder.id, role=_role(folder, values[SPECIAL_USE]))
    return {name: value for name, value in values.items() if name not in (SHARED_SEEN, SPECIAL_USE)}


def _truth(value: bytes | None) -> bool:
    if value is not None and value.lower() not in (b"true", b"false"):
        raise Refused(f"entry {SHARED_SEEN}: the value is true or false")
    return value is not None and value.lower() == b"true"


def _role(folder: Folder, value: bytes | None) -> str | None:
    if value is None or not value.strip():
        return None
    role = USES.get(value.strip().upper())
    if role is None:
        raise BadUse(
            f"mailbox {folder.path}: it can have one of the uses \\Archive \\Drafts \\Junk \\Sent \\Snoozed \\Trash"
        )
    return role.value
