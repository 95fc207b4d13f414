"""ForwardItem of a meeting: the invitation goes to more people. MS-OXWSMTGS §2.2.4.

Who organizes it invites them; who is invited passes the invitation on, and the organizer is told.
"""

from __future__ import annotations

import asyncio

from connectors.bounded_xml import Element
from connectors.ews.calendar_fields import is_mine
from connectors.ews.errors import EwsError
from connectors.ews.event_set import Edit, add_people
from connectors.ews.event_write import rewrite
from connectors.ews.mail_set import mailboxes_in
from connectors.ews.meeting_answers import comment_in
from connectors.ews.meeting_fields import invitation as carried
from connectors.ews.meeting_fields import method_of
from connectors.ews.sending import hand_in, own_name
from connectors.ews.things import One
from connectors.ews.turn import Turn
from connectors.ews.wire import child
from connectors.exchange.forwarding import MOST, invitation, letters
from groupware.calendar.imip import Sender
from groupware.calendar.jscalendar.objects import calendar_of
from groupware.calendar.jscalendar.shape import plain
from groupware.calendar.object import CalendarObject
from groupware.model.content import serialized
from groupware.model.errors import Malformed
from groupware.model.item import Kind
from groupware.store.overtaking import again


def is_meeting(one: One) -> bool:
    """Whether it is an event, or a message that invites to one."""
    if one.kind is Kind.CALENDAR:
        return True
    read = carried(one.octets, one) if one.has_calendar else None
    return read is not None and read.kind == "VEVENT" and method_of(read) == "REQUEST"


async def forward(turn: Turn, one: One, element: Element, disposition: str) -> list[bytes]:
    """Passes it on to those whom ForwardItem names; the letters that left. `EwsError`."""
    if disposition not in ("SendOnly", "SendAndSaveCopy"):
        raise EwsError("ErrorInvalidOperation", "a meeting is passed on at once: SendOnly or SendAndSaveCopy")
    names = ("ToRecipients", "CcRecipients", "BccRecipients")
    people = [each for name in names for each in mailboxes_in(child(element, name))]
    if not people or len(people) > MOST:
        raise EwsError("ErrorInvalidRecipients", f"a meeting is passed on to somebody, and to {MOST} people at most")
    if one.kind is Kind.CALENDAR and is_mine(one):
        words, new = comment_in(child(element, "NewBodyContent")), frozenset(mail.lower() for _, mail in people)

        def do(edit: Edit) -> None:
            edit.value["participants"] = add_people(edit.value.get("participants") or {}, people)

        await again(lambda: rewrite(turn, one.thing, one.key, do, tell=True, words=words, words_for=new))
        return []
    me = Sender(turn.who.name, await turn.read(own_name))
    try:
        read = await asyncio.to_thread(_invitation, one, comment_in(child(element, "NewBodyContent")), me.address)
    except (Malformed, ValueError) as error:
        raise EwsError("ErrorInvalidOperation", f"the item carries no meeting that can be passed on: {error}") from None
    sent = []
    for to, octets in letters(read, me, [address for _, address in people], turn.parts.clock.now()):
        await hand_in(turn, me.address, [to], octets)
        sent.append(octets)
    return sent


def _invitation(one: One, comment: str, sender: str) -> CalendarObject:
    octets = one.octets
    if one.kind is Kind.MAIL:
        read = carried(octets, one)
        octets = read.octets if read is not None else b""
    elif one.key:
        value = {**one.json, "recurrenceId": one.key}
        octets = serialized([calendar_of(plain(value))])
    return invitation(octets, None, comment, sender)
