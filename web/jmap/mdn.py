"""`MDN/send` and `MDN/parse`: that somebody has seen an email is told to who asked to be. RFC 9007."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.mime import mdn
from groupware.mime.compose import mailbox
from groupware.store.api import ReadTx
from mailcore.smtp.handin import Submission
from web.jmap.arguments import argument, by_id, ident, ids
from web.jmap.blobs import octets_of
from web.jmap.email_get import Row, keywords, rows_of
from web.jmap.email_set import set_ as set_emails
from web.jmap.errors import MethodError, SetError
from web.jmap.identity import Identity
from web.jmap.identity import every as identities
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.sets import Given, SetArguments, check_size, invalid, tried, unknown_property
from web.jmap.submission_set import hand_in
from web.jmap.turn import Turn, owner_in, readable

PROPERTIES: Final = (
    "forEmailId", "subject", "textBody", "includeOriginalMessage", "reportingUA", "disposition", "mdnGateway",
    "originalRecipient", "finalRecipient", "originalMessageId", "error", "extensionFields",
)  # fmt: skip
_GIVEN: Final = frozenset(PROPERTIES) - {"mdnGateway", "originalRecipient", "originalMessageId", "error"}
"""RFC 9007 §1.3: the others are the server's to set."""
SENT: Final = "$mdnsent"
_ACTIONS: Final = ("manual-action", "automatic-action")
_SENDINGS: Final = ("mdn-sent-manually", "mdn-sent-automatically")
_KINDS: Final = ("deleted", "dispatched", "displayed", "processed")
_MOST: Final = 50
_MOST_FIELDS: Final = 50
_LONGEST: Final = 900


@dataclass(frozen=True, slots=True)
class SendArguments:
    """RFC 9007 §2.1."""

    account_id: str = argument(ident)
    identity_id: str = argument(ident)
    send: Mapping[str, Given] = argument(by_id)
    on_success_update_email: Mapping[str, Given] | None = argument(by_id, None)


@dataclass(frozen=True, slots=True)
class ParseArguments:
    """RFC 9007 §2.2."""

    account_id: str = argument(ident)
    blob_ids: tuple[str, ...] = argument(ids)


async def send(turn: Turn, arguments: SendArguments) -> Mapping[str, Any]:
    """`MDN/send`."""
    check_size(SetArguments(arguments.account_id, None, arguments.send))
    name = turn.real(arguments.identity_id)

    def work(tx: ReadTx) -> tuple[str, Identity]:
        owner = own(tx, arguments.account_id)
        who = identities(tx).get(name)
        if who is None:
            raise MethodError("invalidArguments", "there is no such identity")
        return account_id(owner), who

    account, who = await turn.read(work)
    sent: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    for key, given in arguments.send.items():
        told = await tried(refused, key, lambda: _send(turn, who, given))  # noqa: B023
        if told is not None:
            sent[key] = told
    await _afterwards(turn, arguments, sent)
    return {"accountId": account, "sent": sent or None, "notSent": refused or None}


async def _send(turn: Turn, who: Identity, given: Given) -> Mapping[str, Any]:
    unknown_property(given, PROPERTIES, _GIVEN)
    row = await _email(turn, given)
    octets = await turn.parts.blobs.read(row.blob)
    recipients = mdn.asked_by(octets)
    if not recipients:
        raise SetError("notFound", "the email does not ask for a notification (Disposition-Notification-To)")
    said = _said(given, who, octets)
    now = turn.parts.clock.now()
    head = mdn.Letterhead(
        mailbox(str(who.facts.get("name", "")), who.facts["email"]),
        recipients,
        turn.host,
        now,
        said.original_message_id,
    )
    written = mdn.compose(said, head, octets if given.get("includeOriginalMessage") else b"")
    await hand_in(turn, Submission("", ["BODY=8BITMIME"], {each: ["NOTIFY=NEVER"] for each in recipients}, written))
    told = {"finalRecipient": said.final_recipient, "originalMessageId": said.original_message_id or None}
    return {name: value for name, value in told.items() if given.get(name) != value}


async def _email(turn: Turn, given: Given) -> Row:
    """The email that is meant. `SetError`."""
    name = given.get("forEmailId")
    if not isinstance(name, str):
        raise invalid("forEmailId", "an id is wanted")
    real = turn.real(name)

    def work(tx: ReadTx) -> Row | None:
        if not tx.setting("smtpOutgoing").value:
            raise SetError("forbidden", "this account may not send mail")
        return rows_of(tx, readable(tx, tx.who.account), [real]).get(real)

    row = await turn.read(work)
    if row is None:
        raise SetError("notFound", "there is no such email in this account")
    if SENT in keywords(row.bits, row.words):
        raise SetError("mdnAlreadySent", "a notification of this email was sent before ($mdnsent)")
    return row


