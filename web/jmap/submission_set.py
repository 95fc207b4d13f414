"""`EmailSubmission/set`: mail is handed in where SMTP's submission is, and taken back while it waits. RFC 8621 §7.5."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from groupware.mime.threads import thread_id
from groupware.model.errors import Conflict, GroupwareError, NotFound
from groupware.model.ids import QueueId
from groupware.store.api import ReadTx, WriteTx
from mailcore.queue import xtext
from mailcore.smtp.handin import NotTaken, Submission, Taken
from mailcore.smtp.letters import people_of, without_bcc
from mailcore.smtp.reply import Reply
from web.jmap.arguments import argument, by_id, ids
from web.jmap.email_get import Row, rows_of
from web.jmap.email_set import set_ as set_emails
from web.jmap.errors import SetError
from web.jmap.identity import Identity
from web.jmap.identity import every as identities
from web.jmap.ids import account_id, email_id
from web.jmap.kept import facts_of, own, state_of
from web.jmap.sets import Done, Given, SetArguments, Ways, check_size, invalid, mismatch, set_each, unknown_property
from web.jmap.submission import KIND, PROPERTIES, every, record_of
from web.jmap.turn import Turn, readable

_GIVEN: Final = frozenset({"identityId", "emailId", "envelope", "sendAt", "undoStatus"})
_KEPT_FOR: Final = timedelta(days=30)
"""How long it is remembered that something was sent."""
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}\Z")
_CODED: Final = frozenset({"ENVID"})
"""Parameters whose values are xtext on the wire (RFC 3461 §4.4); JMAP has them plain."""


@dataclass(frozen=True, slots=True)
class Arguments(SetArguments):
    """RFC 8621 §7.5."""

    on_success_update_email: Mapping[str, Given] | None = argument(by_id, None)
    on_success_destroy_email: tuple[str, ...] = argument(ids, ())


@dataclass(frozen=True, slots=True)
class Sending:
    """What is to be sent."""

    identity: Identity
    row: Row
    octets: bytes


async def set_(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`EmailSubmission/set`."""
    check_size(arguments)
    owner, before = await turn.read(lambda tx: (own(tx, arguments.account_id), state_of(tx, KIND)))
    if arguments.if_in_state is not None and arguments.if_in_state != before:
        raise mismatch()
    ways = Ways(partial(_create, turn), partial(_update, turn), partial(_destroy, turn))
    done = await set_each(turn, arguments, ways)
    after = await turn.read(lambda tx: state_of(tx, KIND))
    await _afterwards(turn, arguments, done)
    return done.answer(account_id(owner), before, after)


# --- create


async def _create(turn: Turn, given: Given) -> Mapping[str, Any]:
    unknown_property(given, PROPERTIES, _GIVEN)
    sending = await _sending(turn, given)
    envelope = _envelope(given.get("envelope"), sending)
    what = _submission(envelope, sending, turn)
    taken = await hand_in(turn, what)
    row = sending.row
    facts = {
        "identityId": sending.identity.id,
        "emailId": email_id(row.email),
        "threadId": thread_id(row.email, row.message_id, row.references),
        "envelope": envelope,
        "sendAt": _time(_due(envelope, turn.parts.clock.now())),
        "message": taken.message,
        "queue": next((int(each.queue) for each in taken.outcomes if each.queue), 0),
        "replies": {each.recipient: _line(taken, each.verdict, each.code, each.text) for each in taken.outcomes},
    }
    expires = _due(envelope, turn.parts.clock.now()) + _KEPT_FOR

    def work(tx: WriteTx) -> Mapping[str, Any]:
        made = tx.put_record(KIND, json.dumps(facts), expires=expires)
        now = turn.parts.clock.now()
        told = every(tx, now)[f"S{made.number}"]
        return {name: told.property(tx, name) for name in PROPERTIES if given.get(name) != told.property(tx, name)}

    return await turn.write(work)


