"""What is known at each event, as facts for the rules. What nobody asks for is not looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.media import text_of_param
from groupware.mime.scan import scan
from mailcore.smtp import headers
from mailcore.smtp.authentication.verdicts import Verdicts
from mailcore.smtp.policy import peerrates
from mailcore.smtp.policy.variables import Value
from mailcore.smtp.state import State, Transaction


def of_session(state: State) -> dict[str, Value]:
    """What is known of the connection and of who is at its other end."""
    connection, tls = state.connection, state.connection.tls
    return {
        "remoteSmtpIp": connection.peer.ip.partition("%")[0],
        "remoteSmtpPort": connection.peer.port,
        "smtpIp": connection.local.ip.partition("%")[0],
        "smtpPort": connection.local.port,
        "listener": connection.listener.name,
        "role": state.role,
        "isSSLConnection": connection.secure,
        "tlsVersion": tls.version if tls is not None else "",
        "tlsCipher": tls.cipher if tls is not None else "",
        "clientCertificate": tls.subject if tls is not None else "",
        "authUser": state.owner[1],
        "mailCount": state.taken,
        "totalMailSize": state.taken_octets,
        "ehloHost": state.hello,
        "isESMTP": state.extended,
        **peerrates.facts(state),
        **state.limits,
    }


def of_sender(sender: str) -> dict[str, Value]:
    """What is known of the sender."""
    user, _, domain = sender.rpartition("@")
    return {"mailFrom": sender, "mailFromUser": user, "mailFromDomain": domain}


def of_recipients(recipients: Iterable[str]) -> dict[str, Value]:
    """What is known of recipients."""
    found = tuple(recipients)
    return {
        "rcpt": found,
        "rcptUser": tuple(each.rpartition("@")[0] for each in found),
        "rcptDomain": tuple(each.rpartition("@")[2] for each in found),
    }


def of_message(state: State, transaction: Transaction) -> dict[str, Value]:
    """What is known of a message once it has begun."""
    return {
        **of_session(state),
        **of_sender(transaction.sender),
        "declaredSize": transaction.params.size,
        "rcptCount": len(transaction.recipients) + len(transaction.discarded),
        **transaction.limits,
    }


def of_header(octets: bytes, asked: Collection[str]) -> dict[str, Value]:
    """What is known of a message by its header."""
    header = headers.header_of(octets)
    found = fields(header)
    facts: dict[str, Value] = {
        "headerNames": tuple(name.decode("ascii", "replace") for name, _ in found),
        "receivedCount": headers.hops(header),
    }
    for wanted in asked:
        if wanted.startswith("header."):
            name = wanted.removeprefix("header.").encode()
            facts[wanted] = tuple(decode_text(unfold(value)) for each, value in found if each.lower() == name)
    return facts


def of_verdicts(found: Verdicts) -> dict[str, Value]:
    """What is known of a message by the checks of its sender; what was not checked is empty."""
    signatures = found.dkim or ()
    good = tuple(each.domain for each in signatures if each.result == "pass")
    first = signatures[0].result if signatures else "" if found.dkim is None else "none"
    return {
        "SPFResult": found.spf.result if found.spf is not None else "",
        "SPFExplanation": found.spf.explanation if found.spf is not None else "",
        "reverseDNSResult": found.iprev.result if found.iprev is not None else "",
        "senderDomainResult": found.sender_domain.result if found.sender_domain is not None else "",
        "DKIMResult": "pass" if good else first,
        "DKIMDomains": good,
        "ARCResult": found.arc.result if found.arc is not None else "",
        "DMARCResult": found.dmarc.result if found.dmarc is not None else "",
        "DMARCPolicy": found.dmarc.policy if found.dmarc is not None else "",
    }


def of_content(octets: bytes, asked: Collection[str]) -> dict[str, Value]:
    """What is known of a message by all of it."""
    facts: dict[str, Value] = {"messageSize": len(octets)}
    if not {"attachmentNames", "contentTypes"}.intersection(asked):
        return facts
    names, types = [], []
    for node in scan(octets):
        types.append(node.media.name)
        named = text_of_param(node.disposition[1], b"filename") if node.disposition is not None else ""
        names.append(named or text_of_param(node.media.params, b"name"))
    return {**facts, "attachmentNames": tuple(filter(None, names)), "contentTypes": tuple(types)}
