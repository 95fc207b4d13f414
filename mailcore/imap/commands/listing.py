"""LIST in all its forms, and LSUB. RFC 3501 §6.3.8, §6.3.9; RFC 5258, 5819, 6154, 8440, 9590."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.annotation import ANY_OF
from groupware.model.errors import GroupwareError
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap import names
from mailcore.imap.commands.acl import shown
from mailcore.imap.commands.folders import USES
from mailcore.imap.commands.status import Counted, counted, status_items, status_response
from mailcore.imap.entries import Asked, metadata_line, of_folder, picked, read_asked
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, mailbox, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command

_USE_OF: Final[dict[str, bytes]] = {role: b"\\" + name[1:].capitalize() for name, role in USES.items()}
_SELECT: Final = (b"SUBSCRIBED", b"REMOTE", b"RECURSIVEMATCH", b"SPECIAL-USE")
_RETURN: Final = (b"SUBSCRIBED", b"CHILDREN", b"SPECIAL-USE", b"MYRIGHTS", b"STATUS", b"METADATA")
MOST_PATTERNS: Final = 100
FEW_NAMES: Final = 10
LONGEST_PATTERN: Final = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """LIST's arguments."""

    patterns: tuple[str, ...]
    """Complete, the reference before each; "" fits nothing."""
    separator: bool = False
    """Only what separates levels is asked for."""
    only: frozenset[bytes] = frozenset()
    """Selection options."""
    also: frozenset[bytes] = frozenset()
    """Return options."""
    status: tuple[bytes, ...] = ()
    entries: Asked | None = None
    """Of METADATA. RFC 9590."""


def parse_list(cursor: Cursor) -> Wanted:
    """Selection options, reference, patterns, return options. RFC 5258 §6."""
    cursor.sp()
    only: list[bytes] = []
    extended = cursor.peek(b"(")
    if extended:
        only = cursor.listed(cursor.word)
        cursor.sp()
        if any(option not in _SELECT for option in only):
            cursor.fail("selection options among " + b" ".join(_SELECT).decode())
        if b"RECURSIVEMATCH" in only and not {b"SUBSCRIBED", b"SPECIAL-USE"} & set(only):
            cursor.fail("something that RECURSIVEMATCH can look for, as SUBSCRIBED")
    reference = cursor.pattern()
    cursor.sp()
    extended = extended or cursor.peek(b"(")
    patterns = cursor.listed(cursor.pattern) if cursor.peek(b"(") else [cursor.pattern()]
    if not 0 < len(patterns) <= MOST_PATTERNS or any(len(pattern) > LONGEST_PATTERN for pattern in patterns):
        cursor.fail(f"1 to {MOST_PATTERNS} patterns of at most {LONGEST_PATTERN} characters")
    extended = extended or cursor.peek(b" ")
    also, status, entries = _returned(cursor) if cursor.take(b" ") else ([], (), None)
    complete = [_joined(reference, pattern) for pattern in patterns]
    separator = complete == [""] and not extended  # RFC 5258 §3: it has no special meaning in the extended form
    return Wanted(tuple(complete), separator, frozenset(only), frozenset(also), status, entries)


def _returned(cursor: Cursor) -> tuple[list[bytes], tuple[bytes, ...], Asked | None]:
    status: tuple[bytes, ...] = ()
    entries: Asked | None = None

    def option() -> bytes:
        nonlocal status, entries
        word = cursor.word()
        if word not in _RETURN:
            cursor.fail("return options among " + b" ".join(_RETURN).decode())
        if word == b"STATUS":
            cursor.sp()
            status = status_items(cursor)
        elif word == b"METADATA":
            cursor.sp()
            entries = read_asked(cursor)
        return word

    if cursor.word() != b"RETURN":
        cursor.fail("RETURN")
    cursor.sp()
    return cursor.listed(option), status, entries


def _joined(reference: str, pattern: str) -> str:
    """The reference before the pattern; nothing when the pattern is empty. RFC 3501 §6.3.8."""
    return reference + pattern if pattern else ""


@command("LIST", state=KNOWN, parse=parse_list)
async def list_mailboxes(session: Session, wanted: Wanted) -> Reply:
    """The mailboxes that fit, in path order."""
    if wanted.separator:
        return ok("That is the separator", lines=[b'* LIST (\\Noselect) "/" ""\r\n'])
    if b"HIGHESTMODSEQ" in wanted.status:
        session.use_condstore()
    about = await session.read(lambda tx: _about(session, tx, wanted))
    lines = []
    for path, folder in _all_paths(about):
        if about.fits(path):
            lines += _told(session, path, folder, about)
    return ok("Those are the mailboxes", lines=lines)


