"""What people ask a list by mail: to get on it, to leave it, to get a digest. RFC 2369 names the ways.

1. An address gets on a list, or leaves it, when a message from there answers a question that was sent there. So nobody
   is put on a list by somebody else, and nobody is taken off.
2. Nothing is answered that a program wrote, and one address is not asked or told the same thing all the time.
3. What is done and the letters about it are one write with taking the message away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from groupware.model.errors import Refused
from groupware.model.event import Envelope, Event, Recipient
from groupware.model.mailinglist import CONFIRM_DAYS, Delivery, Subscriber
from groupware.model.memory import Memory
from groupware.store.api import WriteTx
from mailcore.lists.desk import WHO, Case, Desk, settle
from mailcore.lists.letters import letter, send
from mailcore.lists.rules import Rules, since
from mailcore.lists.words import DIGEST_COMMAND
from mailcore.queue.letters import Ready
from mailcore.queue.trace import Trail
from mailcore.server import log as server_log

ONCE_IN: Final = 3600
"""Seconds within which an address is written the same letter once."""
_DAY: Final = 86_400
_PREFIX: Final = re.compile(r"\s*(?:(?:re|aw|fwd?|wg|sv)\s*:\s*)+", re.IGNORECASE)
_COMMANDS: Final = {
    "subscribe": "join",
    "join": "join",
    "unsubscribe": "leave",
    "leave": "leave",
    "help": "help",
    "digest": "digest",
    "mail": "mail",
    "nomail": "none",
}
_DELIVERIES: Final[dict[str, Delivery]] = {"digest": "digest", "mail": "mail", "none": "none"}


async def take(desk: Desk, case: Case, word: str, more: str) -> None:
    """Does what a message to one of the list's addresses asks for. TryAgain."""
    if not case.letter.may_be_answered or not case.letter.address or case.letter.address == case.rules.address:
        await settle(desk, case, "")
        return
    if word == "confirm":
        await _confirm(desk, case, more)
        return
    subject = _PREFIX.sub("", case.letter.subject, count=1).strip()
    words = subject.lower().split()
    command = _COMMANDS.get(word) or _COMMANDS.get(words[0] if words else "")
    if word == "request" and words[:1] == ["confirm"] and len(words) == 2:
        await _confirm(desk, case, words[1])
    elif command == "join":
        await _join(desk, case)
    elif command == "leave":
        await _leave(desk, case)
    elif command in _DELIVERIES and (case.rules.digest or command != "digest"):
        await _change(desk, case, _DELIVERIES[command])
    elif command == "help":
        await _answer(desk, case, "help", digest=DIGEST_COMMAND if case.rules.digest else "")
    else:
        await _answer(desk, case, "unknown-command" if words else "invalid-format", command=subject)


async def to_owners(desk: Desk, case: Case) -> None:
    """Sends a message on to who runs the list."""
    owners = sorted(each for each in case.rules.owners if each != case.rules.address)
    if not owners or case.letter.is_automatic:
        await settle(desk, case, "")
        return
    octets = f"Delivered-To: {case.rules.at('owner')}\r\n".encode() + case.letter.octets
    if any(each.strip() == case.rules.at("owner") for each in case.letter.values("delivered-to")):
        await settle(desk, case, "")
        return
    stored = await desk.blobs.put(octets)
    with server_log.message() as message:
        to = tuple(Recipient(each, "FAILURE", f"rfc822;{case.rules.at('owner')}") for each in owners)
        envelope = Envelope(case.letter.sender, to, stored.blob, stored.size, stored.body, message=message)

    def work(tx: WriteTx) -> Sequence[Event]:
        trail = Trail(message)
        events = [trail.received(envelope.sender, len(octets), len(to)), trail.queued(tx.enqueue(envelope), owners)]
        for event in events:
            tx.note(event)
        return ()

    await settle(desk, case, "", work)


# --- one thing each -------------------------------------------------------------------------------------------------


