"""The queue of mail, for those who administer the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.model.event import QueuedRecipient, QueueEntry, QueueFilter
from groupware.model.ids import QueueId
from groupware.store.api import WriteTx
from web.admin.table import (
    LIMIT,
    MOMENT,
    NUMBER,
    NUMBER_MAX,
    PAGE,
    Field,
    Given,
    Here,
    Operation,
    maybe,
    of,
    some,
)

RECIPIENTS_MAX: Final = 100
"""Shown of one message."""
STATES: Final = ("ready", "waiting", "leased", "held", "deferred")
_NUMBER: Final = Field("number", "Of the message.", "number", "path", required=True, longest=NUMBER_MAX)
_AFTER: Final = Field(
    "after", "Only with greater numbers: `next` of the page before.", "number", "query", False, NUMBER_MAX
)
_RECIPIENT: Final = of("address", "state", "code", "text", tries=NUMBER, nextTry=MOMENT)
_ENTRY: Final = of(
    "sender", number=NUMBER, size=NUMBER, queued=MOMENT, recipientCount=NUMBER, recipients=some(_RECIPIENT)
)  # fmt: skip
_CHANGED: Final = of(recipients=NUMBER)


async def listed(here: Here, given: Given) -> object:
    """What waits, by number."""
    limit = given.get("limit", PAGE)
    texts = {name: given.get(name, "") for name in ("sender", "recipient", "domain", "state")}
    wanted, after = QueueFilter(**texts), QueueId(given["after"]) if "after" in given else None
    found = await here.read(lambda tx: tx.find_queued(wanted, after, limit + 1))
    return {
        "messages": [_shown(each) for each in found[:limit]],
        "next": found[limit - 1].id if len(found) > limit else None,
    }


async def retry(here: Here, given: Given) -> object:
    """Tries again now; what is held stays so."""
    return await _change(here, given, lambda tx, number: tx.hasten(None, number))


async def hold(here: Here, given: Given) -> object:
    """It is not tried until it is released."""
    return await _change(here, given, lambda tx, number: tx.hold_queued(number))


async def release(here: Here, given: Given) -> object:
    """What is held is tried now."""
    return await _change(here, given, lambda tx, number: tx.release_queued(number))


async def delete(here: Here, given: Given) -> object:
    """Takes it out without a word to anybody."""
    await here.write(lambda tx: tx.drop_queued(QueueId(given["number"])))
    return None


async def _change(here: Here, given: Given, act: Callable[[WriteTx, QueueId], int]) -> object:
    number = QueueId(given["number"])

    def work(tx: WriteTx) -> int:
        if not tx.queued(number):
            raise NotFound(f"There is no message {number} in the queue.")
        return act(tx, number)

    return {"recipients": await here.write(work)}


def _shown(each: QueueEntry) -> Mapping[str, object]:
    return {
        "number": each.id,
        "sender": each.envelope.sender or "<>",
        "size": each.envelope.size,
        "queued": each.queued.isoformat(),
        "recipientCount": len(each.recipients),
        "recipients": [_recipient(one) for one in islice(each.recipients, RECIPIENTS_MAX)],
    }


def _recipient(each: QueuedRecipient) -> Mapping[str, object]:
    due = None if each.state == "held" else each.next_try.isoformat()
    about = {"address": each.recipient.address, "state": each.state, "tries": each.tries, "nextTry": due}
    return {**about, "code": each.code, "text": each.text}


def _turn(verb: str, doc: str, handler: Any) -> Operation:
    return Operation("POST", f"/queue/{{number}}/{verb}", f"{verb}Message", doc, handler, (_NUMBER,), _CHANGED)


OPERATIONS: Final = (
    Operation(
        "GET", "/queue", "listQueue", "What waits, by number.", listed,
        (
            Field("sender", "Only from this address; <>: reports.", where="query", empty=True),
            Field("recipient", "Only with this recipient.", where="query", empty=True),
            Field("domain", "Only what goes to this domain.", where="query", empty=True),
            Field("state", "Only in this state.", where="query", choices=STATES),
            _AFTER, LIMIT,
        ),
        of(messages=some(_ENTRY), next=maybe(NUMBER)),
    ),
    _turn("retry", "Try again now; what is held stays so. Gives for how many recipients.", retry),
    _turn("hold", "Hold it until it is released. Gives for how many recipients.", hold),
    _turn("release", "Let go what is held. Gives for how many recipients.", release),
    Operation(
        "DELETE", "/queue/{number}", "deleteMessage", "Take a message out without a word to anybody.", delete,
        (_NUMBER,),
    ),
)  # fmt: skip
