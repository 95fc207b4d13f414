"""What is built in against mail from outside and needs no rule: lists in DNS, greylisting, trying out recipients.

All of it is asked at RCPT, for who has not signed in, at listeners for other servers. Where it is off it costs nothing.
"""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, ip_network

from groupware.model.errors import GroupwareError
from groupware.model.principal import OPERATOR
from mailcore.server.rules import address as ip_of
from mailcore.server.rules import ip_set, peer_key
from mailcore.smtp import events
from mailcore.smtp.policy.lookups import looked_up
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import MX, State, Transaction

HOUR, DAY = 3600, 86400


def _is_stranger(state: State) -> bool:
    return state.role == MX and state.who is None


def _peer(state: State) -> str:
    return peer_key(ip_of(state.connection.peer.ip))


async def unknown(state: State, address: str) -> None:
    """Note that a recipient is not known; the answer takes longer with every one."""
    if _is_stranger(state) and state.shared.config.smtp.harvesting.unknown_recipients:
        await asyncio.sleep(state.shared.harvest.failed(_peer(state), address))


def harvester(state: State) -> Reply | None:
    """Why a peer is hung up on that has asked for too many recipients who are not there."""
    if not _is_stranger(state) or not state.shared.config.smtp.harvesting.unknown_recipients:
        return None
    left = state.shared.harvest.blocked(_peer(state))
    if not left:
        return None
    state.log.warning("harvester_blocked", ip=state.connection.peer.ip, seconds=round(left))
    return Reply(421, "4.7.0", "Too many recipients that are not here; come back later.", close=True)


async def objection(state: State, transaction: Transaction, to: str) -> Reply | None:
    """Why a recipient who is known is not reached now: the client is on a list, or comes for the first time."""
    if not _is_stranger(state):
        return None
    smtp = state.shared.config.smtp
    if (refusal := await _foreign(state)) is not None:
        return refusal
    if not smtp.dnsbl.zones and not smtp.greylisting.enabled:
        return None
    if any(await _listed(state, "dnswl", smtp.dnsbl.good_zones)):
        return None
    by = await _listed(state, "dnsbl", smtp.dnsbl.zones)
    if by:
        state.log.info("listed", ip=state.connection.peer.ip, zones=",".join(by), does=smtp.dnsbl.action)
        text = f"{state.connection.peer.ip} is on the list {by[0]}."
        if smtp.dnsbl.action == "reject":
            return Reply(550, "5.7.1", text)
        if smtp.dnsbl.action == "tempreject":
            return Reply(451, "4.7.1", text)
    return await _greylisted(state, transaction.sender, to) if smtp.greylisting.enabled else None


def flooded(state: State, transaction: Transaction, to: str) -> Reply | None:
    """Why a mailbox takes nothing for a while: it has been sent too much at once."""
    targets = transaction.targets[to]
    if not _is_stranger(state):
        return None
    if isinstance(targets, GroupwareError) or len(targets) != 1 or targets[0].account is None:
        return None
    left = state.shared.floods.another(targets[0].account)
    if not left:
        return None
    state.log.warning("mailbox_flooded", recipient=to, seconds=round(left))
    return Reply(450, "4.2.1", f"<{to}> gets too many messages at once; try again in {round(left)} seconds.")


async def country(state: State) -> str:
    """The country that the client's address is of; "" when nobody knows."""
    countries = await state.shared.atlas.countries()
    return countries.of(state.connection.peer.ip) if countries is not None else ""


async def _foreign(state: State) -> Reply | None:
    """Why mail from the client's country is not taken. Addresses that are nobody's in public are never looked at."""
    section = state.shared.config.smtp.countries
    if not section.only and not section.refuse:
        return None
    ip = ip_of(state.connection.peer.ip)
    if not ip.is_global or ip in ip_set(section.exempt) or await state.shared.atlas.countries() is None:
        return None
    code = await country(state)
    if code in _upper(section.refuse) or (section.only and code not in _upper(section.only)):
        state.log.info("country_refused", ip=str(ip), country=code)
        return Reply(550, "5.7.1", "This server takes no mail from where you are.")
    return None


def _upper(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(each.upper() for each in codes)


async def _listed(state: State, kind: str, zones: tuple[str, ...]) -> list[str]:
    """The zones on whose list the client is."""
    if not zones:
        return []
    names = {f"{kind}.{zone.lower()}": zone for zone in zones}
    known = await looked_up(state.shared.parts.dns, state.connection.peer.ip, names.keys(), state.looked_up, state.log)
    return [zone for name, zone in names.items() if known.get(name)]


async def _greylisted(state: State, sender: str, to: str) -> Reply | None:
    section = state.shared.config.smtp.greylisting
    seconds = await state.shared.parts.store.write(
        OPERATOR,
        lambda tx: tx.greylist(
            network_of(state.connection.peer.ip),
            sender,
            to,
            delay=section.delay,
            waiting=section.keep_waiting * HOUR,
            passed=section.keep_passed * DAY,
        ),
    )
    if not seconds:
        return None
    events.greylisted(state, to)
    state.log.info("greylisted", ip=state.connection.peer.ip, sender=sender, recipient=to, seconds=seconds)
    return Reply(451, "4.7.1", f"Temporary rejected by greylisting; come again in {seconds} seconds.")


def network_of(ip: str) -> str:
    """The network that counts as one sender: a /24 of IPv4, a /64 of IPv6."""
    found = ip_of(ip)
    return str(ip_network(f"{found}/{24 if isinstance(found, IPv4Address) else 64}", strict=False))