async def _answer(desk: Desk, case: Case, name: str, **facts: str) -> None:
    """A letter to who wrote, unless it has had the same just now; nothing changes."""
    letters = await letter(desk, case.rules, [case.letter.address], name, **facts)
    await settle(desk, case, "", lambda tx: _once(tx, case.rules, case.letter.address, name, letters))


def _once(tx: WriteTx, rules: Rules, address: str, name: str, letters: Sequence[Ready]) -> Sequence[Event]:
    memory = Memory("list", sha256(f"{name} {address}".encode()).hexdigest(), ONCE_IN)
    return send(tx, letters) if tx.remember(rules.id, memory) else ()


async def _known(desk: Desk, rules: Rules, address: str) -> Subscriber | None:
    return await desk.store.read(WHO, lambda tx: tx.subscriber(rules.id, address))


async def _join(desk: Desk, case: Case) -> None:
    rules, address = case.rules, case.letter.address
    if rules.subscribe == "closed":
        await _answer(desk, case, "subscribe-denied")
        return
    there = await _known(desk, rules, address)
    if there is not None and there.state in ("active", "suspended"):
        await _answer(desk, case, "already-subscribed")
        return
    if rules.subscribe == "open" and case.letter.is_vouched(desk.host, desk.authserv_id):
        await _put_on(desk, case, Subscriber(address, case.letter.author.name))
        return
    await _ask(desk, case, "join", address)


async def _leave(desk: Desk, case: Case) -> None:
    there = await _known(desk, case.rules, case.letter.address)
    if there is None or there.state == "unconfirmed":
        await _answer(desk, case, "not-a-user")
    elif case.letter.is_vouched(desk.host, desk.authserv_id):
        await _take_off(desk, case, there)
    else:
        await _ask(desk, case, "leave", there.address)


async def _change(desk: Desk, case: Case, delivery: Delivery) -> None:
    """Another way to get what is written, at the word of somebody who is known to be who it says."""
    there = await _known(desk, case.rules, case.letter.address)
    if there is None or there.state not in ("active", "suspended"):
        await _answer(desk, case, "not-a-user")
    elif case.letter.is_vouched(desk.host, desk.authserv_id):
        changed = replace(there, delivery=delivery)

        def work(tx: WriteTx) -> Sequence[Event]:
            if tx.subscriber(case.rules.id, there.address) is not None:
                tx.put_subscriber(case.rules.id, changed)
            return ()

        await settle(desk, case, "", work)
    else:
        await _ask(desk, case, delivery, there.address)


async def _ask(desk: Desk, case: Case, what: str, address: str) -> None:
    """Asks the address whether it wants that: whoever answers from there has read mail that was sent there."""
    rules, today = case.rules, int(desk.clock.now().timestamp()) // _DAY
    name = case.letter.author.name if what == "join" else ""
    reading = {"join": "subscribe to", "leave": "leave"}.get(what, f"get {what} from")
    try:
        new = await desk.store.write(WHO, lambda tx: _asked(tx, case, what, address, name))
    except Refused:
        await _answer(desk, case, "invalid-user")
        return
    word = f"{what}-{new.number}-{today}-{desk.seal.of('ask', rules.id, what, new.number, since(new), today)}"
    confirm = rules.at("confirm", word)
    letters = await letter(
        desk,
        rules,
        [address],
        "needs-confirmation",
        reply_to=confirm,
        what=reading,
        confirm=confirm,
        days=str(CONFIRM_DAYS),
    )
    await settle(desk, case, "", lambda tx: _once(tx, rules, address, f"ask-{what}", letters))


def _asked(tx: WriteTx, case: Case, what: str, address: str, name: str) -> Subscriber:
    there = tx.subscriber(case.rules.id, address)
    if there is not None and not (there.state == "unconfirmed" and _is_stale(there)):
        return there
    if there is not None:  # it will be forgotten soon: whoever is asked again has the whole time again
        tx.drop_subscriber(case.rules.id, address)
    return tx.put_subscriber(case.rules.id, Subscriber(address, name, "unconfirmed"))


def _is_stale(there: Subscriber) -> bool:
    return there.joined is None or datetime.now(UTC) - there.joined > timedelta(days=CONFIRM_DAYS)


