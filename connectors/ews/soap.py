"""The SOAP 1.1 around an operation: what comes in, read within bounds; answers and faults. MS-OXWSCDATA §2.2.3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from connectors.bounded_xml import Element, NoXml, escape, read
from connectors.ews.errors import Fault
from connectors.ews.wire import ERRORS, MESSAGES, SOAP, TYPES, child, children, local, words
from connectors.exchange.windows_zones import iana_of

XML_TYPE: Final = "text/xml; charset=utf-8"
_VERSION: Final = re.compile(
    r"(?:Exchange20(?:07|10|13|15|16|19)(?:_SP[0-9])?|V20[0-9]{2}_[0-9]{2}_[0-9]{2}|V[0-9_]{1,20})\Z"
)
_HEAD: Final = (
    '<?xml version="1.0" encoding="utf-8"?>\n<{0}Envelope xmlns{1}="' + SOAP + '"><{0}Header><h:ServerVersionInfo'
    f' xmlns:h="{TYPES}" MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="6"'
    ' Version="Exchange2016"/></{0}Header>'
    f'<{{0}}Body xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
)
HEAD, TAIL = _HEAD.format("s:", ":s"), "</s:Body></s:Envelope>\n"
STREAM_HEAD, STREAM_TAIL = _HEAD.format("", ""), "</Body></Envelope>\n"
"""Around each piece of a stream, as Exchange writes it: there are clients that look for these octets."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    name: str
    """The operation: `GetFolder`."""
    element: Element
    version: str
    impersonated: str
    """The address in whose name it is asked; "": in one's own."""
    zone: str | None
    """The zone of the IANA database that the client is in."""


def read_request(octets: bytes) -> Asked:
    """The operation that an envelope holds. `Fault`."""
    try:
        root = read(octets)
    except NoXml as error:
        raise Fault("ErrorSchemaValidation", str(error)) from None
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Fault("ErrorSchemaValidation", "a SOAP 1.1 Envelope is wanted")
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    operation = next(children(body), None)
    if operation is None or not str(operation.tag).startswith(f"{{{MESSAGES}}}"):
        raise Fault("ErrorSchemaValidation", "the Body of the Envelope holds no operation")
    asked = child(header, "RequestServerVersion")
    version = asked.get("Version", "") if asked is not None else "Exchange2013_SP1"
    if not _VERSION.match(version):
        raise Fault("ErrorInvalidServerVersion", f"RequestServerVersion: {version[:40]!r} is not known here")
    return Asked(local(operation), operation, version, _impersonated(header), _zone(header))


def _impersonated(header: Element | None) -> str:
    named = child(child(header, "ExchangeImpersonation"), "ConnectingSID")
    if named is None:
        return ""
    for name in ("PrimarySmtpAddress", "SmtpAddress", "PrincipalName"):
        said = words(named, name)
        if said and said.strip():
            return said.strip()
    raise Fault("ErrorInvalidExchangeImpersonationHeaderData", "ConnectingSID: an address is wanted")


def _zone(header: Element | None) -> str | None:
    definition = child(child(header, "TimeZoneContext"), "TimeZoneDefinition")
    return None if definition is None else iana_of(definition.get("Id", "") or definition.get("Name", ""))


def answer(inside: str) -> bytes:
    """An envelope around the answer to an operation."""
    return f"{HEAD}{inside}{TAIL}".encode("utf-8", "replace")


def fault(error: Fault) -> bytes:
    """An envelope around a fault."""
    said = escape(str(error))
    return answer(
        f'<s:Fault><faultcode xmlns:a="{TYPES}">a:{error.code}</faultcode><faultstring xml:lang="en-US">{said}'
        f'</faultstring><detail><e:ResponseCode xmlns:e="{ERRORS}">{error.code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{said}</e:Message></detail></s:Fault>'
    )
