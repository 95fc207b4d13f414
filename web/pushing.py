"""What tells clients by push of changes, in whichever protocol they registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from connectors.dav.push import KIND as DAV_PUSH
from connectors.dav.push import DavTeller
from connectors.dav.push_home import KINDS as HOME_KINDS
from connectors.dav.push_home import HomeTeller
from connectors.ews.push import KIND as EWS_PUSH
from connectors.ews.push import EwsTeller
from mailcore.push.sender import Sender
from mailcore.push.worker import Desk, Teller, keep
from mailcore.server.config import Config
from mailcore.server.parts import Parts
from web.jmap.push import KIND as JMAP_PUSH
from web.jmap.push import JmapTeller


def telling(parts: Parts, config: Config) -> Callable[[], Awaitable[None]] | None:
    """What tells them, until cancelled; None: the configuration wants none of it."""
    if not config.push.enabled:
        return None
    contact = config.push.contact or f"postmaster@{config.host}"
    sender = Sender(parts.dns, parts.secret, contact, config.push.private)
    homes = {kind: HomeTeller(parts.store, area) for area, kind in HOME_KINDS.items()}
    tellers: Mapping[str, Teller] = {
        DAV_PUSH: DavTeller(parts.store),
        **homes,
        EWS_PUSH: EwsTeller(parts),
        JMAP_PUSH: JmapTeller(parts),
    }
    return partial(keep, Desk(parts.store, parts.bus, sender, tellers, parts.log("PUSH")))
