"""What a report about delivery says, by recipient. RFC 3464."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.addresses import normal

from .headers import decode_text, fields, unfold
from .parts import Part
from .transfer import undo

_MOST: Final = 256 * 1024
_MOST_REPORTED: Final = 100
_MEDIA: Final = ("message/delivery-status", "message/global-delivery-status")
_STATUS: Final = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")
_BLANK: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report says of one recipient."""

    address: str
    action: str
    status: str
    why: str

    @property
    def failed(self) -> bool:
        """Whether the recipient has not got it, and will not."""
        return self.action == "failed" and not self.status.startswith("2")


@dataclass(frozen=True, slots=True)
class Report:
    """A report as a whole."""

    envelope: str = ""
    """What the sender has called the message (ENVID); "" for nothing."""
    recipients: Sequence[Reported] = ()


def report_of(octets: bytes, parts: Sequence[Part]) -> Report | None:
    """The report that a message is; None when it is none."""
    for part in parts:
        if part.media in _MEDIA:
            said = undo(octets[part.body_start : part.body_end][:_MOST], part.encoding)
            blocks = [_fields(block) for block in _BLANK.split(said)[:_MOST_REPORTED]]
            envelope = next((each[_ENVELOPE] for each in blocks if _ENVELOPE in each), "")
            return Report(envelope.strip(), [_one(each) for each in blocks if _RECIPIENT in each])
    return None


_ENVELOPE, _RECIPIENT = b"original-envelope-id", b"final-recipient"


def _fields(block: bytes) -> dict[bytes, str]:
    return {name.lower(): decode_text(unfold(value)) for name, value in fields(block.lstrip() + b"\r\n")}


def _one(said: dict[bytes, str]) -> Reported:
    recipient = said.get(b"original-recipient") or said[_RECIPIENT]
    address = normal(recipient.partition(";")[2].strip().strip("<>"))
    status = _STATUS.search(said.get(b"status", ""))
    why = said.get(b"diagnostic-code", "").partition(";")[2].strip() or said.get(b"status", "")
    return Reported(address, said.get(b"action", "").strip().lower(), status[0] if status else "", why)
