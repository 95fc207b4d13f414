"""DMARC's aggregate reports: what is kept of a message, and the document made of many. RFC 7489 §7.2, appendix C."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from groupware.model.dmarc import DmarcSeen
from mailcore.smtp.authentication import dmarc
from mailcore.smtp.authentication.tags import Malformed
from mailcore.smtp.authentication.verdicts import Action, Verdicts

DAY: Final = 86_400
MOST_SIGNATURES: Final = 10
MOST_DESTINATIONS: Final = 5
_URI: Final = re.compile(r"mailto:([^!?,\s]{1,320})(?:!([0-9]{1,12})([kmgt]?))?\Z", re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_DONE: Final = {"accept": "none", "junk": "quarantine", "quarantine": "quarantine", "reject": "reject", "defer": "none"}
_ODD: Final = re.compile(r"[^\x20-\x7e]")


def seen(found: Verdicts, action: Action, now: float) -> DmarcSeen | None:
    """What is kept of a message; None when nobody asks to be told of it."""
    one = found.dmarc
    if one is None or one.result not in ("pass", "fail") or action == "defer":
        return None
    try:
        if not dmarc.parse(one.record).reports:
            return None
    except Malformed:
        return None
    done = _DONE[action]
    facts = {
        "ip": found.peer,
        "disposition": done,
        "override": one.override or ("local_policy" if done != one.disposition else ""),
        "spf": "pass" if one.spf_aligned else "fail",
        "dkim": "pass" if one.dkim_aligned else "fail",
        "from": one.domain,
        "sender": found.sender.rpartition("@")[2].lower(),
        "spf_found": [found.spf.domain, "helo" if found.null_sender else "mfrom", found.spf.result]
        if found.spf
        else [],
        "dkim_found": [[each.domain, each.selector, each.result] for each in (found.dkim or ())[:MOST_SIGNATURES]],
        "record": one.record,
    }
    return DmarcSeen(int(now) // DAY, one.published, json.dumps(facts, separators=(",", ":"), sort_keys=True))


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one day to one domain."""

    domain: str
    day: int
    id: str
    xml: bytes
    records: tuple[str, ...]
    """The policy records that were seen, the newest last."""

    @property
    def packed(self) -> bytes:
        """As it is sent."""
        return gzip.compress(self.xml, mtime=0)

    def filename(self, receiver: str) -> str:
        """RFC 7489 §7.2.1.1."""
        return f"{receiver}!{self.domain}!{self.day * DAY}!{(self.day + 1) * DAY - 1}.xml.gz"


def made(domain: str, day: int, rows: Sequence[DmarcSeen], by: Reporter) -> Report:
    """The report of what was seen."""
    facts = [(json.loads(each.facts), each.count) for each in rows]
    records = tuple(dict.fromkeys(each["record"] for each, _ in facts))
    name = f"{day * DAY}.{domain}"
    root = Element("feedback")
    _texts(root, version="1.0")
    about = SubElement(root, "report_metadata")
    _texts(about, org_name=by.name, email=by.address, report_id=name)
    _texts(SubElement(about, "date_range"), begin=day * DAY, end=(day + 1) * DAY - 1)
    _published(root, domain, records[-1] if records else "v=DMARC1; p=none")
    for each, count in facts:
        _row(root, each, count)
    return Report(domain, day, name, b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root), records)


def _published(root: Element, domain: str, text: str) -> None:
    record = dmarc.parse(text)
    _texts(
        SubElement(root, "policy_published"), domain=domain, adkim=record.dkim, aspf=record.spf, p=record.policy,
        sp=record.subdomains, pct=record.percent,
    )  # fmt: skip


def _row(root: Element, facts: dict[str, Any], count: int) -> None:
    one = SubElement(root, "record")
    row = SubElement(one, "row")
    _texts(row, source_ip=facts["ip"], count=count)
    policy = SubElement(row, "policy_evaluated")
    _texts(policy, disposition=facts["disposition"], dkim=facts["dkim"], spf=facts["spf"])
    if facts["override"]:
        _texts(SubElement(policy, "reason"), type=facts["override"])
    _texts(SubElement(one, "identifiers"), envelope_from=facts["sender"], header_from=facts["from"])
    results = SubElement(one, "auth_results")
    for domain, selector, result in facts["dkim_found"]:
        _texts(SubElement(results, "dkim"), domain=domain, selector=selector, result=result)
    if facts["spf_found"]:
        domain, scope, result = facts["spf_found"]
        _texts(SubElement(results, "spf"), domain=domain, scope=scope, result=result)


def _texts(under: Element, **values: object) -> None:
    for name, value in values.items():
        SubElement(under, name).text = _ODD.sub("?", str(value))


def destinations(records: Sequence[str], size: int) -> list[str]:
    """The addresses that ask for reports, and take one of that size."""
    found: dict[str, None] = {}
    for text in records[-1:]:
        for uri in dmarc.parse(text).reports:
            match = _URI.match(uri)
            if match is None or "@" not in match[1] or not match[1].isascii():
                continue
            if match[2] is None or size <= int(match[2]) * _UNITS[match[3].lower()]:
                found[match[1]] = None
    return list(found)[:MOST_DESTINATIONS]
