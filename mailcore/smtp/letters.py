"""Whom a message is for, by its own header, and how it leaves: what services that hand mail in have in common."""

from __future__ import annotations

import re
from typing import Final

from groupware.mime.addresses import address_of, parse
from groupware.mime.headers import fields, unfold
from mailcore.smtp.headers import header_of

_BCC: Final = re.compile(rb"^bcc[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)


def people_of(octets: bytes) -> tuple[str, list[str]]:
    """(sender, recipients) by Sender or From, and To, Cc and Bcc; the sender is "" when nobody is named."""
    found: dict[str, list[str]] = {}
    for name, value in fields(header_of(octets)):
        key = name.decode("ascii", "replace").lower()
        if key in ("sender", "from", "to", "cc", "bcc"):
            found.setdefault(key, []).extend(address_of(each) for each in parse(unfold(value)) if each.host)
    senders = [*found.get("sender", ()), *found.get("from", ())]
    everybody = dict.fromkeys([each for key in ("to", "cc", "bcc") for each in found.get(key, ())])
    return senders[0] if senders else "", list(everybody)


def without_bcc(octets: bytes) -> bytes:
    """RFC 8621 §7.5: nobody learns who else has it."""
    header = header_of(octets)
    return _BCC.sub(b"", header) + octets[len(header) :]
