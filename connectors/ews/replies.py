"""Answers to messages, and messages passed on: ReplyToItem, ReplyAllToItem, ForwardItem. MS-OXWSMSG §2.2.4.8."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.fields import names
from connectors.ews.item_ids import read_item_id
from connectors.ews.letter import File, Letter, letter_of
from connectors.ews.mail_fields import as_html, header_people, sent, texts
from connectors.ews.mail_set import Draft, given
from connectors.ews.things import One, facts_in, thing_of, with_octets
from connectors.ews.turn import Turn
from connectors.ews.wire import child, children, local
from connectors.exchange.last_verb import ANSWERED, ANSWERED_ALL, PASSED_ON
from groupware.mime.addresses import Mailbox
from groupware.mime.html import plain_text
from groupware.model.item import Kind

KINDS: Final = ("ReplyToItem", "ReplyAllToItem", "ForwardItem")
_OWN: Final = frozenset({"ReferenceItemId", "NewBodyContent", "ItemId"})


def answer(one: One, element: Element, attach: Callable[[Element], File]) -> Draft:
    """The new message, which answers that one; `attach` makes parts of attachments. `EwsError`."""
    if one.kind is not Kind.MAIL:
        raise EwsError("ErrorInvalidRequest", "only a message is answered or passed on")
    forward = local(element) == "ForwardItem"
    letter = Letter()
    letter.header("Subject", f"{'FW' if forward else 'RE'}: {one.summary.base_subject}")
    if not forward:
        _thread(letter, one)
        _people(letter, one, all_=local(element) == "ReplyAllToItem")
    draft = Draft(letter)
    _body(letter, one, child(element, "NewBodyContent"))
    if forward:
        letter.files = letter_of(one).files
    for each in list(children(element)):
        if local(each) in _OWN:
            element.remove(each)
    given(draft, element, attach)
    return draft


async def original(turn: Turn, named: Element) -> One:
    """The item that is meant, with its octets. `EwsError`."""
    wanted = read_item_id(named)
    key = wanted.more if wanted.letter == "O" else ""
    one = await turn.read(lambda tx: One(thing_of(tx, wanted), facts_in(tx, turn.zone), key))
    await with_octets(turn, [one])
    return one


def _thread(letter: Letter, one: One) -> None:
    own = one.summary.message_id
    if own:
        letter.header("In-Reply-To", f"<{own}>")
        letter.header("References", " ".join(f"<{each}>" for each in (*one.summary.references[-50:], own)))


def _people(letter: Letter, one: One, *, all_: bool) -> None:
    to = list(header_people(one, "Reply-To") or one.summary.from_)
    cc: list[Mailbox] = []
    if all_:
        known = {each.address.lower() for each in to} | one.facts.mine
        to += [each for each in one.summary.to if each.address.lower() not in known]
        cc = [each for each in one.summary.cc if each.address.lower() not in known]
    letter.people("To", [(each.name, each.address) for each in to])
    letter.people("Cc", [(each.name, each.address) for each in cc])


def _body(letter: Letter, one: One, new: Element | None) -> None:
    """What is written anew, with the original below."""
    text = "" if new is None else new.text or ""
    html, plain = texts(one)
    if new is not None and new.get("BodyType", "Text").upper() == "HTML":
        head = "<br>\n".join(escape(line) for line in _head(one))
        letter.html = f"{text}<br><hr>{head}<br><br>{html or as_html(plain)}"
        letter.plain = plain_text(letter.html).strip()
    else:
        below = plain or plain_text(html)
        letter.plain = "\n".join([text, "", "-----Original Message-----", *_head(one), "", below])


def _head(one: One) -> list[str]:
    people = [f"To: {names(one.summary.to)}", *([f"Cc: {names(one.summary.cc)}"] if one.summary.cc else [])]
    return [
        f"From: {names(one.summary.from_)}",
        f"Sent: {sent(one):%Y-%m-%d %H:%M} UTC",
        *people,
        f"Subject: {one.summary.subject}",
    ]


def verb_of(kind: str) -> int:
    """What is done with a message that is answered, or passed on."""
    return {"ForwardItem": PASSED_ON, "ReplyAllToItem": ANSWERED_ALL}.get(kind, ANSWERED)