def _said(given: Given, who: Identity, octets: bytes) -> mdn.Notification:
    """The notification. `SetError` `invalidProperties`, `forbiddenFrom`."""
    for name in ("subject", "textBody", "reportingUA", "finalRecipient"):
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(name, "a string is wanted")
        if name != "textBody" and len(value or "") > _LONGEST:
            raise invalid(name, f"up to {_LONGEST} characters are taken")
    if not isinstance(given.get("includeOriginalMessage", False), bool):
        raise invalid("includeOriginalMessage", "true or false is wanted")
    own_address = f"rfc822; {who.facts['email']}"
    final = given.get("finalRecipient") or own_address
    if final.rpartition(";")[2].strip().casefold() != who.facts["email"].casefold():
        raise SetError("forbiddenFrom", "finalRecipient has to be the address of the identity")
    return mdn.Notification(
        _disposition(given.get("disposition")),
        final,
        given.get("subject") or "",
        given.get("textBody") or "",
        given.get("reportingUA") or "",
        original_message_id=mdn.message_id_of(octets),
        extensions=_extensions(given.get("extensionFields")),
    )


def _disposition(given: Any) -> mdn.Disposition:
    match given:
        case {"actionMode": str(action), "sendingMode": str(sending), "type": str(kind), **rest} if not rest:
            found = mdn.Disposition(action.lower(), sending.lower(), kind.lower())
            if found.action in _ACTIONS and found.sending in _SENDINGS and found.kind in _KINDS:
                return found
    text = (
        f"`actionMode` is {' or '.join(_ACTIONS)}, `sendingMode` {' or '.join(_SENDINGS)}, `type` {', '.join(_KINDS)}"
    )
    raise invalid("disposition", text)


def _extensions(given: Any) -> list[tuple[str, str]]:
    if given is None:
        return []
    good = isinstance(given, dict) and len(given) <= _MOST_FIELDS
    if not good or not all(mdn.is_extension(name) and isinstance(each, str) for name, each in given.items()):
        raise invalid("extensionFields", f"up to {_MOST_FIELDS} names of fields, none of RFC 8098's own, with strings")
    if any(len(each) > _LONGEST for each in given.values()):
        raise invalid("extensionFields", f"a value has up to {_LONGEST} characters")
    return list(given.items())


async def _afterwards(turn: Turn, arguments: SendArguments, sent: Mapping[str, Any]) -> None:
    """Changes the emails of what was sent, as EmailSubmission/set does."""
    update = {
        turn.real(str(arguments.send[name[1:]]["forEmailId"])): patch
        for name, patch in (arguments.on_success_update_email or {}).items()
        if name.startswith("#") and name[1:] in sent
    }
    if update:
        asked = SetArguments(arguments.account_id, None, None, update, ())
        turn.follow("Email/set", await set_emails(turn, asked))


async def parse(turn: Turn, arguments: ParseArguments) -> Mapping[str, Any]:
    """`MDN/parse`. Which email it is about is not looked for: `forEmailId` is null."""
    if len(arguments.blob_ids) > _MOST:
        raise MethodError("requestTooLarge", f"more than {_MOST} blobs")
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    parsed: dict[str, Any] = {}
    bad: list[str] = []
    absent: list[str] = []
    for name in arguments.blob_ids:
        blob = (await octets_of(turn, arguments.account_id, [name])).get(name)
        if blob is None:
            absent.append(name)
            continue
        found = await asyncio.to_thread(mdn.read, blob.octets)
        if found is None:
            bad.append(name)
        else:
            parsed[name] = _told(found)
    return {
        "accountId": account_id(owner),
        "parsed": parsed or None,
        "notParsable": bad or None,
        "notFound": absent or None,
    }


def _told(found: mdn.Notification) -> Mapping[str, Any]:
    """The MDN object. RFC 9007 §1.3."""
    disposition = found.disposition
    return {
        "forEmailId": None,
        "subject": found.subject or None,
        "textBody": found.text or None,
        "includeOriginalMessage": found.returned,
        "reportingUA": found.reporting_ua or None,
        "disposition": {
            "actionMode": disposition.action,
            "sendingMode": disposition.sending,
            "type": disposition.kind,
        },
        "mdnGateway": found.gateway or None,
        "originalRecipient": found.original_recipient or None,
        "finalRecipient": found.final_recipient,
        "originalMessageId": found.original_message_id or None,
        "error": list(found.errors) or None,
        "extensionFields": dict(found.extensions) or None,
    }
