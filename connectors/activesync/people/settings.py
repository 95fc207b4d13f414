"""Settings: absence, the device, who one is. MS-ASCMD §2.2.1.18."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.activesync.device_information import keep_information
from connectors.activesync.element import Element, el, some
from connectors.activesync.exchange import Exchange
from connectors.activesync.times import long_time, read_time, seconds_of
from groupware.mime.html import plain_text
from groupware.model.times import moment_of
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from mailcore.sieve.vacation import LONGEST, answers, keep, kept, script_of

_OK, _PROTOCOL, _DENIED, _BAD = 1, 2, 3, 5
_OFF, _ON, _TIMED = 0, 1, 2
_AUDIENCES: Final = ("AppliesToInternal", "AppliesToExternalKnown", "AppliesToExternalUnknown")
_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


async def settings(exchange: Exchange) -> Element:
    """Carries out what is asked, one after the other."""
    root = exchange.root("Settings:Settings")
    told: list[Element] = []
    for each in root.children:
        name = each.name.partition(":")[2]
        if name == "Oof":
            told.append(await _oof(exchange, each))
        elif name == "DeviceInformation":
            await keep_information(exchange, each)
            told.append(el("Settings:DeviceInformation", el("Settings:Status", _OK)))
        elif name == "UserInformation":
            told.append(await _user(exchange))
        elif name == "DevicePassword":
            told.append(el("Settings:DevicePassword", el("Settings:Status", _DENIED)))
        elif name == "RightsManagementInformation":
            none = el("Settings:Get", el("RightsManagement:RightsManagementTemplates"))
            told.append(el("Settings:RightsManagementInformation", el("Settings:Status", _OK), none))
        else:
            return el("Settings:Settings", el("Settings:Status", _PROTOCOL))
    return el("Settings:Settings", el("Settings:Status", _OK), told)


async def _user(exchange: Exchange) -> Element:
    """Who one is, and by which addresses."""

    def work(tx: ReadTx) -> tuple[str, str, list[str], bool]:
        me = tx.account(tx.who.account)
        others = [each for each in tx.addresses(tx.who.account) if each.lower() != me.address.lower()]
        return me.name, me.address, sorted(others), bool(tx.setting("smtpOutgoing").value)

    name, address, others, sends = await exchange.read(work)
    addresses = el(
        "Settings:EmailAddresses",
        [el("Settings:SmtpAddress", each) for each in (address, *others)],
        el("Settings:PrimarySmtpAddress", address) if exchange.version >= 141 else None,
    )
    if exchange.version < 141:
        return el("Settings:UserInformation", el("Settings:Status", _OK), el("Settings:Get", addresses))
    account = el(
        "Settings:Account",
        some("Settings:UserDisplayName", name),
        el("Settings:SendDisabled", not sends),
        addresses,
    )
    return el(
        "Settings:UserInformation",
        el("Settings:Status", _OK),
        el("Settings:Get", el("Settings:Accounts", account)),
    )


# --- absence ----------------------------------------------------------------------------------------------------------


async def _oof(exchange: Exchange, said: Element) -> Element:
    asked, given = said.child("Settings:Get"), said.child("Settings:Set")
    if asked is not None:
        html = asked.value("Settings:BodyType").strip().lower() == "html"
        return await exchange.read(lambda tx: _told(kept(tx), answers(tx), html=html))
    if given is None:
        return el("Settings:Oof", el("Settings:Status", _PROTOCOL))
    try:
        state = given.number("Settings:OofState")
        facts = _facts(given, state)
        if facts:
            compiled(script_of({**facts, "beside": "x"}))
    except (ValueError, SieveError):
        return el("Settings:Oof", el("Settings:Status", _BAD))

    def work(tx: WriteTx) -> None:
        keep(tx, facts, state != _OFF)

    await exchange.write(work)
    return el("Settings:Oof", el("Settings:Status", _OK))


def _facts(given: Element, state: int) -> dict[str, Any]:
    """What the answer says, and when it is given. ValueError."""
    if state not in (_OFF, _ON, _TIMED):
        raise ValueError("OofState is 0, 1 or 2")
    facts: dict[str, Any] = {}
    if state != _OFF:
        facts = {"fromDate": None, "toDate": None}
    if state == _TIMED:
        begin, end = (read_time(given.value(f"Settings:{name}")) for name in ("StartTime", "EndTime"))
        if begin is None or end is None or end <= begin:
            raise ValueError("StartTime and EndTime are wanted")
        facts = {"fromDate": begin.strftime(_FORM), "toDate": end.strftime(_FORM)}
    messages = [each for each in given.all("Settings:OofMessage") if each.flag("Settings:Enabled")]
    if messages:
        text = messages[0].value("Settings:ReplyMessage")
        if len(text) > LONGEST:
            raise ValueError("the message is too long")
        html = messages[0].value("Settings:BodyType").strip().lower() == "html"
        facts |= {"htmlBody": text if html else None, "textBody": plain_text(text).strip() if html else text}
    return facts


def _told(facts: Mapping[str, Any], on: bool, *, html: bool) -> Element:
    """The absence as it is; everybody is told the same."""
    timed = bool(facts.get("fromDate") and facts.get("toDate"))
    state = _OFF if not on else _TIMED if timed else _ON
    text = str((facts.get("htmlBody") if html else None) or facts.get("textBody") or "")
    times = []
    if timed:
        times = [
            el(f"Settings:{name}", long_time(seconds_of(moment_of(facts[key]))))
            for name, key in (("StartTime", "fromDate"), ("EndTime", "toDate"))
        ]
    messages = [
        el(
            "Settings:OofMessage",
            el(f"Settings:{each}"),
            el("Settings:Enabled", on),
            some("Settings:ReplyMessage", text),
            el("Settings:BodyType", "HTML" if html and facts.get("htmlBody") else "Text"),
        )
        for each in _AUDIENCES
    ]
    inside = el("Settings:Get", el("Settings:OofState", state), times, messages)
    return el("Settings:Oof", el("Settings:Status", _OK), inside)