def seen_by(session: Session, tx: ReadTx) -> tuple[dict[str, Folder], frozenset[str]]:
    """The folders that IMAP shows, by path, and the subscriptions."""
    kind = None if session.shows_all(tx) else Kind.MAIL
    folders = {folder.path: folder for folder in tx.folders(kind)}
    return folders, frozenset(path for path, each in folders.items() if each.subscribed) | set(tx.subscriptions())


def _fitting(patterns: Sequence[str]) -> Callable[[str], bool]:
    matchers = [names.matcher(pattern) for pattern in patterns if pattern]
    return lambda path: any(fits(path) for fits in matchers)


def _all_paths(about: _Context) -> list[tuple[str, Folder | None]]:
    """Every path to look at: the folders, and of what is subscribed to and above that the names with nothing behind."""
    named = about.subscribed if b"SUBSCRIBED" in about.wanted.only else frozenset[str]()
    return sorted({**dict.fromkeys(named | about.wayposts), **about.folders}.items())


@dataclass(frozen=True, slots=True)
class _Context:
    wanted: Wanted
    fits: Callable[[str], bool]
    subscribed: frozenset[str]
    folders: dict[str, Folder]
    counts: Counted = field(default_factory=Counted)
    annotations: Mapping[FolderId, Sequence[tuple[str, bytes]]] = field(default_factory=dict)
    parents: Mapping[bytes, frozenset[str]] = field(default_factory=dict)
    """With RECURSIVEMATCH, by selection option: the parents of what it chooses."""
    wayposts: frozenset[str] = frozenset()
    """Those of them below which something chosen fits no pattern: only they say something new. RFC 5258 §3.5."""


def _about(session: Session, tx: ReadTx, wanted: Wanted) -> _Context:
    """What a LIST needs to know, in one snapshot."""
    named = None if wanted.only or b"SUBSCRIBED" in wanted.also else _named(session, tx, wanted.patterns)
    folders, subscribed = seen_by(session, tx) if named is None else (named, frozenset[str]())
    fits = _fitting(wanted.patterns)
    asked = [each for path, each in folders.items() if fits(path)] if wanted.status else []
    counts = counted(session.shared, tx, asked, wanted.status)
    annotations = tx.all_annotations() if wanted.entries is not None else {}
    chosen = _chosen_below(wanted, subscribed, folders)
    parents = {option: _above(paths) for option, paths in chosen.items()}
    wayposts = _above(path for paths in chosen.values() for path in paths if not fits(path))
    return _Context(wanted, fits, subscribed, folders, counts, annotations, parents, wayposts)


def _chosen_below(
    wanted: Wanted, subscribed: frozenset[str], folders: Mapping[str, Folder]
) -> Mapping[bytes, Collection[str]]:
    """With RECURSIVEMATCH, what each selection option chooses."""
    if b"RECURSIVEMATCH" not in wanted.only:
        return {}
    found: dict[bytes, Collection[str]] = {}
    if b"SUBSCRIBED" in wanted.only:
        found[b"SUBSCRIBED"] = subscribed
    if b"SPECIAL-USE" in wanted.only:
        found[b"SPECIAL-USE"] = [path for path, each in folders.items() if _use(each) is not None]
    return found


def _named(session: Session, tx: ReadTx, patterns: Sequence[str]) -> dict[str, Folder] | None:
    """The folders of these very names, for clients look for one of them at a time; None: that takes a look at all."""
    if len(patterns) > FEW_NAMES or any(sign in pattern for pattern in patterns for sign in "%*"):
        return None
    try:
        found = [tx.folder(path, Right.LOOKUP) for path in patterns if path]
    except GroupwareError:
        return None  # it may be a parent that is shown for what is below it
    if any(each.kind != Kind.MAIL for each in found) or not all(each.exists for each in found):
        return None
    return {each.path: each for each in found}


