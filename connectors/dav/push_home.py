"""WebDAV-Push for a home: told when anything in it changes, when something is shared, and when something goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from connectors.dav import xml
from connectors.dav.home_token import said_of
from connectors.dav.paths import CALENDARS, CONTACTS, Place
from connectors.dav.shelf import home
from connectors.dav.topics import topic_of_home
from connectors.dav.xml import PUSH
from groupware.model.ids import FolderId
from groupware.model.principal import Principal
from groupware.model.push import PushTarget
from groupware.model.rights import Right
from groupware.store.api import ReadTx, Store
from mailcore.push.encryption import Keys
from mailcore.push.worker import News

KINDS: Final = {CALENDARS: "davhome", CONTACTS: "davbooks"}
"""What registrations are called, by the area of the home."""


@dataclass(frozen=True, slots=True)
class State:
    """What a client knows of a home."""

    contents: str
    props: str

    @property
    def text(self) -> str:
        """As it is kept."""
        return f"{self.contents} {self.props}"


def root_of(tx: ReadTx) -> FolderId:
    """The folder that a registration for one's home is about."""
    return tx.locate(tx.who.account, "").id


def state(tx: ReadTx, area: str) -> State:
    """One's own home as it is now: what is in its collections, and what they say of themselves."""
    shelves = sorted(home(tx, Place(area, tx.who.name)), key=lambda each: each.folder.id)
    contents = [
        (each.folder.id, each.folder.uidvalidity, each.folder.modseq) for each in shelves if each.may(Right.READ)
    ]
    return State(_digest(contents), _digest([said_of(each) for each in shelves]))


def _digest(what: object) -> str:
    return hashlib.blake2b(json.dumps(what).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class HomeTeller:
    """What is said to clients that have registered for a home."""

    store: Store
    area: str

    async def watched(self, who: Principal, target: PushTarget) -> Collection[FolderId]:
        """All that is in it, and the roots of the trees that it is in: they are marked when folders come and go."""
        return await self.store.read(who, self._watched)

    def _watched(self, tx: ReadTx) -> Collection[FolderId]:
        folders = [each.folder for each in home(tx, Place(self.area, tx.who.name))]
        roots = {each.parent for each in folders if each.parent is not None}
        return frozenset({each.id for each in folders if each.id > 0} | roots | {root_of(tx)})

    def again(self, target: PushTarget) -> int:
        """There is nothing to say while nothing changes."""
        return 0

    async def news(self, who: Principal, target: PushTarget) -> News | None:
        """A push-message, when contents or properties are others than the client was told of."""
        facts = json.loads(target.facts)
        contents, _, props = target.told.partition(" ")
        now, topic = await self.store.read(who, lambda tx: (state(tx, self.area), topic_of_home(tx, self.area)))
        inside = "<P:content-update/>" if facts["content"] and now.contents != contents else ""
        inside += "<P:property-update/>" if facts["props"] and now.props != props else ""
        if not inside:
            return None
        message = f'{xml.HEAD}<P:push-message xmlns:P="{PUSH}"><P:topic>{topic}</P:topic>{inside}</P:push-message>'
        keys = Keys(facts["p256dh"], facts["auth"])
        return News(message.encode(), 'application/xml; charset="UTF-8"', now.text, keys, topic)
