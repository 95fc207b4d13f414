"""Autodiscover's first form: XML by POST, for `outlook` and `mobilesync`. MS-OXDSCLI §2.2, MS-ASCMD §2.2.1.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from starlette.responses import Response

from connectors.autodiscover.asked import Asker, Room, asker, body_of, who_asks
from connectors.dav import xml
from connectors.dav.errors import DavError
from groupware.model.errors import NotFound
from mailcore.server.clock import Clock
from mailcore.server.offers import Offer

SPACE: Final = "http://schemas.microsoft.com/exchange/autodiscover"
OUTLOOK: Final = f"{SPACE}/outlook/responseschema/2006a"
MOBILE: Final = f"{SPACE}/mobilesync/responseschema/2006"
XML_TYPE: Final = "text/xml; charset=utf-8"
_NAMES: Final = {"imap": "IMAP", "pop3": "POP3", "smtp": "SMTP"}


async def pox(room: Room, request: Request) -> Response:
    """The answer to what a program asks; an error is one in the form of the protocol, with 200."""
    who = await who_asks(room, request)
    try:
        root = xml.read(await body_of(request))
    except DavError as error:
        return _error(room.parts.clock, 600, f"Invalid Request: {error}")
    address = _text(root, "EMailAddress") or _text(root, "LegacyDN").rpartition("=")[2]
    schema = _text(root, "AcceptableResponseSchema") or OUTLOOK
    if not address:
        return _error(room.parts.clock, 600, "Invalid Request: there is no EMailAddress")
    try:
        found = await asker(room, who, address)
    except NotFound as error:
        return _error(room.parts.clock, 500, str(error))
    made = _FORMS.get(schema.casefold())
    inside = made(found, request) if made is not None else ""
    if not inside:
        return _error(room.parts.clock, 601, "Provider is not available: " + schema[:200])
    return _whole(inside)


def exchange_is_meant(request: Request) -> bool:
    """Whether a program that is told of Exchange uses EWS.

    Outlook for Windows looks for MAPI there, finds none and fails: it is told of IMAP and SMTP alone.
    """
    agent = request.headers.get("user-agent", "")
    windows = "microsoft outlook" in agent.casefold() and "windows" in agent.casefold()
    return not windows and "x-mapihttpcapability" not in request.headers


def legacy_name(address: str) -> str:
    """What stands for an address where a distinguished name has to."""
    return f"/o=Postroom/ou=Accounts/cn=Recipients/cn={address}"


def deployment(domain: str) -> str:
    """A number that stays the same for the domain."""
    return str(uuid5(NAMESPACE_URL, f"postroom:{domain}"))


def _outlook(found: Asker, request: Request) -> str:
    ways = [_exchange(found)] if exchange_is_meant(request) else []
    ways += [_mail(each, found.login) for each in found.offers if each.kind in _NAMES]
    if not any(ways):
        return ""
    user = (
        _tag("DisplayName", found.name)
        + _tag("LegacyDN", legacy_name(found.address))
        + _tag("AutoDiscoverSMTPAddress", found.address)
        + _tag("DeploymentId", deployment(found.domain))
    )
    account = _tag("AccountType", "email") + _tag("Action", "settings") + _tag("MicrosoftOnline", "False")
    return f'<Response xmlns="{OUTLOOK}"><User>{user}</User><Account>{account}{"".join(ways)}</Account></Response>'


def _exchange(found: Asker) -> str:
    """Where EWS is: in the forms of who asks from inside, from outside, and newer ones."""
    ews = found.first("ews")
    if ews is None:
        return ""
    places = "".join(_tag(name, ews.url) for name in ("EwsUrl", "EmwsUrl", "ASUrl", "OOFUrl"))
    how = _tag("AuthPackage", "Basic") + _tag("LoginName", found.login)
    inside = _tag("Server", ews.host) + _tag("SSL", "On" if ews.tls == "implicit" else "Off") + how + places
    return "".join(f"<Protocol>{_tag('Type', kind)}{inside}</Protocol>" for kind in ("EXCH", "EXPR"))


def _mail(offer: Offer, login: str) -> str:
    facts = [
        ("Type", _NAMES[offer.kind]),
        ("Server", offer.host),
        ("Port", str(offer.port)),
        ("DomainRequired", "off"),
        ("LoginName", login),
        ("SPA", "off"),
        ("SSL", "on"),
        ("Encryption", "SSL" if offer.tls == "implicit" else "TLS"),
        ("AuthRequired", "on"),
    ]
    if offer.kind == "smtp":
        facts += [("UsePOPAuth", "on"), ("SMTPLast", "off")]
    return f"<Protocol>{''.join(_tag(*each) for each in facts)}</Protocol>"


def _mobile(found: Asker, request: Request) -> str:
    offer = found.first("activesync")
    if offer is None:
        return ""
    user = _tag("DisplayName", found.name) + _tag("EMailAddress", found.address)
    server = _tag("Type", "MobileSync") + _tag("Url", offer.url) + _tag("Name", offer.url)
    settings = f"<Settings><Server>{server}</Server></Settings>"
    return (
        f'<Response xmlns="{MOBILE}"><Culture>en:us</Culture><User>{user}</User><Action>{settings}</Action></Response>'
    )


_FORMS: Final[Mapping[str, Callable[[Asker, Request], str]]] = {OUTLOOK: _outlook, MOBILE: _mobile}


def _whole(inside: str) -> Response:
    text = f'{xml.HEAD}<Autodiscover xmlns="{SPACE}/responseschema/2006">{inside}</Autodiscover>\n'
    return Response(text, media_type=XML_TYPE)


def _error(clock: Clock, code: int, text: str) -> Response:
    """MS-OXDSCLI §2.2.4.1.1.2: 500 the address, 600 the request, 601 what is asked for."""
    when = clock.now().strftime("%H:%M:%S.0000000")
    inside = _tag("ErrorCode", str(code)) + _tag("Message", text) + "<DebugData/>"
    return _whole(f'<Response><Error Time="{when}" Id="{code}">{inside}</Error></Response>')


def _text(root: xml.Element | None, name: str) -> str:
    """The text of an element, whatever its namespace; "" without one."""
    if root is None:
        return ""
    return next((str(each.text or "").strip() for each in root.iter(f"{{*}}{name}")), "")


def _tag(name: str, text: str) -> str:
    return f"<{name}>{xml.escape(text)}</{name}>"
