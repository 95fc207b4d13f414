"""Reports that others send to the domains here, out of the letters that bring them: DMARC's (RFC 7489 §7.2, RFC 9990)
and those of TLS (RFC 8460).

Anybody may send one: nothing is unpacked beyond `LARGEST` octets, and what cannot be read is passed over.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from xml.etree.ElementTree import Element, ParseError, fromstring

from groupware.mime.scan import scan
from groupware.mime.transfer import undo

LARGEST: Final = 16 << 20
MOST_PARTS: Final = 10
MOST_ROWS: Final = 10_000
_KINDS: Final = frozenset(
    {
        *("application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed"),
        *("application/octet-stream", "application/xml", "text/xml", "application/json"),
        *("application/tlsrpt+gzip", "application/tlsrpt+json"),
    }
)
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class Unreadable(ValueError):
    """It is no such report."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What somebody saw of mail in the name of a domain, from one address."""

    domain: str
    since: datetime
    until: datetime
    reporter: str
    ip: str
    count: int
    disposition: str
    """What was done with it: none, quarantine, reject."""
    dkim: str
    spf: str
    """Whether either was good for the domain in From: pass or fail."""
    author: str
    """The domain in From."""
    signed: tuple[str, ...]
    """What the signatures said, as `example.org=pass`."""
    envelope: tuple[str, ...]
    """What SPF said."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of somebody's connections to the mail hosts of a domain."""

    domain: str
    since: datetime
    until: datetime
    reporter: str
    policy: str
    result: str
    """`success`, or what failed in the words of RFC 8460 §4.3."""
    host: str
    count: int


Line = TypeVar("Line", Sent, Tried)
Read = Callable[[bytes], tuple[str, list[Line]]]


def lines_of(letters: Iterator[bytes], read: Read[Line]) -> list[Line]:
    """What the reports in these letters say, each report once, the oldest first."""
    found: dict[str, list[Line]] = {}
    for each in letters:
        for document in documents(each):
            with suppress(Unreadable):
                name, lines = read(document)
                found.setdefault(name, lines)
    return sorted((line for lines in found.values() for line in lines), key=lambda line: (line.since, line.domain))


def documents(letter: bytes) -> Iterator[bytes]:
    """What is packed into a letter and may be a report."""
    chosen = [each for each in scan(letter) if each.kind == "leaf" and each.media.name in _KINDS]
    for each in chosen[:MOST_PARTS]:
        octets = undo(letter[each.body_start : each.body_end], each.encoding.decode("ascii", "replace"))
        with suppress(Unreadable):
            yield _unpacked(octets.strip() if octets[:2] != _GZIP else octets)


def _unpacked(octets: bytes) -> bytes:
    try:
        if octets.startswith(_GZIP):
            made = zlib.decompressobj(31).decompress(octets, LARGEST + 1)
        elif octets.startswith(_ZIP):
            with zipfile.ZipFile(io.BytesIO(octets)) as packed, packed.open(packed.namelist()[0]) as file:
                made = file.read(LARGEST + 1)
        else:
            made = octets
    except (zlib.error, zipfile.BadZipFile, IndexError, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(str(error)) from error
    if len(made) > LARGEST:
        raise Unreadable(f"it has more than {LARGEST} octets")
    return made


# --- DMARC ----------------------------------------------------------------------------------------------------------


def dmarc(document: bytes) -> tuple[str, list[Sent]]:
    """The name of a report and its lines. Unreadable."""
    if b"\0" in document or b"<!DOCTYPE" in document[:4096].upper() or b"<!ENTITY" in document:
        raise Unreadable("it is no plain XML")
    try:
        root = fromstring(document)  # noqa: S314 - without a document type nothing grows, and nothing is fetched
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(str(error)) from error
    for each in root.iter():
        each.tag = str(each.tag).rpartition("}")[2]  # newer reports have a namespace
    about = root.find("report_metadata")
    if root.tag != "feedback" or about is None:
        raise Unreadable("it is no report of DMARC")
    reporter = _text(about, "org_name")
    since, until = (_moment(_text(about, f"date_range/{name}")) for name in ("begin", "end"))
    domain = _text(root, "policy_published/domain").lower()
    lines = [_sent(each, domain, since, until, reporter) for each in root.findall("record")[:MOST_ROWS]]
    return f"{reporter} {_text(about, 'report_id')}", lines


def _sent(record: Element, domain: str, since: datetime, until: datetime, reporter: str) -> Sent:
    return Sent(
        domain=domain,
        since=since,
        until=until,
        reporter=reporter,
        ip=_text(record, "row/source_ip"),
        count=_number(_text(record, "row/count")),
        disposition=_text(record, "row/policy_evaluated/disposition"),
        dkim=_text(record, "row/policy_evaluated/dkim"),
        spf=_text(record, "row/policy_evaluated/spf"),
        author=_text(record, "identifiers/header_from").lower(),
        signed=_results(record, "dkim"),
        envelope=_results(record, "spf"),
    )


def _results(record: Element, name: str) -> tuple[str, ...]:
    found = record.findall(f"auth_results/{name}")[:MOST_PARTS]
    return tuple(f"{_text(each, 'domain').lower()}={_text(each, 'result')}" for each in found)


def _text(at: Element, path: str) -> str:
    return " ".join((at.findtext(path) or "").split())[:320]


# --- TLS ------------------------------------------------------------------------------------------------------------


def tls(document: bytes) -> tuple[str, list[Tried]]:
    """The name of a report and its lines. Unreadable. RFC 8460 §4.4."""
    try:
        report = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(report, dict) or not isinstance(report.get("policies"), list):
        raise Unreadable("it is no report of TLS")
    reporter, span = _said(report, "organization-name"), _inner(report, "date-range")
    since, until = (_moment(_said(span, name)) for name in ("start-datetime", "end-datetime"))
    lines = [
        Tried(domain, since, until, reporter, policy, result, host, count)
        for each in report["policies"][:MOST_ROWS]
        if isinstance(each, dict)
        for domain, policy, result, host, count in _tried(each)
    ]
    return f"{reporter} {_said(report, 'report-id')}", lines[:MOST_ROWS]


def _tried(each: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, int]]:
    about, summary = _inner(each, "policy"), _inner(each, "summary")
    domain, policy = _said(about, "policy-domain").lower(), _said(about, "policy-type")
    yield domain, policy, "success", "", _number(_said(summary, "total-successful-session-count"))
    details = each.get("failure-details")
    told: Sequence[Any] = details if isinstance(details, list) else []
    for detail in told:
        if isinstance(detail, dict):
            count = _number(_said(detail, "failed-session-count"))
            yield domain, policy, _said(detail, "result-type"), _said(detail, "receiving-mx-hostname"), count


def _inner(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _said(of: Mapping[str, Any], name: str) -> str:
    found = of.get(name)
    return " ".join(str(found).split())[:320] if isinstance(found, str | int) else ""


# --- both -----------------------------------------------------------------------------------------------------------


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _moment(text: str) -> datetime:
    """Seconds since 1970, or as RFC 3339 has it. Unreadable."""
    try:
        found = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable(f"{text[:40]!r} is no moment") from error
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
