"""Apple's configuration profiles: a file that sets up mail, calendars and contacts, or ActiveSync, on a Mac or phone.

It has no password: the device asks for it. It is signed with the server's certificate when the configuration has one.
"""

from __future__ import annotations

import asyncio
import plistlib
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from connectors.autodiscover.asked import Asker, Room, address_of, asker, who_asks
from mailcore.server.config import Config

MEDIA: Final = "application/x-apple-aspen-config"
CHOICES: Final = ("mail", "calendars", "contacts", "activesync")
USUAL: Final = "mail,calendars,contacts"
Payload = dict[str, Any]


async def profile(room: Room, request: Request) -> Response:
    """The profile for `?email=`; `with` says what is in it: some of `CHOICES`. `NotFound`, `HTTPException`."""
    found = await asker(room, await who_asks(room, request), address_of(request, "email"))
    wanted = [each for each in (address_of(request, "with") or USUAL).split(",") if each]
    if not set(wanted) <= set(CHOICES):
        raise HTTPException(400, f"`with` has one or more of {', '.join(CHOICES)}, with commas between.")
    inside = [made for each in CHOICES if each in wanted and (made := _payload(found, each))]
    if not inside:
        raise HTTPException(404, f"Nothing of {', '.join(wanted)} is served here.")
    octets = plistlib.dumps(_whole(found, inside))
    octets = await asyncio.to_thread(signed, room.config, octets)
    name = found.domain if found.domain.isascii() else "mail"
    headers = {"content-disposition": f'attachment; filename="{name}.mobileconfig"'}
    return Response(octets, media_type=MEDIA, headers=headers)


def signed(config: Config, octets: bytes) -> bytes:
    """The octets inside a signature (CMS) by the server's certificate; as they are when it has none that can sign."""
    if not config.tls.certificate:
        return octets
    files = config.tls.certificate[0]
    try:
        chain = x509.load_pem_x509_certificates(_read(config.data, files.cert_file))
        key = serialization.load_pem_private_key(_read(config.data, files.key_file or files.cert_file), None)
    except (OSError, ValueError, TypeError):  # TLS itself says what is wrong with them
        return octets
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return octets
    builder = pkcs7.PKCS7SignatureBuilder().set_data(octets).add_signer(chain[0], key, hashes.SHA256())
    for each in chain[1:]:
        builder = builder.add_certificate(each)
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def _read(data: Path, file: Path) -> bytes:
    return (data / file).read_bytes()


def _whole(found: Asker, inside: list[Payload]) -> Payload:
    return {
        **_head(found, "Configuration", "profile"),
        "PayloadDisplayName": found.address,
        "PayloadDescription": f"Mail, calendars and contacts of {found.address}",
        "PayloadOrganization": found.domain,
        "PayloadRemovalDisallowed": False,
        "PayloadContent": inside,
    }


def _head(found: Asker, kind: str, name: str) -> Payload:
    """What every payload begins with; the same for an address, so a newer profile takes the place of the older."""
    number = str(uuid5(NAMESPACE_URL, f"postroom:{found.address}:{name}")).upper()
    backwards = ".".join(reversed(found.domain.split(".")))
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{backwards}.postroom.{name}.{number}",
        "PayloadUUID": number,
    }


def _payload(found: Asker, choice: str) -> Payload | None:
    return {
        "mail": _mail,
        "calendars": lambda each: _dav(each, "caldav", "CalDAV"),
        "contacts": lambda each: _dav(each, "carddav", "CardDAV"),
        "activesync": _activesync,
    }[choice](found)


def _mail(found: Asker) -> Payload | None:
    incoming, outgoing = found.first("imap") or found.first("pop3"), found.first("smtp")
    if incoming is None or outgoing is None:
        return None
    made: Payload = {
        **_head(found, "com.apple.mail.managed", "mail"),
        "PayloadDisplayName": "Mail",
        "EmailAccountType": "EmailTypeIMAP" if incoming.kind == "imap" else "EmailTypePOP",
        "EmailAccountDescription": found.address,
        "EmailAccountName": found.name if found.known else "",
        "EmailAddress": found.address,
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    for word, offer in (("Incoming", incoming), ("Outgoing", outgoing)):
        made |= {
            f"{word}MailServerAuthentication": "EmailAuthPassword",
            f"{word}MailServerHostName": offer.host,
            f"{word}MailServerPortNumber": offer.port,
            f"{word}MailServerUseSSL": True,
            f"{word}MailServerUsername": found.login,
        }
    return made


def _dav(found: Asker, kind: Any, word: str) -> Payload | None:
    offer = found.first(kind)
    if offer is None:
        return None
    return {
        **_head(found, f"com.apple.{kind}.account", kind),
        "PayloadDisplayName": {"caldav": "Calendars", "carddav": "Contacts"}[kind],
        f"{word}AccountDescription": found.address,
        f"{word}HostName": offer.host,
        f"{word}Port": offer.port,
        f"{word}UseSSL": offer.tls == "implicit",
        f"{word}Username": found.login,
        f"{word}PrincipalURL": urlsplit(offer.url).path,
    }


def _activesync(found: Asker) -> Payload | None:
    offer = found.first("activesync")
    if offer is None:
        return None
    return {
        **_head(found, "com.apple.eas.account", "activesync"),
        "PayloadDisplayName": "ActiveSync",
        "EmailAddress": found.address,
        "UserName": found.login,
        "Host": offer.host if offer.port in (80, 443) else f"{offer.host}:{offer.port}",
        "SSL": offer.tls == "implicit",
    }