async def _confirm(desk: Desk, case: Case, token: str) -> None:
    """An answer to such a question."""
    what, _, rest = token.lower().partition("-")
    number, _, rest = rest.partition("-")
    day, _, seal = rest.partition("-")
    there = None
    if number.isascii() and number.isdigit() and day.isascii() and day.isdigit() and len(number + day) < 30:
        there = await desk.store.read(WHO, lambda tx: tx.subscriber(case.rules.id, int(number)))
    today = int(desk.clock.now().timestamp()) // _DAY
    facts = (case.rules.id, what, number, since(there) if there is not None else 0, day)
    if there is None or not desk.seal.is_good(seal, "ask", *facts) or not 0 <= today - int(day) <= CONFIRM_DAYS:
        await _answer(desk, case, "bad-confirmation")
    elif what == "join":
        await _confirmed(desk, case, there)
    elif what == "admit" and there.state == "pending":
        await _put_on(desk, case, there)
    elif what == "refuse":
        await settle(desk, case, "", lambda tx: _gone(tx, case.rules, there, ("pending",)))
    elif what == "leave":
        await _take_off(desk, case, there)
    elif what in _DELIVERIES:
        changed = replace(there, delivery=_DELIVERIES[what])
        await settle(desk, case, "", lambda tx: _put(tx, case.rules, changed))
    else:
        await _answer(desk, case, "bad-confirmation")


async def _confirmed(desk: Desk, case: Case, there: Subscriber) -> None:
    if there.state != "unconfirmed":
        name = "waits-for-admin" if there.state == "pending" else "already-subscribed"
        await _answer(desk, case, name)
    elif case.rules.subscribe == "adminConfirm":
        await _wait_for_admin(desk, case, there)
    else:
        await _put_on(desk, case, there)


async def _wait_for_admin(desk: Desk, case: Case, there: Subscriber) -> None:
    rules, today = case.rules, int(desk.clock.now().timestamp()) // _DAY

    def way(what: str) -> str:
        seal = desk.seal.of("ask", rules.id, what, there.number, since(there), today)
        return rules.at("confirm", f"{what}-{there.number}-{today}-{seal}")

    owners = [each for each in rules.owners if each != rules.address]
    letters = [
        *await letter(desk, rules, [there.address], "waits-for-admin"),
        *await letter(
            desk, rules, owners, "needs-admin-confirmation", reply_to=way("admit"), approve=way("admit"),
            reject=way("refuse"), address=there.address,
        ),
    ]  # fmt: skip

    def work(tx: WriteTx) -> Sequence[Event]:
        _put(tx, rules, replace(there, state="pending"))
        return send(tx, letters)

    await settle(desk, case, "", work)


async def _put_on(desk: Desk, case: Case, who: Subscriber) -> None:
    rules = case.rules
    try:
        letters = await letter(desk, rules, [who.address] if rules.welcome else [], "welcome")

        def work(tx: WriteTx) -> Sequence[Event]:
            tx.put_subscriber(rules.id, replace(who, state="active"))
            return send(tx, letters)

        if await settle(desk, case, "", work):
            desk.log.info("list_joined", list=rules.address, address=who.address)
    except Refused:
        await _answer(desk, case, "invalid-user")


async def _take_off(desk: Desk, case: Case, who: Subscriber) -> None:
    rules = case.rules
    letters = await letter(desk, rules, [who.address] if rules.welcome else [], "goodbye")

    def work(tx: WriteTx) -> Sequence[Event]:
        _gone(tx, rules, who)
        return send(tx, letters)

    if await settle(desk, case, "", work):
        desk.log.info("list_left", list=rules.address, address=who.address)


def _put(tx: WriteTx, rules: Rules, who: Subscriber) -> Sequence[Event]:
    tx.put_subscriber(rules.id, who)
    return ()


def _gone(tx: WriteTx, rules: Rules, who: Subscriber, states: Sequence[str] = ()) -> Sequence[Event]:
    there = tx.subscriber(rules.id, who.number)
    if there is not None and (not states or there.state in states):
        tx.drop_subscriber(rules.id, there.address)
    return ()
