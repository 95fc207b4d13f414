"""What describes the service to programs that make themselves from a description: WSDL, and the schemas that it names.

Made from the tables by which the server answers: the operations, the header, and the kinds of items with their
properties in the order of the schema. What stands inside an operation or a property is any XML: the types of Exchange's
own schema are not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from connectors.bounded_xml import quoted
from connectors.ews.operations import OPERATIONS
from connectors.ews.order import ORDER, TAGS
from connectors.ews.shapes import TABLES
from connectors.ews.wire import MESSAGES, TYPES

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_SCHEMA: Final = "http://www.w3.org/2001/XMLSchema"
_BINDING: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_ANY: Final = (
    '<xs:complexType name="AnyType" mixed="true"><xs:sequence>'
    '<xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>'
    '<xs:anyAttribute namespace="##any" processContents="lax"/></xs:complexType>'
)
_EXTENDED: Final = '<xs:element name="ExtendedProperty" type="t:AnyType" minOccurs="0" maxOccurs="unbounded"/>'
_HEADERS: Final = ("ExchangeImpersonation", "MailboxCulture", "RequestServerVersion", "TimeZoneContext")
"""What a request may say of itself."""
_IDS: Final = ("ItemId", "FolderId", "DistinguishedFolderId", "ParentFolderId", "AttachmentId")
_RESPONSES: Final = {"GetPersona": "GetPersonaResponseMessage", "SendNotification": "SendNotificationResult"}
"""What answers are called that do not take the name of the operation."""


def _named(request: str) -> str:
    """The operation that a request is of."""
    return request.removesuffix("Request")


def _response(request: str) -> str:
    return _RESPONSES.get(_named(request), f"{_named(request)}Response")


def services(base: str) -> str:
    """Services.wsdl, for the server at that address."""
    lines = [
        f'<wsdl:types><xs:schema xmlns:xs="{_SCHEMA}"><xs:import namespace="{MESSAGES}" schemaLocation="messages.xsd"/>'
        f'<xs:import namespace="{TYPES}" schemaLocation="types.xsd"/></xs:schema></wsdl:types>',
        *(_message(f"{_named(each)}SoapIn", each, _HEADERS) for each in OPERATIONS),
        *(_message(f"{_named(each)}SoapOut", _response(each), ("ServerVersionInfo",)) for each in OPERATIONS),
        '<wsdl:portType name="ExchangeServicePortType">',
        *(_operation(_named(each)) for each in OPERATIONS),
        "</wsdl:portType>",
        '<wsdl:binding name="ExchangeServiceBinding" type="tns:ExchangeServicePortType">'
        f'<soap:binding style="document" transport="{_HTTP}"/>',
        *(_bound(_named(each)) for each in OPERATIONS),
        "</wsdl:binding>",
        '<wsdl:service name="ExchangeServices"><wsdl:port name="ExchangeServicePort"'
        f' binding="tns:ExchangeServiceBinding"><soap:address location="{quoted(base)}/EWS/Exchange.asmx"/></wsdl:port>'
        "</wsdl:service>",
    ]
    spaces = f'xmlns:wsdl="{WSDL}" xmlns:soap="{_BINDING}" xmlns:tns="{MESSAGES}" xmlns:t="{TYPES}"'
    return _document(f'wsdl:definitions {spaces} targetNamespace="{MESSAGES}"', lines)


def _message(name: str, body: str, header: Iterable[str]) -> str:
    parts = "".join(f'<wsdl:part name="{each}" element="t:{each}"/>' for each in header)
    return f'<wsdl:message name="{name}"><wsdl:part name="body" element="tns:{body}"/>{parts}</wsdl:message>'


def _operation(name: str) -> str:
    ways = f'<wsdl:input message="tns:{name}SoapIn"/><wsdl:output message="tns:{name}SoapOut"/>'
    return f'<wsdl:operation name="{name}">{ways}</wsdl:operation>'


def _bound(name: str) -> str:
    def header(way: str, part: str) -> str:
        return f'<soap:header message="tns:{name}Soap{way}" part="{part}" use="literal"/>'

    body = '<soap:body parts="body" use="literal"/>'
    said = "".join(header("In", each) for each in _HEADERS)
    return (
        f'<wsdl:operation name="{name}"><soap:operation soapAction="{MESSAGES}/{name}"/>'
        f"<wsdl:input>{said}{body}</wsdl:input>"
        f"<wsdl:output>{header('Out', 'ServerVersionInfo')}{body}</wsdl:output></wsdl:operation>"
    )


def messages(base: str) -> str:
    """messages.xsd: what is asked, and what is answered."""
    names = dict.fromkeys([*OPERATIONS, *map(_response, OPERATIONS), "SendNotification", _response("SendNotification")])
    types = f'<xs:import namespace="{TYPES}" schemaLocation="types.xsd"/>'
    return _schema(MESSAGES, [types, _ANY, *(_element(each, "m:AnyType") for each in names)])


def types(base: str) -> str:
    """types.xsd: what the header says, ids, and items."""
    identified = (
        '<xs:complexType name="IdType"><xs:sequence>'
        '<xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>'
        '<xs:attribute name="Id" type="xs:string"/><xs:attribute name="ChangeKey" type="xs:string"/>'
        '<xs:anyAttribute namespace="##any" processContents="lax"/></xs:complexType>'
    )
    return _schema(
        TYPES,
        [
            _ANY,
            identified,
            *(_element(each, "t:AnyType") for each in (*_HEADERS, "ServerVersionInfo")),
            *(_element(each, "t:IdType") for each in _IDS),
            *(_item(kind, uris) for kind, uris in TABLES.items()),
            *(_element(kind, f"t:{kind}Type") for kind in TABLES),
        ],
    )


def _item(kind: str, uris: Iterable[str]) -> str:
    """A kind of items: its properties, and among them those that are kept for clients."""
    there = {*uris, "extended"}
    names = dict.fromkeys(TAGS[uri] for uri in ORDER if uri in there)
    rows = "".join(_property(name) if name else _EXTENDED for name in names)
    return f'<xs:complexType name="{kind}Type"><xs:sequence>{rows}</xs:sequence></xs:complexType>'


def _property(name: str) -> str:
    return f'<xs:element name="{name}" type="t:AnyType" minOccurs="0"/>'


def _element(name: str, kind: str) -> str:
    return f'<xs:element name="{name}" type="{kind}"/>'


def _schema(space: str, lines: Iterable[str]) -> str:
    spaces = f'xmlns:xs="{_SCHEMA}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"'
    return _document(f'xs:schema {spaces} targetNamespace="{space}" elementFormDefault="qualified"', lines)


def _document(root: str, lines: Iterable[str]) -> str:
    return f"{_HEAD}<{root}>\n" + "\n".join(lines) + f"\n</{root.partition(' ')[0]}>\n"


DOCUMENTS: Final[Mapping[str, Callable[[str], str]]] = {
    "/ews/services.wsdl": services,
    "/ews/messages.xsd": messages,
    "/ews/types.xsd": types,
}
"""By path; each takes the address of the server."""