def _line(taken: Taken, verdict: str, code: str, text: str) -> str:
    if verdict == "failed":
        return f"550 {code} {text}"
    return f"{taken.reply.code} {taken.reply.status} {taken.reply.text}"


async def _sending(turn: Turn, given: Given) -> Sending:
    email, identity = given.get("emailId"), given.get("identityId")
    for name, value in (("emailId", email), ("identityId", identity)):
        if not isinstance(value, str):
            raise invalid(name, "an id is wanted")

    def work(tx: ReadTx) -> tuple[Identity, Row]:
        if not tx.setting("smtpOutgoing").value:
            raise SetError("forbiddenToSend", "this account may not send mail")
        who = identities(tx).get(turn.real(str(identity)))
        if who is None:
            raise invalid("identityId", "there is no such identity")
        name = turn.real(str(email))
        rows = rows_of(tx, readable(tx, tx.who.account), [name])
        if name not in rows:
            raise invalid("emailId", "there is no such email in this account")
        return who, rows[name]

    who, row = await turn.read(work)
    return Sending(who, row, await turn.parts.blobs.read(row.blob))


def _envelope(given: Any, sending: Sending) -> Mapping[str, Any]:
    """The envelope as it is given, or out of the header. `SetError`."""
    if given is not None:
        match given:
            case {"mailFrom": dict(sender), "rcptTo": list(people), **rest} if not rest:
                return {"mailFrom": _address(sender), "rcptTo": [_address(each) for each in people]}
        raise invalid("envelope", "an envelope has `mailFrom` and `rcptTo`")
    first, everybody = people_of(sending.octets)
    if not first:
        raise SetError("invalidEmail", "it does not say whom it is from", properties=["from"])
    return {
        "mailFrom": {"email": first, "parameters": None},
        "rcptTo": [{"email": each, "parameters": None} for each in everybody],
    }


def _address(given: Any) -> Mapping[str, Any]:
    match given:
        case {"email": str(email), **rest} if not rest.keys() - {"parameters"} and len(email) <= 400:
            parameters = rest.get("parameters")
            if parameters is None or (isinstance(parameters, dict) and all(map(_parameter, parameters.items()))):
                return {"email": email, "parameters": parameters}
    raise invalid("envelope", "an address has an `email`, and perhaps `parameters`")


def _parameter(one: tuple[str, Any]) -> bool:
    name, value = one
    return bool(_WORD.match(name)) and (value is None or (isinstance(value, str) and len(value) < 500))


def _words(parameters: Mapping[str, Any] | None) -> Sequence[str]:
    """The parameters as a command has them."""
    found = []
    for name, value in (parameters or {}).items():
        coded = xtext.encode(value) if value is not None and name.upper() in _CODED else value
        if coded is not None and not all("!" <= sign <= "~" or sign > "\x7f" for sign in coded):
            raise invalid("envelope", f"the value of {name} has spaces in it")
        found.append(name if coded is None else f"{name}={coded}")
    return found


def _submission(envelope: Mapping[str, Any], sending: Sending, turn: Turn) -> Submission:
    sender = envelope["mailFrom"]
    people = {each["email"]: _words(each["parameters"]) for each in envelope["rcptTo"]}
    if not people:
        raise SetError("noRecipients", "there is nobody to send it to")
    words = list(_words(sender["parameters"]))
    names = {each.partition("=")[0].upper() for each in words}
    if not all(each.isascii() for each in (sender["email"], *people)) and "SMTPUTF8" not in names:
        words.append("SMTPUTF8")
    octets = without_bcc(sending.octets)
    if not octets.isascii() and "BODY" not in names:
        words.append("BODY=8BITMIME")
    return Submission(sender["email"], words, people, octets)


def _due(envelope: Mapping[str, Any], now: datetime) -> datetime:
    given = {name.upper(): value for name, value in (envelope["mailFrom"]["parameters"] or {}).items()}
    if given.get("HOLDFOR"):
        return now + timedelta(seconds=int(given["HOLDFOR"]))
    if given.get("HOLDUNTIL"):
        return max(now, datetime.fromisoformat(given["HOLDUNTIL"].upper().replace("Z", "+00:00")))
    return now


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


