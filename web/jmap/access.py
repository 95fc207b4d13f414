"""FolderAccess: who may do what in a folder of any kind, with ends, levels and reasons. Decision 273.

`shareWith` says in each kind's own words what a grant allows. This says all that a grant says: its level (as
`groupware.model.rights.LEVELS` names it), its letters (RFC 4314), what it denies, when it ends, where it is inherited
from, and by `explain` why somebody may do something. The root of an account is a folder too: what is granted there
is granted everywhere below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import AccountId, FolderId
from groupware.model.link import PREFIX
from groupware.model.rights import ALL, LEVELS, Grant, Right, letters, level_of, parse_rights
from groupware.model.times import moment_of
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import GetArguments, argument, ident
from web.jmap.errors import MethodError, SetError
from web.jmap.granted import MOST
from web.jmap.ids import account_id, folder_of, grantee_of, mailbox_id, principal_id
from web.jmap.limits import IN_GET
from web.jmap.mailbox import name_of
from web.jmap.sets import Given, SetArguments, Ways, invalid, never, set_few
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
PROPERTIES: Final = ("id", "name", "kind", "parentId", "role", "myLevel", "myRights", "access", "inherited")
NO_ACCESS: Final = "none"
CUSTOM: Final = "custom"
ROOT: Final = "account"
"""The kind of the root of an account."""
_ENTRY: Final = frozenset({"level", "rights", "denied", "expires"})
_WAY: Final = "access/"


@dataclass(frozen=True, slots=True)
class ExplainArguments:
    """`FolderAccess/explain`."""

    account_id: str = argument(ident)
    id: str = argument(ident)
    principal_id: str = argument(ident)


def level(allow: Right, deny: Right) -> str:
    """What a grant comes to, by name."""
    if deny:
        return NO_ACCESS if not allow and Right.LOOKUP | Right.READ in deny else CUSTOM
    return level_of(allow)


def _row(each: Grant) -> Json:
    return {
        "principalId": principal_id(each.grantee),
        "grantee": each.grantee,
        "level": level(each.allow, each.deny),
        "rights": letters(each.allow),
        "denied": letters(each.deny),
        "expires": None if each.expires is None else each.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "state": each.state or None,
    }


def folders_in(tx: ReadTx, owner: AccountId) -> list[Folder]:
    """Every folder that may be looked up, the root before them where one may say who may do what in it."""
    found = [each for each in tx.folders(of=owner) if each.exists]
    try:
        root = tx.locate(owner, "", Right.ADMIN)
    except (NotFound, NoRight):
        return found
    return [root, *(each for each in found if each.id != root.id)]


def _told(tx: ReadTx, at: Folder, folders: Sequence[Folder], wanted: Sequence[str]) -> Json:
    """The properties that are wanted of one."""
    rooted = at.parent is None
    plain: Json = {
        "id": mailbox_id(at.id),
        "name": "" if rooted else name_of(at),
        "kind": ROOT if rooted else at.kind.value,
        "parentId": mailbox_id(at.parent) if at.parent is not None else None,
        "role": at.role,
        "myLevel": level_of(at.rights),
        "myRights": letters(at.rights),
    }
    if "access" in wanted:
        plain["access"] = _access(tx, at)
    if "inherited" in wanted:
        plain["inherited"] = _inherited(tx, at, folders)
    return plain


def _access(tx: ReadTx, at: Folder) -> Json | None:
    """The grants of this very folder by whom they are for; None: it is not for who asks to know."""
    if Right.ADMIN not in at.rights:
        return None
    return {principal_id(each.grantee): _row(each) for each in tx.grants(at.id) if not each.grantee.startswith(PREFIX)}


def _inherited(tx: ReadTx, at: Folder, folders: Sequence[Folder]) -> list[Json] | None:
    """The grants of the folders above, the nearest first."""
    if Right.ADMIN not in at.rights:
        return None
    known, found = {each.id: each for each in folders}, list[Json]()
    above = known.get(at.parent) if at.parent is not None else None
    while above is not None:
        if Right.ADMIN in above.rights:
            rows = [each for each in tx.grants(above.id) if not each.grantee.startswith(PREFIX)]
            name = above.path.rpartition(SEPARATOR)[2] if above.parent is not None else ""
            found += [{**_row(each), "from": mailbox_id(above.id), "fromName": name} for each in rows]
        above = known.get(above.parent) if above.parent is not None else None
    return found


def _state(tx: ReadTx, folders: Sequence[Folder]) -> str:
    lines = [f"{each.id} {each.path} {each.rights.value} {_access(tx, each)}" for each in folders]
    return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`FolderAccess/get`; the state is of the folders of the whole account."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
        owner = owner_in(tx, arguments.account_id)
        folders = folders_in(tx, owner)
        if arguments.ids is None and len(folders) > IN_GET:
            raise MethodError("requestTooLarge", f"there are more than {IN_GET} folders: name those that are wanted")
        asked = arguments.ids if arguments.ids is not None else [mailbox_id(each.id) for each in folders]
        known = {mailbox_id(each.id): each for each in folders}
        properties = arguments.properties or PROPERTIES
        there = {name: _told(tx, known[name], folders, properties) for name in asked if name in known}
        return account_id(owner), _state(tx, folders), there

    return await few.get(turn, arguments, PROPERTIES, look)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`FolderAccess/set`: `access/P...` of a folder is another grant, or with null none."""

    def state(tx: ReadTx) -> tuple[str, str]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), _state(tx, folders_in(tx, owner))

    elsewhere = never("folders are made and taken away by the methods of their kind")
    update = partial(_update, turn, arguments.account_id)
    return await set_few(turn, arguments, state, Ways(elsewhere, update, elsewhere))


