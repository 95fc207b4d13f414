"""VacationResponse: one object, which is a Sieve script of the account. RFC 8621 §8.

The script answers, then includes the one that was active before, so that rules go on working. What the client said
stands in its first line; whoever makes another script the active one has ended the answering.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import blake2b
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from web.jmap.arguments import GetArguments, chosen
from web.jmap.errors import SetError
from web.jmap.header_make import moment_of
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.sets import Done, Given, SetArguments, check_size, invalid, mismatch, tried, unknown_property
from web.jmap.turn import Turn

SCRIPT: Final = "vacation-response"
ID: Final = "singleton"
PROPERTIES: Final = ("id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody")
_DEFAULT: Final = "This is an automatic answer: your message has arrived, and will be read later."
_MARK: Final = b"# JMAP "
_LONGEST: Final = 20_000


def _kept(tx: ReadTx) -> dict[str, Any]:
    """What the script says of itself; empty when there is none, or somebody else has written it."""
    try:
        first = tx.script(SCRIPT).partition(b"\n")[0].strip()
        found = json.loads(base64.b64decode(first.removeprefix(_MARK))) if first.startswith(_MARK) else {}
    except (NotFound, binascii.Error, ValueError):
        return {}
    return dict(found) if isinstance(found, dict) else {}


def _active(tx: ReadTx) -> str:
    found = tx.active_script()
    return found[0] if found is not None else ""


def told(tx: ReadTx) -> dict[str, Any]:
    """The VacationResponse object."""
    kept = _kept(tx)
    found = {name: kept.get(name) for name in PROPERTIES}
    return {**found, "id": ID, "isEnabled": bool(kept) and _active(tx) == SCRIPT}


def _state(tx: ReadTx) -> str:
    return blake2b(json.dumps(told(tx), sort_keys=True).encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`VacationResponse/get`."""
    wanted = chosen(arguments.properties, PROPERTIES)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner, one = own(tx, arguments.account_id), told(tx)
        asked = arguments.ids if arguments.ids is not None else (ID,)
        return {
            "accountId": account_id(owner),
            "state": _state(tx),
            "list": [{name: one[name] for name in wanted}] if ID in asked else [],
            "notFound": [each for each in asked if each != ID],
        }

    return await turn.read(work)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`VacationResponse/set`: there is always one, and it can be changed."""
    check_size(arguments)
    done = Done()
    owner, before = await turn.read(lambda tx: (own(tx, arguments.account_id), _state(tx)))
    if arguments.if_in_state is not None and arguments.if_in_state != before:
        raise mismatch()
    only = SetError("singleton", "there is one VacationResponse, and always").value
    done.not_created = dict.fromkeys(arguments.create or {}, only)
    done.not_destroyed = dict.fromkeys(arguments.destroy, only)
    for name, given in (arguments.update or {}).items():
        if name != ID:
            done.not_updated[name] = SetError("notFound", "its id is `singleton`").value
        elif await tried(done.not_updated, name, lambda: _update(turn, given)):  # noqa: B023
            done.updated[name] = None
    after = await turn.read(_state)
    return done.answer(account_id(owner), before, after)


async def _update(turn: Turn, given: Given) -> bool:
    unknown_property(given, PROPERTIES, frozenset(PROPERTIES[1:]))
    _check(given)

    def work(tx: WriteTx) -> bool:
        active, kept = _active(tx), _kept(tx)
        beside = kept.get("beside", "") if active == SCRIPT else active
        enabled = given.get("isEnabled", active == SCRIPT)
        facts = {**{name: kept.get(name) for name in PROPERTIES[2:]}, **given, "beside": beside}
        facts.pop("isEnabled", None)
        tx.put_script(SCRIPT, script_of(facts))
        if enabled and active != SCRIPT:
            tx.activate_script(SCRIPT)
        elif not enabled and active == SCRIPT:
            _back(tx, beside)
        return True

    return await turn.write(work)


def _back(tx: WriteTx, name: str) -> None:
    """The script that was active before is so again, if it is still there."""
    there = any(each.name == name for each in tx.scripts())
    tx.activate_script(name if there else "")


def _check(given: Given) -> None:
    if not isinstance(given.get("isEnabled", True), bool):
        raise invalid("isEnabled", "true or false is wanted")
    for name in ("subject", "textBody", "htmlBody"):
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > _LONGEST or "\0" in value):
            raise invalid(name, f"a string of up to {_LONGEST} characters is wanted")
    for name in ("fromDate", "toDate"):
        if given.get(name) is not None:
            try:
                moment_of(given[name])
            except ValueError as error:
                raise invalid(name, str(error)) from None
    try:
        compiled(script_of({**given, "beside": "x"}))
    except SieveError as error:
        raise invalid("subject", str(error)) from None


def script_of(facts: Mapping[str, Any]) -> bytes:
    """The script that does what is said."""
    mark = _MARK + base64.b64encode(json.dumps(facts).encode())
    tests = [
        f'currentdate :zone "+0000" :value "{relation}" "iso8601" "{_moment(facts[name])}"'
        for name, relation in (("fromDate", "ge"), ("toDate", "lt"))
        if facts.get(name)
    ]
    subject = f" :subject {_quoted(' '.join(facts['subject'].split()))}" if facts.get("subject") else ""
    action = f"vacation{subject}{_text(facts)};"
    lines = [
        'require ["vacation", "date", "relational", "include"];',
        f"if allof({', '.join(tests)}) {{ {action} }}" if tests else action,
        *([f"include :personal :optional {_quoted(str(facts['beside']))};"] if facts.get("beside") else []),
    ]
    return mark + b"\r\n" + "\r\n".join(lines).encode() + b"\r\n"


def _text(facts: Mapping[str, Any]) -> str:
    plain, html = facts.get("textBody"), facts.get("htmlBody")
    if not html:
        return f" {_quoted(plain or _DEFAULT)}"
    answer = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    if plain:
        answer.set_content(plain)
        answer.add_alternative(html, subtype="html")
    else:
        answer.set_content(html, subtype="html")
    return f" :mime {_quoted(bytes(answer).decode('ascii', 'replace'))}"


def _moment(value: str) -> str:
    moment: datetime = moment_of(value).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"


def _quoted(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return '"' + lines.replace("\\", "\\\\").replace('"', '\\"') + '"'
