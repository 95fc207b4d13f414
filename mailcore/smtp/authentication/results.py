"""Authentication-Results: written for what was found here, taken away where somebody else claims our name. RFC 8601."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from groupware.mime.headers import fields
from mailcore.server.dns import NoSuchDomain, to_ascii
from mailcore.smtp.authentication.verdicts import Verdicts

NAME: Final = b"Authentication-Results"
JUNK: Final = "x-postroom-disposition"
"""The method whose result `junk` marks a message for the folder of unwanted mail."""
_LONGEST: Final = 16_384
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~@/:\-]+\Z")
_ODD: Final = re.compile(r"[^\x20-\x7e]|[()\\]")
_ID_END: Final = re.compile(r"[\s;/(]")
_METHOD: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9\-]*)\s*(?:/\s*[0-9]+\s*)?=\s*([A-Za-z0-9\-]+)")
_CLAIM: Final = re.compile(rb"^authentication-results[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FIELD: Final = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*\n?")


def written(found: Verdicts, authserv_id: str, junk: str = "") -> bytes:
    """The field, folded, with its line end; b"" when nothing was checked. `junk`: why it goes there."""
    said = list(_said(found))
    if junk:
        said.append(f"{JUNK}=junk policy.reason={_value(junk)}")
    if not said:
        return b""
    return b";\r\n\t".join([NAME + b": " + authserv_id.encode("ascii", "replace"), *map(str.encode, said)]) + b"\r\n"


def listed(found: Verdicts) -> list[str]:
    """What was found, each as `method=result property=value`; `none` when that is nothing."""
    return list(_said(found)) or ["none"]


def _said(found: Verdicts) -> Iterator[str]:
    if found.user:
        yield f"auth=pass smtp.auth={_value(found.user)}"
    if found.iprev is not None:
        name = f" ({_comment(found.iprev.name)})" if found.iprev.name else ""
        yield f"iprev={found.iprev.result}{name} policy.iprev={_value(found.peer)}"
    if found.spf is not None:
        identity = "helo" if found.null_sender else "mailfrom"
        who = found.helo if found.null_sender else found.sender
        yield f"spf={found.spf.result}{_why(found.spf.why)} smtp.{identity}={_value(who)}"
    if found.spf_helo is not None:
        yield f"spf={found.spf_helo.result}{_why(found.spf_helo.why)} smtp.helo={_value(found.helo)}"
    if found.sender_domain is not None and found.sender_domain.result != "pass":
        domain = found.sender_domain
        yield f"x-sender-domain={domain.result}{_why(domain.why)} smtp.mailfrom={_value(domain.domain)}"
    yield from _signatures(found)
    if found.arc is not None and found.arc.result != "none":
        yield f"arc={found.arc.result}{_why(found.arc.why)} smtp.remote-ip={_value(found.peer)}"
    yield from _policy(found)


def _signatures(found: Verdicts) -> Iterator[str]:
    if found.dkim is None:
        return
    if not found.dkim:
        yield "dkim=none"
    for each in found.dkim:
        names = (("d", each.domain), ("s", each.selector), ("a", each.algorithm), ("b", each.start))
        properties = "".join(f" header.{name}={_value(value)}" for name, value in names if value)
        yield f"dkim={each.result}{_why(each.why)}{properties}"


def _policy(found: Verdicts) -> Iterator[str]:
    one = found.dmarc
    if one is None:
        return
    asked = f" (p={one.policy} dis={one.disposition}{' ' + one.override if one.override else ''})"
    domain = f" header.from={_value(one.domain)}" if one.domain else ""
    yield f"dmarc={one.result}{asked if one.record else _why(one.why)}{domain}"


def _why(text: str) -> str:
    return f" ({_comment(text)})" if text else ""


def _comment(text: str) -> str:
    return _ODD.sub("?", text)[:120]


def _value(text: str) -> str:
    """A value as a property has it: a domain in its ASCII form, quoted where it must be. RFC 8601 §2.2."""
    local, at, domain = text[:320].rpartition("@")
    if not domain.isascii():
        try:
            domain = to_ascii(domain)
        except NoSuchDomain:
            domain = "invalid"
    text = local + at + domain
    if _TOKEN.match(text):
        return text
    return '"' + re.sub(r"[^\x20-\x7e]", "?", text).replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- what others have written ---------------------------------------------------------------------------------------


def without_claims(octets: bytes, header_size: int, authserv_id: str) -> bytes:
    """The message without the fields in which somebody claims to be us; the very same object when there are none. §5.

    `header_size`: where the header ends.
    """
    header = octets[:header_size]
    if not _CLAIM.search(header):
        return octets
    kept: list[bytes] = []
    at = 0
    for start in _CLAIM.finditer(header):
        if start.start() < at:
            continue
        whole = _FIELD.match(header, start.start())
        assert whole is not None
        value = whole[0].partition(b":")[2].decode("utf-8", "replace")
        if len(value) > _LONGEST or _same(author(value), authserv_id):  # whose a very long one is, nobody finds out
            kept.append(header[at : whole.start()])
            at = whole.end()
    if not at and not kept:
        return octets
    return b"".join((*kept, octets[at:]))


def _same(one: str, other: str) -> bool:
    return one.lower().removesuffix(".") == other.lower().removesuffix(".")


def author(value: str) -> str:
    """The authserv-id of a field's value; "" when there is none."""
    text = bare(value).lstrip()
    if text.startswith('"'):
        found = re.match(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
        return re.sub(r"\\(.)", r"\1", found[1]) if found is not None else ""
    return _ID_END.split(text, maxsplit=1)[0]


def methods(value: str) -> list[tuple[str, str]]:
    """(method, result) of a field's value, in lower case; what cannot be read is left out."""
    found = (_METHOD.match(part) for part in _parts(bare(value))[1:])
    return [(each[1].lower(), each[2].lower()) for each in found if each is not None]


def is_junk(header: bytes, authserv_id: str) -> bool:
    """Whether this very server has marked the message for the folder of unwanted mail. The header is trusted: it came
    through `without_claims`."""
    ours = (value.decode("utf-8", "replace") for name, value in fields(header) if name.lower() == NAME.lower())
    return any((JUNK, "junk") in methods(value) for value in ours if _same(author(value), authserv_id))


def bare(value: str) -> str:
    """The value on one line and without comments, which nest. RFC 5322 §3.2.2."""
    found: list[str] = []
    depth, quoted, escaped = 0, False, False
    for sign in value[:_LONGEST]:
        if escaped:
            escaped = False
        elif sign == "\\" and (quoted or depth):
            escaped = True
        elif sign == '"' and not depth:
            quoted = not quoted
        elif sign == "(" and not quoted:
            depth += 1
            continue
        elif sign == ")" and depth and not quoted:
            depth -= 1
            found.append(" ")
            continue
        if not depth:
            found.append(" " if sign in "\r\n\t" else sign)
    return "".join(found)


def _parts(text: str) -> list[str]:
    """The text at its semicolons, those within quotes left alone."""
    found, quoted, escaped, start = list[str](), False, False, 0
    for at, sign in enumerate(text):
        if escaped:
            escaped = False
        elif sign == "\\" and quoted:
            escaped = True
        elif sign == '"':
            quoted = not quoted
        elif sign == ";" and not quoted:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def joined(said: Iterable[str]) -> str:
    """Results as the value of a field has them behind the authserv-id."""
    return ";\r\n\t".join(said)
