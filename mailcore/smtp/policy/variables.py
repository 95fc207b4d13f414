"""Every variable that a rule may ask for or set, declared once. `docs/policy.md` is made from here.

1. A variable is known from one event of the dialogue on; what happens in the queue knows what it needs of a message.
2. A family (`header.NAME`) is asked for with what is meant behind the point.
3. What costs a look-up (`slow`) is looked up only where a rule of the event asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mailcore.server.sections import Mechanism

Event = Literal["connect", "ehlo", "mail", "rcpt", "headers", "data", "relay", "failure", "temporary-failure"]
EVENTS: Final[tuple[Event, ...]] = get_args(Event)
DIALOGUE: Final = EVENTS[:6]
CONTENT: Final[tuple[Event, ...]] = ("headers", "data")
QUEUE: Final = EVENTS[6:]

Kind = Literal["text", "texts", "address", "number", "yes or no"]
Value = str | int | bool | tuple[str, ...]
Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `doc` is its line in the manual."""

    name: str
    kind: Kind
    known: tuple[Event, ...]
    doc: str
    settable: tuple[Event, ...] = ()
    choices: tuple[str, ...] = ()
    several: bool = False
    """It is set to any number of the choices, apart by spaces."""
    least: int = 0
    most: int = 0
    slow: bool = False
    family: bool = False


def _from(event: Event) -> tuple[Event, ...]:
    return DIALOGUE[DIALOGUE.index(event) :]


_HELLO: Final[tuple[Event, ...]] = ("connect", "ehlo")
_ANY: Final[tuple[Event, ...]] = (*_HELLO, "mail", "rcpt")
_WHO: Final = ("none", "auth", "all")
_MECHANISMS: Final = get_args(Mechanism)