async def hand_in(turn: Turn, what: Submission) -> Taken:
    """Hands a message in as SMTP's submission would take it. `SetError`."""
    assert turn.hand_in is not None
    try:
        return await turn.hand_in(what)
    except NotTaken as refused:
        raise _refused(refused) from None


def _refused(refused: NotTaken) -> SetError:
    """What a reply of SMTP is in JMAP."""
    reply, said = refused.reply, f"{refused.reply.code} {refused.reply.status} {refused.reply.text}"
    if refused.at == "rcpt":
        if any(each.code == 452 and each.status == "4.5.3" for each in refused.replies.values()):
            return SetError("tooManyRecipients", said)
        if not any(_rate(each) for each in refused.replies.values()):
            return SetError("invalidRecipients", said, invalidRecipients=list(refused.replies))
    if _rate(reply):
        return SetError("rateLimit", said)
    if reply.code == 552:
        return SetError("tooLarge", said)
    if reply.code == 553 and reply.status == "5.7.1":
        return SetError("forbiddenMailFrom" if refused.at == "mail" else "forbiddenFrom", said)
    if reply.code in (501, 555, 553) and refused.at == "mail":
        return SetError("invalidProperties", said, properties=["envelope"])
    return SetError("forbiddenToSend", said)


def _rate(reply: Reply) -> bool:
    return reply.code == 451 and reply.status == "4.7.1"


# --- update and destroy


async def _update(turn: Turn, name: str, given: Given) -> bool:
    if given.keys() - {"undoStatus"}:
        raise invalid(sorted(given.keys() - {"undoStatus"})[0], "only undoStatus can be changed")
    if given.get("undoStatus") != "canceled":
        raise invalid("undoStatus", "it can be made `canceled` while it is pending")

    def work(tx: WriteTx) -> bool:
        there = every(tx, turn.parts.clock.now()).get(name)
        if there is None:
            raise SetError("notFound", "there is no such submission")
        if there.facts.get("canceled"):
            return True
        try:
            tx.withdraw(QueueId(there.facts["queue"]))
        except (Conflict, NotFound):
            raise SetError("cannotUnsend", "it is on its way already") from None
        facts = {**facts_of(there.record), "canceled": True}
        expires = turn.parts.clock.now() + _KEPT_FOR
        tx.put_record(KIND, json.dumps(facts), there.record.number, expires)
        return True

    return await turn.write(work)


async def _destroy(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        try:
            tx.drop_record(KIND, record_of(name))
        except GroupwareError:
            raise SetError("notFound", "there is no such submission") from None
        return True

    return await turn.write(work)


# --- what is done with the email then


async def _afterwards(turn: Turn, arguments: Arguments, done: Done) -> None:
    """Changes emails of what went well. RFC 8621 §7.5: the answer comes behind, as that of an Email/set."""
    if not arguments.on_success_update_email and not arguments.on_success_destroy_email:
        return
    good = {f"#{name}" for name in done.created} | {each["id"] for each in done.created.values()} | set(done.updated)
    good |= {turn.real(each) for each in good}
    wanted = [*(arguments.on_success_update_email or {}), *arguments.on_success_destroy_email]
    emails = await turn.read(lambda tx: _emails(tx, turn, [each for each in wanted if turn.real(each) in good]))
    update = {
        emails[name]: patch for name, patch in (arguments.on_success_update_email or {}).items() if name in emails
    }
    destroy = tuple(dict.fromkeys(emails[name] for name in arguments.on_success_destroy_email if name in emails))
    if update or destroy:
        asked = SetArguments(arguments.account_id, None, None, update or None, destroy)
        turn.follow("Email/set", await set_emails(turn, asked))


def _emails(tx: ReadTx, turn: Turn, names: Sequence[str]) -> Mapping[str, str]:
    there = every(tx, turn.parts.clock.now())
    return {name: there[turn.real(name)].facts["emailId"] for name in names if turn.real(name) in there}