def _told(session: Session, path: str, folder: Folder | None, about: _Context) -> list[bytes]:
    """The responses for one path; none when the selection options leave it out."""
    wanted = about.wanted
    if path not in about.wayposts and not _chosen(path, folder, about):
        return []
    inner = _below(path, about)
    attributes = _attributes(path, folder, about)
    extended = b' ("CHILDINFO" (%b))' % b" ".join([b'"%b"' % each for each in inner]) if inner else b""
    lines = [_line(attributes, path, extended)]
    if folder is None or not folder.exists:
        return lines
    if b"MYRIGHTS" in wanted.also:
        lines.append(b"* MYRIGHTS %b %b\r\n" % (mailbox(path), shown(folder.rights)))
    if wanted.status and Right.READ in folder.rights:
        lines.append(status_response(session.shared, folder, wanted.status, about.counts))
    if wanted.entries is not None and folder.rights & ANY_OF:
        values, _ = picked(of_folder(folder, about.annotations.get(folder.id, ())), wanted.entries)
        lines += [metadata_line(path, values)] if values else []
    return lines


_ALONE: Final = _Context(Wanted(()), lambda path: True, frozenset(), {})


def list_line(folder: Folder, *, old: str | None = None, attributes: Sequence[bytes] = ()) -> bytes:
    """The LIST response that says how a mailbox is called now, and with `old` how it was. RFC 9051 §6.3.9.7."""
    found = [*attributes, *_attributes(folder.path, folder, _ALONE)]
    return _line(found, folder.path, b' ("OLDNAME" (%b))' % mailbox(old) if old is not None else b"")


def _line(attributes: Sequence[bytes], path: str, extended: bytes = b"") -> bytes:
    return b'* LIST (%b) "/" %b%b\r\n' % (b" ".join(attributes), mailbox(path), extended)


def _chosen(path: str, folder: Folder | None, about: _Context) -> bool:
    """Whether the path itself is what the selection options ask for."""
    only = about.wanted.only
    if b"SUBSCRIBED" in only and path not in about.subscribed:
        return False
    return not (b"SPECIAL-USE" in only and (folder is None or _use(folder) is None))


def _above(paths: Iterable[str]) -> frozenset[str]:
    """All parents of these paths."""
    found: set[str] = set()
    for path in paths:
        while (path := path.rpartition(SEPARATOR)[0]) and path not in found:
            found.add(path)
    return frozenset(found)


def _below(path: str, about: _Context) -> list[bytes]:
    """Which selection options something below fits: CHILDINFO, with RECURSIVEMATCH alone. RFC 5258 §3.5."""
    return [option for option, parents in about.parents.items() if path in parents]


def _attributes(path: str, folder: Folder | None, about: _Context) -> list[bytes]:
    found = []
    if folder is None or not folder.exists:
        found += [b"\\NonExistent", b"\\Noselect"]
    elif about.wanted.status and Right.READ not in folder.rights:  # RFC 5819 §2: so there is no STATUS of it
        found.append(b"\\Noselect")
    if folder is not None:
        found.append(b"\\HasChildren" if folder.children else b"\\HasNoChildren")
        use = _use(folder)
        if use is not None:
            found.append(use)
    elif b"CHILDREN" in about.wanted.also:
        found.append(b"\\HasNoChildren")
    if path in about.subscribed and b"SUBSCRIBED" in about.wanted.only | about.wanted.also:
        found.append(b"\\Subscribed")
    return found


def _use(folder: Folder) -> bytes | None:
    """The special use that the folder has for this user, as an attribute."""
    return _USE_OF.get(folder.role) if folder.own and folder.role is not None else None


@command("LSUB", state=KNOWN, parse=parse_list)
async def lsub(session: Session, wanted: Wanted) -> Reply:
    """The names subscribed to that fit; with %, also parents of such, as \\Noselect. RFC 3501 §6.3.9."""
    folders, subscribed = await session.read(lambda tx: seen_by(session, tx))
    fits = _fitting(wanted.patterns)
    shown_paths: dict[str, bool] = {}
    for path in subscribed:
        if fits(path):
            shown_paths[path] = True
        elif any("%" in pattern for pattern in wanted.patterns):
            parents = [path[:at] for at, sign in enumerate(path) if sign == SEPARATOR]
            for parent in filter(fits, parents):
                shown_paths.setdefault(parent, False)
    lines = [_subscribed_line(path, folders.get(path), listed) for path, listed in sorted(shown_paths.items())]
    return ok("Those are subscribed to", lines=lines)


def _subscribed_line(path: str, folder: Folder | None, listed: bool) -> bytes:
    closed = not listed or (folder is not None and not folder.exists)
    return b'* LSUB (%b) "/" %b\r\n' % (b"\\Noselect" if closed else b"", mailbox(path))
