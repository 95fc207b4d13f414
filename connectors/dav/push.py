"""WebDAV-Push: clients that are told by Web Push when a collection has changed (the draft of bitfireAT, 2025)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.errors import DavError
from connectors.dav.paths import PUSHES, Place
from connectors.dav.properties import display_name
from connectors.dav.push_home import KINDS, root_of, state
from connectors.dav.request import Exchange
from connectors.dav.shelf import Shelf, collection
from connectors.dav.topics import topic_of
from connectors.dav.xml import DAV, PUSH
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ModSeq
from groupware.model.principal import Principal
from groupware.model.push import PushTarget
from groupware.model.rights import Right
from groupware.model.times import micros
from groupware.store.api import ReadTx, Store
from mailcore.push.encryption import BadKeys, Keys
from mailcore.push.sender import BadUrl, checked
from mailcore.push.worker import News

KIND: Final = "dav"
SHORTEST, LONGEST = timedelta(days=3), timedelta(days=60)
USUAL: Final = timedelta(days=14)


# --- registering ------------------------------------------------------------------------------------------------------


async def register(exchange: Exchange, root: xml.Element) -> Response:
    """Registers a subscription, or renews it. 204 with its own path, and when it expires."""
    at = exchange.at
    own_home = at.depth == 2 and at.user == exchange.user and at.area in KINDS
    if not exchange.push or (at.depth != 3 and not own_home):
        raise DavError(403, "there is no push for this", "<P:push-not-available/>")
    url, facts = _subscription(root), _triggers(root)
    expires = _expires(root)
    folder, told = await exchange.parts.store.read(exchange.who, lambda tx: _known(tx, at))
    new = PushTarget(
        0,
        exchange.who.account,
        KINDS[at.area] if own_home else KIND,
        folder,
        url["url"],
        json.dumps({**url, **facts, "area": at.area, "user": at.user}),
        micros(expires),
        told,
    )
    made = await exchange.parts.store.write(exchange.who, lambda tx: tx.put_push_target(new))
    location = Place(PUSHES, str(made.number)).href.removesuffix("/")
    headers = {"location": location, "expires": format_datetime(expires, usegmt=True)}
    return Response(status_code=204, headers=headers)


def _known(tx: ReadTx, at: Place) -> tuple[FolderId, str]:
    """What a registration is about, and what whoever registers knows of it already."""
    if at.depth == 2:
        return root_of(tx), state(tx, at.area).text
    shelf, now = _now(tx, at)
    return shelf.folder.id, now.text


def _subscription(root: xml.Element) -> dict[str, str]:
    """Where messages go, and the keys that they are encrypted for. `DavError`."""
    found = root.findall(f"{{{PUSH}}}subscription/{{{PUSH}}}web-push-subscription")
    invalid = "<P:invalid-subscription/>"
    if len(found) != 1:
        raise DavError(403, "a subscription holds one web-push-subscription", invalid)

    def said(name: str) -> str:
        return (found[0].findtext(f"{{{PUSH}}}{name}") or "").strip()

    if said("content-encoding") not in ("", "aes128gcm"):
        raise DavError(403, "messages are encrypted with aes128gcm (RFC 8291)", invalid)
    try:
        url, keys = checked(said("push-resource")), Keys(said("client-public-key"), said("auth-secret"))
    except (BadUrl, BadKeys) as error:
        raise DavError(403, f"web-push-subscription: {error}", invalid) from None
    return {"url": url, "p256dh": keys.p256dh, "auth": keys.auth}


def _triggers(root: xml.Element) -> dict[str, bool]:
    trigger = root.find(f"{{{PUSH}}}trigger")
    content = trigger is not None and trigger.find(f"{{{PUSH}}}content-update") is not None
    props = trigger is not None and trigger.find(f"{{{PUSH}}}property-update") is not None
    if not content and not props:
        raise DavError(403, "a trigger is content-update or property-update, or both", "<P:no-supported-trigger/>")
    return {"content": content, "props": props}


def _expires(root: xml.Element) -> datetime:
    now = datetime.now(UTC).replace(microsecond=0)
    said = (root.findtext(f"{{{PUSH}}}expires") or "").strip()
    if not said:
        return now + USUAL
    try:
        wanted = parsedate_to_datetime(said).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise DavError(400, "expires is a date as in HTTP: Wed, 02 Oct 2026 07:28:00 GMT") from None
    return min(max(wanted, now + SHORTEST), now + LONGEST)


async def registration(exchange: Exchange) -> Response:
    """DELETE of a registration's path. 204, 404."""
    if exchange.request.method != "DELETE":
        raise DavError(405, "a registration is taken away with DELETE", headers={"allow": "DELETE"})
    said = exchange.at.user
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 18 else 0
    await exchange.parts.store.write(exchange.who, lambda tx: tx.drop_push_target(number))
    return Response(status_code=204)


