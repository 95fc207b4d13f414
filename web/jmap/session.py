"""The session object: which accounts there are, what is there, and where. RFC 8620 §2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import PUBLIC, SEPARATOR, Folder
from groupware.model.ids import AccountId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.model.script import NAME_CHARACTERS
from groupware.store.api import ReadTx
from mailcore.sieve.bounds import Limits
from mailcore.sieve.delivery.lists import SCHEMES
from mailcore.sieve.table import EXTENSIONS
from web.jmap import directory, remote, senders, sources
from web.jmap.ids import account_id, principal_id
from web.jmap.limits import (
    ACCESS,
    AVAILABILITY,
    BLOB,
    BLOB_VALUE,
    CALENDAR_FILES,
    CALENDAR_SOURCES,
    CALENDARS,
    CALENDARS_PARSE,
    CALENDARS_VALUE,
    CAPABILITIES,
    CARDS,
    CONTACTS,
    CORE,
    CORE_VALUE,
    DEVICES,
    LAB,
    LABELS,
    MAIL,
    MAIL_SHARE,
    MAIL_VALUE,
    MDN,
    MEETINGS,
    NOTES,
    OWNER,
    PRINCIPALS,
    QUOTA,
    REMOTE,
    REMOVED,
    SENDERS,
    SIEVE,
    SNOOZE,
    SOCKET,
    SUBMISSION,
    SUBMISSION_VALUE,
    TASKS,
    TEMPORARY,
    VACATION,
    VAPID,
)

_HELD: Final = (Kind.MAIL, Kind.CONTACTS, Kind.CALENDAR, Kind.TASKS, Kind.NOTES, Kind.JOURNAL)
_CHANGE: Final = (
    Right.WRITE | Right.INSERT | Right.CREATE | Right.DROP | Right.TRASH | Right.EXPUNGE | Right.ADMIN | Right.SEEN
)


def accounts(tx: ReadTx) -> Mapping[str, Any]:
    """One's own account, and one for every other owner of whom one may look up a folder of what there is here."""
    held: dict[AccountId, list[Folder]] = {tx.who.account: []}
    for each in tx.folders():
        if each.exists and each.kind in _HELD:
            held.setdefault(each.owner, []).append(each)
    return {account_id(owner): _account(tx, owner, folders) for owner, folders in held.items()}


def _account(tx: ReadTx, owner: AccountId, folders: list[Folder]) -> Mapping[str, Any]:
    own = owner == tx.who.account
    top = own or _may_create(tx, owner)
    kinds = _HELD if own else sorted({each.kind for each in folders})
    name = tx.who.name if own else _owner_name(folders[0])
    return {
        "name": name,
        "isPersonal": own,
        "isReadOnly": not own and not any(each.rights & _CHANGE for each in folders),
        "accountCapabilities": {
            CORE: {},
            BLOB: BLOB_VALUE,
            QUOTA: {},
            ACCESS: {},
            REMOVED: {},
            **{name: value for kind in kinds for name, value in _of_kind(kind, top).items()},
            OWNER: {"accountIdForPrincipal": account_id(tx.who.account), "principalId": principal_id(name)},
            **(
                {
                    SUBMISSION: SUBMISSION_VALUE,
                    MDN: {},
                    VACATION: {},
                    SIEVE: _sieve(tx),
                    LAB: {},
                    LABELS: {},
                    SNOOZE: {},
                    REMOTE: remote.value(tx),
                    CALENDAR_SOURCES: sources.value(tx),
                    SENDERS: {},
                    TEMPORARY: senders.value(tx),
                    DEVICES: {},
                    **_sharing(tx),
                }
                if own
                else {}
            ),
        },
    }