async def _update(turn: Turn, account: str, name: str, patch: Given) -> bool:
    unknown = next((way for way in patch if not way.startswith(_WAY)), None)
    if unknown is not None:
        raise invalid(unknown[:60], "only `access/PRINCIPAL` is changed here")
    wanted = {way.removeprefix(_WAY): _entry(way, given) for way, given in patch.items()}

    def work(tx: WriteTx) -> bool:
        at = _folder(tx, account, name)
        try:
            rows = {each.grantee: each for each in tx.grants(at.id)}
        except NoRight as error:
            raise SetError("forbidden", str(error)) from None
        if len(rows) + len(wanted) > MOST:
            raise invalid("access", f"a folder is shared with {MOST} at most")
        for principal, entry in wanted.items():
            _put(tx, at, principal, rows, entry)
        return True

    return await turn.write(work)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a grant is to be; `expires` None: it does not end."""

    allow: Right = Right.NONE
    deny: Right = Right.NONE
    expires: datetime | None = None


def _put(tx: WriteTx, at: Folder, principal: str, rows: Mapping[str, Grant], entry: _Entry) -> None:
    """Sets one grant, and invites whom one names for the first time. `SetError`."""
    grantee = grantee_of(principal)
    if grantee is None or grantee.startswith(PREFIX):
        raise invalid("access", f"{principal[:60]!r} is no principal")
    row = rows.get(grantee)
    try:
        if entry.allow and (row is None or not row.allow):
            tx.grant(at.id, grantee, Right.NONE, Right.NONE)  # what was only denied is replaced
            tx.share(at.id, grantee, entry.allow)
        reason = row.reason if row is not None else ""
        tx.grant(at.id, grantee, entry.allow, entry.deny, entry.expires, reason)
    except (NotFound, Refused) as error:
        raise invalid("access", str(error)) from None


def _entry(way: str, given: Any) -> _Entry:
    """A grant as a client gives it. `SetError`."""
    if given is None:
        return _Entry()
    if not isinstance(given, Mapping) or not given.keys() <= _ENTRY or not given.keys() & {"level", "rights"}:
        raise invalid(way, f"null, or an object of {', '.join(sorted(_ENTRY))} with a level or rights, is wanted")
    ends = given.get("expires")
    try:
        expires = None if ends is None else moment_of(ends)
    except (ValueError, TypeError) as error:
        raise invalid(way, f"expires: {error}") from None
    named = given.get("level")
    if named not in (None, CUSTOM):
        if named not in LEVELS:
            raise invalid(way, f"a level is one of {', '.join(LEVELS)}, or custom with rights")
        return _Entry(LEVELS[named], Right.NONE if named != NO_ACCESS else ALL, expires)
    try:
        allow, deny = (_letters(given.get(name)) for name in ("rights", "denied"))
    except Refused as error:
        raise invalid(way, str(error)) from None
    return _Entry(allow, deny, expires)


def _letters(given: Any) -> Right:
    if given is not None and not isinstance(given, str):
        raise Refused("rights are letters as RFC 4314 has them")
    return parse_rights(given or "")


def _folder(tx: ReadTx, account: str, name: str) -> Folder:
    number: FolderId | None = folder_of(name)
    found = next((each for each in folders_in(tx, owner_in(tx, account)) if each.id == number), None)
    if found is None:
        raise SetError("notFound", "there is no such folder, or it is not shared with you")
    return found


async def explain(turn: Turn, arguments: ExplainArguments) -> Mapping[str, Any]:
    """`FolderAccess/explain`: what somebody may do in a folder, and each grant that says so."""
    grantee = grantee_of(arguments.principal_id)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        try:
            at = _folder(tx, arguments.account_id, turn.real(arguments.id))
        except SetError:
            raise MethodError("notFound", "there is no such folder, or it is not shared with you") from None
        if grantee is None or grantee.startswith(PREFIX):
            raise MethodError("notFound", "there is no such principal")
        found = tx.explain(at.id, grantee)
        return {
            "accountId": account_id(owner),
            "id": mailbox_id(at.id),
            "principalId": principal_id(found.actor),
            "level": level_of(found.rights),
            "rights": letters(found.rights),
            "reasons": [
                {
                    "path": each.path,
                    "grantee": each.grantee,
                    "rights": letters(each.allow),
                    "denied": letters(each.deny),
                    "text": each.text,
                }
                for each in found.reasons
            ],
        }

    return await turn.read(work)