# --- telling ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    """What a client knows of a collection."""

    modseq: int
    props: str

    @property
    def text(self) -> str:
        """As it is kept."""
        return f"{self.modseq} {self.props}"


def _state(tx: ReadTx, shelf: Shelf) -> _State:
    notes = sorted((name, value.hex()) for name, value in shelf.notes.items())
    seen = json.dumps([display_name(shelf), shelf.folder.rights.value, notes])
    return _State(shelf.folder.modseq, hashlib.blake2b(seen.encode(), digest_size=8).hexdigest())


def _now(tx: ReadTx, at: Place) -> tuple[Shelf, _State]:
    shelf = collection(tx, at, Right.READ)
    return shelf, _state(tx, shelf)


@dataclass(frozen=True, slots=True)
class DavTeller:
    """What is said to clients of WebDAV-Push."""

    store: Store

    async def watched(self, who: Principal, target: PushTarget) -> Collection[FolderId]:
        """The collection, and its owner's root, which is marked when a folder is renamed."""
        assert target.folder is not None
        at = target.folder
        folder = await self.store.read(who, lambda tx: _read(tx, at))
        return [each for each in (folder.id, folder.parent) if each is not None]

    def again(self, target: PushTarget) -> int:
        """There is nothing to say while nothing changes."""
        return 0

    async def news(self, who: Principal, target: PushTarget) -> News | None:
        """A push-message, when contents or properties are others than the client was told of."""
        facts = json.loads(target.facts)
        before, _, props = target.told.partition(" ")
        since = ModSeq(int(before or 0))
        shelf, now, contents = await self.store.read(who, lambda tx: _compared(tx, target, facts, since))
        changed = now.props != props
        if not ((contents and facts["content"]) or (changed and facts["props"])):
            return None
        inside = f"<P:topic>{topic_of(shelf.folder)}</P:topic>"
        if contents and facts["content"]:
            inside += f"<P:content-update><D:sync-token>{_token(shelf.folder)}</D:sync-token></P:content-update>"
        if changed and facts["props"]:
            inside += "<P:property-update/>"
        message = f'{xml.HEAD}<P:push-message xmlns:D="{DAV}" xmlns:P="{PUSH}">{inside}</P:push-message>'
        topic = f"{topic_of(shelf.folder)}{int(contents)}{int(changed)}"
        keys = Keys(facts["p256dh"], facts["auth"])
        return News(message.encode(), 'application/xml; charset="UTF-8"', now.text, keys, topic)


def _read(tx: ReadTx, at: FolderId) -> Folder:
    """A folder that may be read, be it for titles alone."""
    tx.outline(at)
    return tx.folder(at, Right.READ)


def _token(folder: Folder) -> str:
    return f"data:,{folder.uidvalidity}-{folder.modseq}"


def _compared(tx: ReadTx, target: PushTarget, facts: Mapping[str, Any], since: ModSeq) -> tuple[Shelf, _State, bool]:
    """The collection now, and whether anything in it has changed since."""
    assert target.folder is not None
    folder = _read(tx, target.folder)
    shelf = collection(tx, Place(facts["area"], facts["user"], f"~{folder.id}"), Right.READ)
    delta = tx.delta(folder.id, since, 1) if folder.modseq > since else None
    contents = delta is not None and bool(delta.reset or delta.changed or delta.vanished)
    return shelf, _state(tx, shelf), contents
