"""The files beside the mail: what a domain, an account and a folder are, as JSON, made from the store and put back.

Putting back is the same whether the thing is there or not: what the file says holds then.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from groupware.model.errors import GroupwareError, NotFound, Refused
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, PrincipalId
from groupware.model.principal import Account, Domain, NewAccount, PrincipalKind
from groupware.model.rights import Right, letters, parse_rights
from groupware.model.source import CalendarSource
from groupware.store.api import ReadTx, WriteTx

KINDS: Final = (PrincipalKind.ACCOUNT, PrincipalKind.RESOURCE)
"""What stands among the accounts of a domain."""
DOCUMENT_MAX: Final = 4 * 1024 * 1024
_MAIN: Final = "password"
_DERIVED: Final = ("scram-sha-1", "scram-sha-256")
_NAMED: Final = ("app", "totp", "key")
"""Of these there is one of each name."""

_OF_SOURCE: Final = ("url", "minutes", "alarms", "attachments", "enabled", "named")

Facts = Mapping[str, Any]


def written(facts: object) -> bytes:
    """The facts as a file."""
    return json.dumps(facts, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def read(octets: bytes, what: str) -> Facts:
    """The facts of a file of that sort. `Refused`."""
    try:
        found = json.loads(octets)
    except ValueError as error:
        raise Refused(f"{what}: this is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused(f"{what}: this is no JSON object")
    return found


def part(facts: Facts, name: str, kind: type | tuple[type, ...], default: Any) -> Any:
    """One of the facts. `Refused` when it is of another sort."""
    value = facts.get(name, default)
    if not isinstance(value, kind):
        raise Refused(f"{name}: {str(value)[:60]!r} is not what belongs there")
    return value


# --- domains --------------------------------------------------------------------------------------------------------


def domain_facts(tx: ReadTx, domain: Domain) -> Facts:
    """What a domain is: its other names, and its own settings."""
    return {"aliases": domain.aliases, "enabled": domain.enabled, "settings": _settings(tx, domain.id)}


def put_domain(tx: WriteTx, name: str, facts: Facts) -> None:
    """The domain as the file says. `a` on the server; of one that is there, its settings with `a` on the domain."""
    there = next((each for each in tx.administered() if each.name == name), None)
    aliases, enabled = tuple(part(facts, "aliases", list, [])), part(facts, "enabled", bool, True)
    if there is None or (there.aliases, there.enabled) != (aliases, enabled):
        there = tx.put_domain(Domain(name, aliases=aliases, enabled=enabled))
    _put_settings(tx, there.id, part(facts, "settings", dict, {}))


# --- accounts -------------------------------------------------------------------------------------------------------


def account_facts(tx: ReadTx, account: Account) -> Facts:
    """What an account is, but for its secrets."""
    return {
        "address": account.address,
        "kind": account.kind.value,
        "name": account.name,
        "enabled": account.enabled,
        "class": account.account_class,
        "aliases": account.aliases,
        "settings": _settings(tx, PrincipalId(account.id)),
    }


def put_account(tx: WriteTx, address: str, facts: Facts) -> None:
    """The account as the file says, made if it is not there. `a` on the domain."""
    kind, name = part(facts, "kind", str, "account"), part(facts, "name", str, "")
    enabled, account_class = part(facts, "enabled", bool, True), part(facts, "class", str, "")
    if kind not in KINDS:
        raise Refused(f"kind: {kind[:40]!r} cannot be put back; there are {', '.join(KINDS)}")
    try:
        account = tx.account(address)
    except NotFound:
        account = tx.put_account(NewAccount(address, PrincipalKind(kind), name))
    if account.kind != kind:
        raise Refused(f"{address}: there is a {account.kind.value} of that address")
    values: dict[str, str | bool | None] = {"name": name, "enabled": enabled, "account_class": account_class or None}
    now = {"name": account.name, "enabled": account.enabled, "account_class": account.account_class or None}
    if changed := {key: value for key, value in values.items() if now[key] != value}:
        tx.update_account(address, **changed)
    for alias in part(facts, "aliases", list, []):
        if alias not in account.aliases:
            tx.put_alias(address, str(alias))
    _put_settings(tx, PrincipalId(account.id), part(facts, "settings", dict, {}))


def secret_facts(tx: ReadTx, address: str) -> Facts:
    """The stored secrets: hashes and derived keys, with which the same passwords go on."""
    _, found = tx.credentials(address)
    return {"secrets": [{"kind": each.kind, "value": each.value, "label": each.label} for each in found]}


def put_secrets(tx: WriteTx, address: str, facts: Facts) -> None:
    """The secrets as the file says; what it does not name stays. `a` on the domain."""
    _, there = tx.credentials(address)
    known = {(each.kind, each.label, each.value) for each in there}
    wanted = [_secret(each) for each in part(facts, "secrets", list, [])]
    replaced = any(each[0] == _MAIN and each not in known for each in wanted)
    for kind, label, value in sorted(wanted, key=lambda each: each[0] != _MAIN):  # a password takes derived keys away
        if (kind, label, value) in known and not (replaced and kind in _DERIVED):
            continue
        for old in there:
            if (old.kind, old.label) == (kind, label) and kind in _NAMED:
                tx.drop_credential(address, old.id)
        tx.put_credential(address, kind, value, label)


def _secret(facts: Any) -> tuple[str, str, str]:
    if not isinstance(facts, dict):
        raise Refused("secrets: each is a JSON object with kind, label and value")
    return part(facts, "kind", str, ""), part(facts, "label", str, ""), part(facts, "value", str, "")


def _settings(tx: ReadTx, of: PrincipalId | None) -> Facts:
    return {each.name: each.value for each in tx.settings(of) if each.explicit} if of is not None else {}


def _put_settings(tx: WriteTx, of: PrincipalId | None, wanted: Facts) -> None:
    now = _settings(tx, of)
    for name in now.keys() - wanted.keys():
        tx.put_setting(name, None, of)
    for name, value in wanted.items():
        if name not in now or now[name] != value:
            tx.put_setting(name, part(wanted, name, (str, int, bool), None), of)


# --- folders --------------------------------------------------------------------------------------------------------


def folder_facts(tx: ReadTx, folder: Folder) -> Facts:
    """What a folder is: its role, whether it is subscribed to, who may do what there, what is noted about it."""
    administered = Right.ADMIN in folder.rights
    noted = tx.annotations(folder.id) if Right.READ in folder.rights else ()
    return {
        "kind": folder.kind.value,
        "role": folder.role,
        "subscribed": folder.subscribed,
        "shared_seen": folder.shared_seen,
        "grants": [
            {
                "grantee": each.grantee,
                "allow": letters(each.allow),
                "deny": letters(each.deny),
                "expires": each.expires.isoformat() if each.expires is not None else None,
                "reason": each.reason,
            }
            for each in (tx.grants(folder.id) if administered else ())
            if not each.grantee.startswith("link:")
        ],
        "annotations": {entry: b64encode(value).decode() for entry, value in noted},
        **({"source": source} if folder.fed and (source := source_facts(tx, folder)) else {}),
    }


def source_facts(tx: ReadTx, folder: Folder) -> Facts:
    """Where a calendar is filled from; nothing for who may not know."""
    found = next((each for each in tx.calendar_sources(folder.owner) if each.folder == folder.id), None)
    return {} if found is None else {name: getattr(found, name) for name in _OF_SOURCE}


def put_source(tx: WriteTx, folder: Folder, facts: Facts) -> None:
    """Has it filled from there again; what has come back of it stays until that went well."""
    known = next((each for each in tx.calendar_sources(folder.owner) if each.folder == folder.id), None)
    new = known or CalendarSource(folder.id, folder.owner, "")
    values = {name: part(facts, name, type(getattr(new, name)), getattr(new, name)) for name in _OF_SOURCE}
    if known is None or any(getattr(known, name) != value for name, value in values.items()):
        tx.put_calendar_source(replace(new, **values), over=True)


def put_folder(tx: WriteTx, owner: AccountId, path: str, facts: Facts) -> Sequence[str]:
    """The folder as the file says; what of it could not be put back, and why. `NotFound`."""
    folder, problems = tx.locate(owner, path), list[str]()

    def attempt(what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except (GroupwareError, ValueError) as error:
            problems.append(f"{what}: {error}")

    if (role := facts.get("role")) and role != folder.role and path:
        attempt("role", lambda: _take_role(tx, owner, folder, str(role)))
    if facts.get("shared_seen") is True and not folder.shared_seen:
        attempt("shared_seen", lambda: tx.set_folder(folder.id, shared_seen=True))
    if folder.own and path:
        attempt("subscribed", lambda: tx.subscribe(folder.path, facts.get("subscribed") is True))
    for grant in part(facts, "grants", list, []):
        attempt(f"grant of {str(grant)[:80]}", lambda grant=grant: _put_grant(tx, folder, grant))  # type: ignore[misc]
    if source := part(facts, "source", dict, {}):
        attempt("source", lambda: put_source(tx, folder, source))
    noted = dict(tx.annotations(folder.id)) if Right.READ in folder.rights else {}
    for entry, value in part(facts, "annotations", dict, {}).items():
        attempt(f"annotation {entry[:80]}", lambda entry=entry, value=value: _annotate(tx, folder, noted, entry, value))  # type: ignore[misc]
    return problems


def _take_role(tx: WriteTx, owner: AccountId, folder: Folder, role: str) -> None:
    """Gives the folder its role back; one that has it since the account was made anew gives it up."""
    with suppress(NotFound):
        tx.set_folder(tx.role(owner, role).id, role=None)
    tx.set_folder(folder.id, role=role)


def _put_grant(tx: WriteTx, folder: Folder, facts: Any) -> None:
    if not isinstance(facts, dict):
        raise Refused("a grant is a JSON object")
    allow, deny = part(facts, "allow", str, ""), part(facts, "deny", str, "")
    until = part(facts, "expires", (str, type(None)), None)
    expires = datetime.fromisoformat(until) if until is not None else None
    grantee, reason = part(facts, "grantee", str, ""), part(facts, "reason", str, "")
    tx.grant(folder.id, grantee, _rights(allow), _rights(deny), expires, reason)


def _rights(text: str) -> Right:
    return parse_rights(text) if text else Right.NONE


def _annotate(tx: WriteTx, folder: Folder, now: Mapping[str, bytes], entry: str, value: Any) -> None:
    try:
        octets = b64decode(str(value), validate=True)
    except NoBase64 as error:
        raise Refused(f"this is no base64: {error}") from None
    if now.get(entry) != octets:
        tx.annotate(folder.id, {entry: octets})
