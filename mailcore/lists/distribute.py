"""Sending a message of a list on to everybody on it.

1. Some subscribers at a time, by number: how far it has come is written down in the write that queues it for them. So
   whoever dies when, and however many processes are at it, each subscriber gets it once.
2. One body for all, whoever the sender of each envelope is; a body for each only where its header names the subscriber.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from groupware.model.event import Envelope, Event, Recipient
from groupware.model.mailinglist import ARCHIVE, DIGEST, Subscriber
from groupware.store.api import ReadTx, Stored, WriteTx
from mailcore.lists.desk import WHO, Case, Desk, folder, put_away, still_there
from mailcore.lists.outgoing import made, personal
from mailcore.lists.rules import Rules
from mailcore.queue.trace import Trail, say
from mailcore.server import log as server_log

AT_ONCE: Final = 200
"""Subscribers of one write: nobody else writes meanwhile."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """The message as it goes out."""

    octets: bytes
    envelope: Envelope
    """Of which sender, recipients and maybe the body are to be set."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one write did."""

    done: bool = False
    count: int = 0
    events: Sequence[Event] = ()


async def distribute(desk: Desk, case: Case, *, in_own_name: bool) -> int:
    """Queues the message for every active subscriber, then puts it away; gives for how many. TryAgain."""
    with server_log.message() as message:
        octets = made(case.letter, case.rules, in_own_name=in_own_name)
        stored = await desk.blobs.put(octets)
        utf8 = not octets[: octets.index(b"\r\n\r\n")].isascii()
        envelope = Envelope(
            "", (), stored.blob, stored.size, stored.body, message=message, utf8=utf8, cleared=case.cleared, own=True
        )
        mailing, count, turn = Mailing(octets, envelope), 0, Turn()
        while not turn.done:
            turn = await _turn(desk, case, mailing)
            count += turn.count
            say(desk.log, turn.events)
    if count:
        desk.log.info("list_sent", list=case.rules.address, letter=case.letter.letter_id, subscribers=count)
    return count


async def _turn(desk: Desk, case: Case, mailing: Mailing) -> Turn:
    own = await _own_bodies(desk, case, mailing) if case.rules.one_click_url else None
    return await desk.store.write(WHO, lambda tx: _write(tx, desk, case, mailing, own))


async def _own_bodies(desk: Desk, case: Case, mailing: Mailing) -> Mapping[int, Stored]:
    """A body for each of the next subscribers, by number."""
    rules = case.rules

    def next_page(tx: ReadTx) -> Sequence[Subscriber]:
        return tx.subscribers(rules.id, tx.list_progress(case.at, case.uid).after, AT_ONCE)

    page = await desk.store.read(WHO, next_page)
    return {
        each.number: await desk.blobs.put(personal(mailing.octets, rules, desk.seal, each))
        for each in page
        if gets_mail(each, rules)
    }


def gets_mail(subscriber: Subscriber, rules: Rules) -> bool:
    """Whether each message goes to this subscriber: also who would rather have a digest, where there is none."""
    wanted = ("mail",) if rules.digest else ("mail", "digest")
    return subscriber.state == "active" and subscriber.delivery in wanted


def _write(tx: WriteTx, desk: Desk, case: Case, mailing: Mailing, own: Mapping[int, Stored] | None) -> Turn:
    if not still_there(tx, case):
        return Turn(done=True)
    after, rules = tx.list_progress(case.at, case.uid).after, case.rules
    page = tx.subscribers(rules.id, after, AT_ONCE)
    if own is not None and any(gets_mail(each, rules) and each.number not in own for each in page):
        return Turn()  # somebody else has sent some of it, or has changed a subscriber: those are made ready first
    events = [] if after else [_received(case, mailing)]
    to = [each for each in page if gets_mail(each, rules) and (own is None or each.number in own)]
    events += _queue(tx, desk, rules, mailing, to, own)
    for event in events:
        tx.note(event)
    if len(page) == AT_ONCE:
        tx.note_list_progress(case.at, case.uid, page[-1].number)
        return Turn(False, len(to), events)
    _put_away(tx, case)
    return Turn(True, len(to), events)


def _received(case: Case, mailing: Mailing) -> Event:
    trail = Trail(mailing.envelope.message)
    return trail.received(case.rules.at("bounces"), len(mailing.octets), 0, letter=case.letter.letter_id)


def _queue(
    tx: WriteTx,
    desk: Desk,
    rules: Rules,
    mailing: Mailing,
    to: Sequence[Subscriber],
    own: Mapping[int, Stored] | None,
) -> list[Event]:
    trail = Trail(mailing.envelope.message)
    if not to:
        return []
    if not rules.personal_sender and own is None:
        everybody = tuple(_recipient(each) for each in to)
        queue = tx.enqueue(replace(mailing.envelope, sender=rules.at("bounces"), recipients=everybody))
        return [trail.queued(queue, [each.address for each in to])]
    events = []
    for each in to:
        envelope = replace(
            mailing.envelope,
            sender=desk.seal.bounces(rules, each.number),
            recipients=(_recipient(each),),
            utf8=mailing.envelope.utf8 or not each.address.isascii(),
        )
        if own is not None:
            body = own[each.number]
            envelope = replace(envelope, blob=body.blob, size=body.size, body=body.body)
        events.append(trail.queued(tx.enqueue(envelope), [each.address]))
    return events


def _recipient(subscriber: Subscriber) -> Recipient:
    return Recipient(subscriber.address, "FAILURE")


def _put_away(tx: WriteTx, case: Case) -> None:
    if case.rules.digest:
        tx.copy(case.at, ((case.uid, case.uid),), folder(tx, case.rules.id, DIGEST).id)
    put_away(tx, case, ARCHIVE if case.rules.archive else "")