_DECLARED: Final = (
    Variable("remoteSmtpIp", "address", DIALOGUE, "Address of the client."),
    Variable("remoteSmtpPort", "number", DIALOGUE, "Its port."),
    Variable("smtpIp", "address", DIALOGUE, "Address of this server that the client has reached."),
    Variable("smtpPort", "number", DIALOGUE, "The port there."),
    Variable("listener", "text", DIALOGUE, "Name of the listener."),
    Variable("role", "text", DIALOGUE, "`mx` or `submission`."),
    Variable("isSSLConnection", "yes or no", DIALOGUE, "Whether the connection is encrypted."),
    Variable("tlsVersion", "text", DIALOGUE, "Version of TLS, such as `TLSv1.3`; empty without TLS."),
    Variable("tlsCipher", "text", DIALOGUE, "Its cipher."),
    Variable("clientCertificate", "text", DIALOGUE, "Whom the client's verified certificate names."),
    Variable("authUser", "text", DIALOGUE, "Who signed in; empty: nobody."),
    Variable("mailCount", "number", DIALOGUE, "Messages that were taken in this session."),
    Variable("totalMailSize", "number", DIALOGUE, "Their octets."),
    Variable("reverseDns", "texts", DIALOGUE, "Names of the client's address (PTR) that lead back to it.", slow=True),
    Variable(
        "dnsbl.", "texts", DIALOGUE, "What the list at a zone says of the client's address, such as `127.0.0.2`; empty:"
        " it is not on it. `dnsbl.zen.spamhaus.org is 127.0.0.2`", slow=True, family=True,
    ),
    Variable("dnswl.", "texts", DIALOGUE, "The same, of a list of good addresses.", slow=True, family=True),
    Variable("country", "text", DIALOGUE, "Country of the client's address, such as `DE`, by `smtp.countries.file`;"
             " empty: nobody knows.", slow=True),
    Variable("ehloHost", "text", _from("ehlo"), "What the client calls itself."),
    Variable("isESMTP", "yes or no", _from("ehlo"), "Whether it said EHLO."),
    Variable("mailFrom", "text", (*_from("mail"), *QUEUE), "The sender; empty: <>."),
    Variable("mailFromUser", "text", (*_from("mail"), *QUEUE), "What stands before the @ of it."),
    Variable("mailFromDomain", "text", (*_from("mail"), *QUEUE), "Its domain."),
    Variable("peerMessages", "number", _from("mail"), "Messages that clients of this address (of IPv6: its /64)"
             " have begun in the interval of `smtp.peer_rates`, this one included; 0 for who has signed in."),
    Variable("peerRecipients", "number", _from("rcpt"), "Recipients that they have named in it."),
    Variable("declaredSize", "number", _from("mail"), "Octets that the client announced (SIZE=); 0: it did not."),
    Variable("rcpt", "texts", (*_from("rcpt"), *QUEUE), "The recipient; from `headers` on all of them."),
    Variable("rcptUser", "texts", (*_from("rcpt"), *QUEUE), "What stands before the @ of them."),
    Variable("rcptDomain", "texts", (*_from("rcpt"), *QUEUE), "Their domains."),
    Variable("rcptCount", "number", (*_from("rcpt"), *QUEUE), "How many recipients were taken so far."),
    Variable("rcptIsLocal", "yes or no", ("rcpt",), "Whether the recipient is of this server."),
    Variable("rcptExists", "yes or no", ("rcpt",), "Whether the address leads anywhere; always, for those elsewhere."),
    Variable("header.", "texts", CONTENT, "Values of the header fields of that name, decoded.", family=True),
    Variable("headerNames", "texts", CONTENT, "Names of all header fields."),
    Variable("receivedCount", "number", CONTENT, "How many Received lines the message came with."),
    Variable("SPFResult", "text", CONTENT, "What SPF says: pass, fail, softfail, ...; empty: it was not asked."),
    Variable("SPFExplanation", "text", CONTENT, "What the domain says of a fail."),
    Variable("reverseDNSResult", "text", CONTENT, "Whether the client's address has a name that leads back to it: pass,"
             " fail, ..."),
    Variable("senderDomainResult", "text", CONTENT, "Whether the sender's domain takes mail: pass, fail, ..."),
    Variable("DKIMResult", "text", CONTENT, "`pass` when one signature is good; else what the first one is, or none."),
    Variable("DKIMDomains", "texts", CONTENT, "The domains of the signatures that are good."),
    Variable("ARCResult", "text", CONTENT, "What is found of the ARC chain: pass, fail, none."),
    Variable("DMARCResult", "text", CONTENT, "What DMARC says of the author's domain: pass, fail, none, ..."),
    Variable("DMARCPolicy", "text", CONTENT, "What that domain asks for: none, quarantine, reject."),
    Variable("messageSize", "number", ("data", *QUEUE), "Octets of the message."),
    Variable("attachmentNames", "texts", ("data",), "File names of its parts.", slow=True),
    Variable("contentTypes", "texts", ("data",), "Media types of its parts, such as `text/html`.", slow=True),
    Variable("relayDomain", "text", QUEUE, "The domain that this attempt is for."),
    Variable("submitted", "yes or no", QUEUE, "Whether somebody who signed in sent it."),
    Variable("tries", "number", QUEUE, "How often it has been tried, this time included."),
    Variable("failureCode", "text", QUEUE[1:], "Enhanced status code of what went wrong, such as `5.1.1`."),
    Variable("failureText", "text", QUEUE[1:], "What was said."),
    Variable("failureHost", "text", QUEUE[1:], "Who said it; empty: this server."),
    Variable("smtpGreeting", "text", (), "The first line, behind `220`.", settable=("connect",)),
    Variable("allowStartTLS", "yes or no", (), "Offer and take STARTTLS.", settable=_HELLO),
    Variable("allowPipelining", "yes or no", (), "Offer PIPELINING.", settable=_HELLO),
    Variable("allow8bitMime", "yes or no", (), "Offer 8BITMIME.", settable=_HELLO),
    Variable("allowBinaryData", "yes or no", (), "Offer CHUNKING and BINARYMIME.", settable=_HELLO),
    Variable("allowAuth", "yes or no", (), "Offer and take AUTH.", settable=_HELLO),
    Variable("secureConnAuthTypes", "text", (), "Mechanisms that are left of those that the service offers over TLS.",
             settable=_HELLO, choices=_MECHANISMS, several=True),
    Variable("plainConnAuthTypes", "text", (), "The same for connections without TLS.", settable=_HELLO,
             choices=_MECHANISMS, several=True),
    Variable("maxDataSize", "number", (), "KB of one message.", settable=_ANY, least=1, most=2_097_151),
    Variable("maxRcptCount", "number", (), "Recipients of one message.", settable=_ANY, most=1000),
    Variable("maxPeerMessages", "number", (), "Messages of one peer in the interval of `smtp.peer_rates`; 0: no limit.",
             settable=_HELLO, most=1_000_000),
    Variable("maxPeerRecipients", "number", (), "Recipients of one peer in that interval; 0: no limit.",
             settable=_HELLO, most=10_000_000),
    Variable("maxReceivedHeaders", "number", (), "Received lines beyond which a message loops.", settable=_ANY, least=1,
             most=1000),
    Variable("localDelivery", "text", (), "Who may send to recipients here.", settable=_ANY, choices=_WHO),
    Variable("remoteDelivery", "text", (), "Who may send to recipients elsewhere.", settable=_ANY, choices=_WHO),
)  # fmt: skip

VARIABLES: Final[Mapping[str, Variable]] = {each.name: each for each in _DECLARED}
_LOWER: Final[Mapping[str, Variable]] = {each.name.lower(): each for each in _DECLARED}


def declared(name: str) -> tuple[Variable, str]:
    """The variable, and its name as it is kept, letter case aside. ValueError when there is none."""
    head, point, rest = name.partition(".")
    found = _LOWER.get(f"{head}{point}".lower())
    if found is None or (found.family and not rest) or (rest and not found.family):
        raise ValueError(f"there is no variable {name[:60]!r}; `postroom policy variables` shows those there are")
    return found, found.name + rest.lower() if found.family else found.name


def setting(variable: Variable, text: str) -> Value:
    """The value to set a variable to, as a person types it. ValueError says what it may be."""
    if variable.kind == "yes or no":
        if text.lower() not in ("yes", "no"):
            raise ValueError(f"{variable.name} is yes or no, not {text[:40]!r}")
        return text.lower() == "yes"
    if variable.kind == "number":
        if not (text.isascii() and text.isdecimal() and len(text) < 12) or not (
            variable.least <= int(text) <= variable.most
        ):
            raise ValueError(f"{variable.name} is a number from {variable.least} to {variable.most}")
        return int(text)
    wanted = text.split() if variable.several else [text]
    if variable.choices and (not wanted or not set(wanted) <= set(variable.choices)):
        which = "some" if variable.several else "one"
        raise ValueError(f"{variable.name} is {which} of {', '.join(variable.choices)}")
    if len(text) > 400 or not text.isprintable():
        raise ValueError(f"{variable.name} is a text on one line, of at most 400 characters")
    return text
