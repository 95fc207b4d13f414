"""What is asked for by GET: Autodiscover's JSON form (v2), PACC, and the table of what there is, for our own pages."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.autodiscover.asked import Room, address_of, asker, host_of, served, who_asks
from groupware.model.errors import NotFound
from mailcore.server.offers import issuer, pacc
from mailcore.server.sections_web import Told

PROFILE_PATH: Final = "/autodiscover/apple.mobileconfig"
POX_PATH: Final = "/autodiscover/autodiscover.xml"
_KINDS: Final[dict[str, tuple[str, Told]]] = {"activesync": ("ActiveSync", "activesync"), "ews": ("Ews", "ews")}
_SUPPORTED: Final = "ActiveSync, AutodiscoverV1, Ews"


async def json_form(room: Room, request: Request) -> Response:
    """Where one protocol of an address is: `?Email=&Protocol=`, or the address at the end of the path. MS-OXDISCO."""
    who = await who_asks(room, request)
    address = request.path_params.get("address", "") or address_of(request, "Email")
    asked = address_of(request, "Protocol")
    if not asked:
        return _refused(
            "MandatoryParameterMissing", "A valid value must be provided for the query parameter 'Protocol'"
        )
    try:
        found = await asker(room, who, address)
    except NotFound as error:
        return _refused("InvalidUserId", str(error), 404)
    if asked.casefold() == "autodiscoverv1":
        return JSONResponse({"Protocol": "AutodiscoverV1", "Url": room.config.web_url + POX_PATH})
    name, kind = _KINDS.get(asked.casefold(), ("", None))
    if kind is None:
        text = f"The given protocol value '{asked[:100]}' is invalid. Supported values are '{_SUPPORTED}'"
        return _refused("InvalidProtocol", text)
    offer = found.first(kind)
    if offer is None:
        return _refused("ProtocolNotSupported", f"{name} is not served here", 404)
    return JSONResponse({"Protocol": name, "Url": offer.url})


async def pacc_document(room: Room, request: Request) -> Response:
    """draft-ietf-mailmaint-pacc: the document of the domain that the host name belongs to. `NotFound`."""
    domain = host_of(request, "ua-auto-config")
    await served(room.parts, domain)
    return Response(pacc(room.offers, domain, issuer(room.config)), media_type="application/json")


async def table(room: Room, request: Request) -> Response:
    """Every way that there is for an address, as JSON: for our own pages, and for who sets a program up by hand."""
    found = await asker(room, await who_asks(room, request), address_of(request, "email"))
    ways = [
        {"kind": each.kind, "host": each.host, "port": each.port, "tls": each.tls, "url": each.url}
        for each in found.offers
    ]
    return JSONResponse({"address": found.address, "login": found.login, "name": found.name, "offers": ways})


def _refused(code: str, text: str, status: int = 400) -> Response:
    return JSONResponse({"ErrorCode": code, "ErrorMessage": text}, status)
