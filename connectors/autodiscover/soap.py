"""Autodiscover's second form: SOAP, for what speaks EWS. MS-OXWSADISC.

Whoever asks has to sign in: programs find out from the 401 how to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from connectors.autodiscover.asked import Asker, Room, asker, body_of, must_sign_in, served, who_asks
from connectors.autodiscover.pox import XML_TYPE, deployment, legacy_name
from connectors.dav import xml
from connectors.dav.errors import DavError
from groupware.model.addresses import normal
from groupware.model.errors import NotFound
from groupware.model.principal import Principal
from mailcore.server.offers import Offer, first

SPACE: Final = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMAS: Final = (
    "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, Exchange2010_SP2, Exchange2013, Exchange2013_SP1,"
    " Exchange2016"
)
VERSION: Final = (15, 1, 2507, 0)
"""The version that is claimed: the last of Exchange 2016, whose schema is served."""
MOST: Final = 100
"""Users or domains, and settings, in one request."""
_Value = str | Sequence[Offer] | None


async def soap(room: Room, request: Request) -> Response:
    """The answer to one operation; a SOAP fault for what is none."""
    who = must_sign_in(await who_asks(room, request))
    if request.method != "POST":
        return Response("Autodiscover takes SOAP by POST here.\n", 405, {"allow": "POST"})
    try:
        root = xml.read(await body_of(request))
    except DavError as error:
        return _fault(str(error))
    body = root.find(f"{{{SOAP}}}Body") if root is not None else None
    asked = next(iter(body), None) if body is not None else None
    if root is None or asked is None:
        return _fault("there is no SOAP body with an operation in it")
    name = str(asked.tag).removeprefix(f"{{{SPACE}}}").removesuffix("RequestMessage")
    operation = _OPERATIONS.get(name)
    if operation is None:
        return _fault(f"there is no operation {name[:100]}; there are {', '.join(_OPERATIONS)}")
    inside = await operation(room, who, asked)
    relates = next((str(each.text or "") for each in root.iter(f"{{{ADDRESSING}}}MessageID")), "")[:300]
    return _envelope(name, inside, relates)


async def _user_settings(room: Room, who: Principal, asked: xml.Element) -> str:
    users = [str(each.text or "").strip() for each in asked.iter(f"{{{SPACE}}}Mailbox")]
    wanted = _wanted(asked)
    if not users or not wanted or max(len(users), len(wanted)) > MOST:
        return _code("InvalidRequest", f"a request has 1 to {MOST} users and 1 to {MOST} settings")
    told = "".join([await _user(room, who, user, wanted) for user in users])
    return f"{_code('NoError')}<UserResponses>{told}</UserResponses>"


async def _user(room: Room, who: Principal, address: str, wanted: Sequence[str]) -> str:
    try:
        found = await asker(room, who, address)
    except NotFound as error:
        return f"<UserResponse>{_code('InvalidUser', str(error))}{_NO_REDIRECT}</UserResponse>"
    values = {name: _USER[name](found) if name in _USER else None for name in wanted}
    lacking = "".join(_lacking("UserSettingError", name) for name in wanted if not values[name])
    given = "".join(_setting("UserSetting", name, value) for name, value in values.items() if value)
    inside = f"<UserSettingErrors>{lacking}</UserSettingErrors><UserSettings>{given}</UserSettings>"
    return f"<UserResponse>{_code('NoError')}{_NO_REDIRECT}{inside}</UserResponse>"


async def _domain_settings(room: Room, who: Principal, asked: xml.Element) -> str:
    names = [str(each.text or "").strip() for each in asked.iter(f"{{{SPACE}}}Domain")]
    wanted = _wanted(asked)
    if not names or not wanted or max(len(names), len(wanted)) > MOST:
        return _code("InvalidRequest", f"a request has 1 to {MOST} domains and 1 to {MOST} settings")
    told = "".join([await _domain(room, name, wanted) for name in names])
    return f"{_code('NoError')}<DomainResponses>{told}</DomainResponses>"


async def _domain(room: Room, name: str, wanted: Sequence[str]) -> str:
    try:
        await served(room.parts, normal(name[:255]))
    except NotFound as error:
        return f"<DomainResponse>{_code('InvalidDomain', str(error))}{_NO_REDIRECT}</DomainResponse>"
    ews = first(room.offers, "ews")
    there = {"ExternalEwsUrl": ews.url, "ExternalEwsVersion": _version()} if ews is not None else {}
    lacking = "".join(_lacking("DomainSettingError", each) for each in wanted if each not in there)
    given = "".join(_setting("DomainSetting", each, there[each]) for each in wanted if each in there)
    inside = f"<DomainSettingErrors>{lacking}</DomainSettingErrors><DomainSettings>{given}</DomainSettings>"
    return f"<DomainResponse>{_code('NoError')}{inside}{_NO_REDIRECT}</DomainResponse>"


async def _federation(room: Room, who: Principal, asked: xml.Element) -> str:
    return _code("NotFederated", "this server is not federated with others")


_OPERATIONS: Final = {
    "GetUserSettings": _user_settings,
    "GetDomainSettings": _domain_settings,
    "GetFederationInformation": _federation,
}


def _ews(found: Asker) -> str | None:
    offer = found.first("ews")
    return offer.url if offer is not None else None


def _only_with_ews(value: str) -> Callable[[Asker], _Value]:
    return lambda found: value if found.first("ews") is not None else None


def _version() -> str:
    return ".".join(str(each) for each in VERSION)


_USER: Final[Mapping[str, Callable[[Asker], _Value]]] = {
    "UserDisplayName": lambda found: found.name,
    "UserDN": lambda found: legacy_name(found.address),
    "UserDeploymentId": lambda found: deployment(found.domain),
    "AutoDiscoverSMTPAddress": lambda found: found.address,
    "ExternalEwsUrl": _ews,
    "InternalEwsUrl": _ews,
    "ExternalEmwsUrl": _ews,
    "InternalEmwsUrl": _ews,
    "ExternalASUrl": _ews,
    "InternalASUrl": _ews,
    "ExternalOOFUrl": _ews,
    "InternalOOFUrl": _ews,
    "ExternalEwsVersion": _only_with_ews(_version()),
    "EwsSupportedSchemas": _only_with_ews(SCHEMAS),
    "CasVersion": _only_with_ews(_version()),
    "ExternalImap4Connections": lambda found: found.all("imap"),
    "InternalImap4Connections": lambda found: found.all("imap"),
    "ExternalPop3Connections": lambda found: found.all("pop3"),
    "InternalPop3Connections": lambda found: found.all("pop3"),
    "ExternalSmtpConnections": lambda found: found.all("smtp"),
    "InternalSmtpConnections": lambda found: found.all("smtp"),
}
_NO_REDIRECT: Final = '<RedirectTarget i:nil="true"/>'


def _wanted(asked: xml.Element) -> list[str]:
    """The settings that are asked for, each once."""
    return list(dict.fromkeys(str(each.text or "").strip()[:100] for each in asked.iter(f"{{{SPACE}}}Setting")))


def _code(code: str, text: str = "") -> str:
    return f"<ErrorCode>{code}</ErrorCode><ErrorMessage>{xml.escape(text or 'No error.')}</ErrorMessage>"


def _lacking(kind: str, name: str) -> str:
    code = _code("SettingIsNotAvailable", f"The setting {name} is not available.")
    return f"<{kind}>{code}<SettingName>{xml.escape(name)}</SettingName></{kind}>"


def _setting(kind: str, name: str, value: str | Sequence[Offer]) -> str:
    if isinstance(value, str):
        return f'<{kind} i:type="{_plain(kind)}"><Name>{name}</Name><Value>{xml.escape(value)}</Value></{kind}>'
    ways = "".join(
        f"<ProtocolConnection><EncryptionMethod>{'SSL' if each.tls == 'implicit' else 'TLS'}</EncryptionMethod>"
        f"<Hostname>{xml.escape(each.host)}</Hostname><Port>{each.port}</Port></ProtocolConnection>"
        for each in value
    )
    inside = f"<Name>{name}</Name><ProtocolConnections>{ways}</ProtocolConnections>"
    return f'<{kind} i:type="ProtocolConnectionCollectionSetting">{inside}</{kind}>'


def _plain(kind: str) -> str:
    return "StringSetting" if kind == "UserSetting" else "DomainStringSetting"


def _envelope(name: str, inside: str, relates: str) -> Response:
    major, minor, build, revision = VERSION
    version = (
        f'<h:ServerVersionInfo xmlns:h="{SPACE}"><h:MajorVersion>{major}</h:MajorVersion><h:MinorVersion>{minor}'
        f"</h:MinorVersion><h:MajorBuildNumber>{build}</h:MajorBuildNumber><h:MinorBuildNumber>{revision}"
        "</h:MinorBuildNumber><h:Version>Exchange2016</h:Version></h:ServerVersionInfo>"
    )
    answers = f"<a:RelatesTo>{xml.escape(relates)}</a:RelatesTo>" if relates else ""
    text = (
        f'{xml.HEAD}<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{SPACE}/Autodiscover/{name}Response</a:Action>{version}{answers}</s:Header>'
        f'<s:Body><{name}ResponseMessage xmlns="{SPACE}"><Response xmlns:i="{INSTANCE}">{inside}</Response>'
        f"</{name}ResponseMessage></s:Body></s:Envelope>\n"
    )
    return Response(text, media_type=XML_TYPE)


def _fault(text: str) -> Response:
    fault = f"<faultcode>s:Client</faultcode><faultstring>{xml.escape(text)}</faultstring>"
    whole = f'{xml.HEAD}<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault>{fault}</s:Fault></s:Body></s:Envelope>\n'
    return Response(whole, 500, media_type=XML_TYPE)
