"""Mozilla's autoconfig, `config-v1.1.xml`, for Thunderbird, Evolution and others. draft-ietf-mailmaint-autoconfig."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from connectors.autodiscover.asked import Asker, Room, address_of, asker, host_of
from connectors.autodiscover.pox import XML_TYPE
from connectors.dav import xml
from mailcore.server.offers import Offer

ANYBODY: Final = "%EMAILADDRESS%"
_INCOMING: Final = ("imap", "pop3")


async def autoconfig(room: Room, request: Request) -> Response:
    """The document for the domain of `?emailaddress=`, or of the host name. `NotFound`.

    It names no address: the program puts that in, so all of a domain get the same.
    """
    address = address_of(request, "emailaddress")
    if "@" not in address or address == ANYBODY:
        address = f"anybody@{host_of(request, 'autoconfig')}"
    found = await asker(room, None, address)
    return Response(_document(room, found), media_type=XML_TYPE)


def _document(room: Room, found: Asker) -> str:
    domain = xml.escape(found.domain)
    mail = [_server("incomingServer", each.kind, each) for kind in _INCOMING for each in found.all(kind)]
    mail += [_server("outgoingServer", "smtp", each) for each in found.all("smtp")]
    beside = [_place("calendar", "caldav", each) for each in found.all("caldav")]
    beside += [_place("addressBook", "carddav", each) for each in found.all("carddav")]
    return (
        f'{xml.HEAD}<clientConfig version="1.1">\n<emailProvider id="{domain}">\n<domain>{domain}</domain>\n'
        f"<displayName>{domain}</displayName>\n<displayShortName>{domain}</displayShortName>\n"
        f"{''.join(mail)}{_exchange(found)}"
        f'<documentation url="{xml.escape(room.config.web_url)}/"><descr lang="en">{domain}</descr></documentation>\n'
        f"</emailProvider>\n{''.join(beside)}"
        f'<webMail><loginPage url="{xml.escape(room.config.web_url)}/"/></webMail>\n</clientConfig>\n'
    )


def _server(tag: str, kind: str, offer: Offer) -> str:
    how = "SSL" if offer.tls == "implicit" else "STARTTLS"
    return (
        f'<{tag} type="{kind}">\n<hostname>{xml.escape(offer.host)}</hostname>\n<port>{offer.port}</port>\n'
        f"<socketType>{how}</socketType>\n<authentication>password-cleartext</authentication>\n"
        f"<username>{ANYBODY}</username>\n</{tag}>\n"
    )


def _exchange(found: Asker) -> str:
    """After IMAP, so that it is what is taken where there is no IMAP, or where somebody chooses it."""
    places = [(name, found.first(kind)) for name, kind in (("ewsURL", "ews"), ("easURL", "activesync"))]  # type: ignore[arg-type]
    urls = "".join(f"<{name}>{xml.escape(offer.url)}</{name}>\n" for name, offer in places if offer is not None)
    if not urls:
        return ""
    where = next(offer for _, offer in places if offer is not None)
    how = (
        f"<hostname>{xml.escape(where.host)}</hostname>\n<port>{where.port}</port>\n<socketType>SSL</socketType>\n"
        f"<username>{ANYBODY}</username>\n<authentication>http-basic</authentication>\n"
        "<authentication>password-cleartext</authentication>\n"
    )
    return f'<incomingServer type="exchange">\n{how}{urls}</incomingServer>\n'


def _place(tag: str, kind: str, offer: Offer) -> str:
    return (
        f'<{tag} type="{kind}">\n<username>{ANYBODY}</username>\n<authentication>http-basic</authentication>\n'
        f"<serverURL>{xml.escape(offer.url)}</serverURL>\n</{tag}>\n"
    )
