"""Subscriptions whose notifications are posted to an address of the client. MS-OXWSNTIF §3.1.4.5, §3.2.

1. One is a registration for push like those of WebDAV and JMAP (decision 219): it outlives restarts, and the same guard
   keeps it from addresses that are not of the Internet.
2. The answer of the client decides: what is no OK is told again, and Unsubscribe ends it.
3. A client that begins again asks for the same at the same address; what it had asked for before ends then.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from connectors.bounded_xml import Element, NoXml, read
from connectors.ews.errors import EwsError
from connectors.ews.happened import Marks, Told, notified, readable
from connectors.ews.soap import XML_TYPE, answer
from connectors.ews.tokens import packed, unpacked
from connectors.ews.turn import Turn
from connectors.ews.wire import MESSAGES, message, number, success, words
from groupware.model.errors import NoRight, NotFound
from groupware.model.ids import FolderId
from groupware.model.principal import Principal
from groupware.model.push import PushTarget
from groupware.model.times import now_micros
from groupware.store.api import ReadTx, WriteTx
from mailcore.push.sender import BadUrl, Receiver, checked
from mailcore.push.worker import News
from mailcore.server.parts import Parts
from mailcore.server.stay import WORDS, gone

KIND: Final = "ews"
SERVICE: Final = "ews"
"""What the switch that lets one in is called."""
USUAL_MINUTES: Final = 30
LONGEST_MINUTES: Final = 1440
FOREVER: Final = 1 << 62
"""Microseconds: who does not answer, or answers that it is over, ends it."""
_MINUTE: Final = 60_000_000
_ACTION: Final = f'"{MESSAGES}/SendNotification"'


async def register(turn: Turn, request: Element, facts: Mapping[str, Any], marks: Marks) -> str:
    """Makes a subscription; its id. `EwsError`."""
    if turn.push is None:
        raise EwsError("ErrorInvalidPushSubscriptionUrl", "this server pushes nothing to addresses: pull, or stream")
    minutes = number(words(request, "StatusFrequency"), "StatusFrequency", 1, LONGEST_MINUTES) or USUAL_MINUTES
    try:
        url = checked((words(request, "URL") or "").strip(), plain=turn.push.private)
    except BadUrl as error:
        raise EwsError("ErrorInvalidPushSubscriptionUrl", f"URL: {error}") from None
    said = json.dumps({**facts, "minutes": minutes})
    new = PushTarget(0, turn.who.account, KIND, None, url, said, FOREVER, _told(marks, 0))

    def work(tx: WriteTx) -> PushTarget:
        for each in tx.push_targets(KIND):
            if each.url == url and _about(each) == _about(new):
                tx.drop_push_target(each.number)
        return tx.put_push_target(new)

    return _ident(await turn.write(work))


def _about(target: PushTarget) -> tuple[Any, ...]:
    """Of what a subscription tells: its events, and its folders unless these are all."""
    facts = json.loads(target.facts)
    return facts["a"], facts["e"], None if facts["a"] else set(json.loads(target.told)["w"])


async def unregister(turn: Turn, ident: str) -> bool:
    """Ends a subscription; False where the id is not one of these. `NotFound`."""
    try:
        given = unpacked("p", ident, "").get("n")
    except EwsError:
        return False
    if type(given) is not int or not 0 < given < FOREVER:
        return False
    await turn.write(lambda tx: tx.drop_push_target(given))
    return True


def _ident(target: PushTarget) -> str:
    return packed("p", {"n": target.number})


def _told(marks: Marks, at: int) -> str:
    """What the client knows, and since when it has heard nothing; 0: it never has."""
    return json.dumps({"w": marks, "t": at})


@dataclass(frozen=True, slots=True)
class EwsTeller:
    """What is said to subscriptions."""

    parts: Parts

    async def watched(self, who: Principal, target: PushTarget) -> Collection[FolderId]:
        """The folders that it is about."""
        marks, everything = json.loads(target.told)["w"], json.loads(target.facts)["a"]

        def look(tx: ReadTx) -> set[FolderId]:
            return {FolderId(int(name)) for name in marks} | {each.id for each in readable(tx) if everything}

        return await self.parts.store.read(who, look)

    async def news(self, who: Principal, target: PushTarget) -> News | None:
        """What happened; at first, and when it is time for it, that there is nothing."""
        why = await gone(self.parts.store, who, SERVICE)
        if why is not None:
            raise NoRight(WORDS[why])
        before = json.loads(target.told)
        now = self.parts.clock.now()

        def look(tx: ReadTx) -> Told:
            ident, about = _ident(target), json.loads(target.facts)
            told = notified(tx, now, ident, about, before["w"])
            while told.more and not told.anything:  # much has happened that it does not ask for
                told = notified(tx, now, ident, about, told.reached)
            return told

        try:
            told = await self.parts.store.read(who, look)
        except EwsError as error:
            raise NotFound(str(error)) from None
        if not told.anything and now_micros() < self.again(target):
            return None
        inside = message("ResponseMessages", success("SendNotification", told.xml))
        said = answer(message("SendNotification", inside))
        receiver = Receiver({"soapaction": _ACTION}, verdict)
        return News(said, XML_TYPE, _told(told.reached, now_micros()), None, receiver=receiver)

    def again(self, target: PushTarget) -> int:
        """When it is told that there is nothing; at once, where there was more to tell than one notification holds."""
        before = json.loads(target.told)
        if not before["t"] or any(isinstance(mark, list) for mark in before["w"].values()):
            return 1
        return int(before["t"] + json.loads(target.facts)["minutes"] * _MINUTE)


def verdict(octets: bytes) -> Literal["sent", "later", "gone"]:
    """What the answer of a client to SendNotification means."""
    try:
        root = read(octets)
    except NoXml:
        return "later"
    status = root.find(f".//{{{MESSAGES}}}SubscriptionStatus")
    said = (status.text or "").strip() if status is not None else ""
    return "sent" if said == "OK" else "gone" if said == "Unsubscribe" else "later"