def _of_kind(kind: Kind, top: bool) -> Mapping[str, Any]:
    """What can be done with the folders of a kind; `top`: one may make others."""
    if kind == Kind.CALENDAR:
        return {
            CALENDARS: {**CALENDARS_VALUE, "mayCreateCalendar": top},
            CALENDARS_PARSE: {},
            MEETINGS: {},
            CALENDAR_FILES: {},
        }
    if kind == Kind.TASKS:
        return {
            TASKS: {
                "minDateTime": "0001-01-01T00:00:00",
                "maxDateTime": "9999-12-31T23:59:59",
                "mayCreateTaskList": top,
            }
        }
    if kind in (Kind.NOTES, Kind.JOURNAL):
        return {NOTES: {"mayCreateNotebook": top}}
    if kind == Kind.CONTACTS:
        return {CONTACTS: {"maxAddressBooksPerCard": 1, "mayCreateAddressBook": top}, CARDS: {}}
    return {MAIL: {**MAIL_VALUE, "mayCreateTopLevelMailbox": top}, MAIL_SHARE: {}}


def _sieve(tx: ReadTx) -> Mapping[str, Any]:
    """What scripts may be. RFC 9661 §1.2."""
    return {
        "maxSizeScriptName": NAME_CHARACTERS,
        "maxSizeScript": int(tx.setting("sieveScriptSize").value) * 1024,
        "maxNumberScripts": int(tx.setting("sieveScripts").value),
        "maxNumberRedirects": Limits().redirects,
        "sieveExtensions": sorted(EXTENSIONS),
        "notificationMethods": ["mailto"] if "enotify" in EXTENSIONS else None,
        "externalLists": SCHEMES.split() if "extlists" in EXTENSIONS else None,
    }


def _sharing(tx: ReadTx) -> Mapping[str, Any]:
    """Of one's own account: who there is. RFC 9670 §1.5."""
    return {
        PRINCIPALS: {"currentUserPrincipalId": principal_id(tx.who.name)},
        AVAILABILITY: {"maxAvailabilityDuration": "P1098D"},
    }


def _may_create(tx: ReadTx, owner: AccountId) -> bool:
    try:
        tx.locate(owner, "", Right.CREATE)
    except (NotFound, NoRight):
        return False
    return True


def _owner_name(folder: Folder) -> str:
    """As the view of one who shares it names its owner: `alice@x` of `Other Users/alice@x/Work`."""
    first, _, rest = folder.path.partition(SEPARATOR)
    return first if first == PUBLIC else rest.partition(SEPARATOR)[0]


def session(tx: ReadTx, base: str, push_key: str) -> dict[str, Any]:
    """The session object; `base` is the address of the server without a path.

    `push_key` is what push services know the server by; "": it tells none of changes.
    """
    own = account_id(tx.who.account)
    told = {CORE: CORE_VALUE, SOCKET: _socket(base), SIEVE: {"implementation": "Postroom"}}
    told |= {VAPID: {"applicationServerKey": push_key}} if push_key else {}
    there = [name for name in CAPABILITIES if name != VAPID or push_key]
    found = {
        "capabilities": {name: told.get(name, {}) for name in there},
        "accounts": {**accounts(tx), **directory.account(tx)},
        "primaryAccounts": dict.fromkeys([name for name in there if name not in (SOCKET, VAPID)], own),
        "username": tx.who.name,
        "apiUrl": f"{base}/jmap/api",
        "downloadUrl": f"{base}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}",
        "uploadUrl": f"{base}/jmap/upload/{{accountId}}",
        "eventSourceUrl": f"{base}/jmap/eventsource?types={{types}}&closeafter={{closeafter}}&ping={{ping}}",
    }
    return {**found, "state": state_of(found)}


def _socket(base: str) -> Mapping[str, Any]:
    """Where requests and pushes share one connection. RFC 8887 §4.1."""
    return {"url": f"ws{base.removeprefix('http')}/jmap/ws", "supportsPush": True}


def state_of(session: Mapping[str, Any]) -> str:
    """Another one whenever anything in the session object is."""
    return blake2b(json.dumps(session, sort_keys=True).encode(), digest_size=8).hexdigest()
