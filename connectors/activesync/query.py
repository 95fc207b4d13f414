"""What the address of a request says: plain, or in base64. MS-ASHTTP §2.2.1.1.1."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes

from connectors.activesync.errors import HttpError

VERSIONS: Final = ("12.1", "14.0", "14.1", "16.0", "16.1")
LONGEST: Final = 4096
COMMANDS: Final[Mapping[int, str]] = {
    0: "Sync",
    1: "SendMail",
    2: "SmartForward",
    3: "SmartReply",
    4: "GetAttachment",
    9: "FolderSync",
    10: "FolderCreate",
    11: "FolderDelete",
    12: "FolderUpdate",
    13: "MoveItems",
    14: "GetItemEstimate",
    15: "MeetingResponse",
    16: "Search",
    17: "Settings",
    18: "Ping",
    19: "ItemOperations",
    20: "Provision",
    21: "ResolveRecipients",
    22: "ValidateCert",
    23: "Find",
}
_PARAMETERS: Final = {0: "AttachmentName", 1: "CollectionId", 3: "ItemId", 4: "LongId", 6: "Occurrence", 8: "User"}
_DEVICE: Final = re.compile(r"[!-~]{1,64}\Z")
_OPTIONS, _SAVE, _MULTIPART = 7, 0x01, 0x02


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and by which device."""

    command: str
    version: int
    """Ten times the protocol version: 161."""
    device: str
    kind: str
    policy: int | None = None
    """The policy key; None: none was sent."""
    save: bool = False
    """SaveInSent, before 14.0."""
    multipart: bool = False
    more: Mapping[str, str] = field(default_factory=dict)
    """`CollectionId`, `ItemId`, `LongId`, `AttachmentName`, `Occurrence`."""


def read_query(text: str, headers: Mapping[str, str]) -> Query:
    """The query of a request. `HttpError` 400."""
    if len(text) > LONGEST:
        raise HttpError(400, "the address is too long")
    return _plain(text, headers) if "=" in text.rstrip("=") else _coded(text, headers)


def _plain(text: str, headers: Mapping[str, str]) -> Query:
    said = dict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="replace"))
    policy = headers.get("x-ms-policykey", "").strip()
    if policy and not (policy.isascii() and policy.isdigit() and len(policy) <= 10):
        raise HttpError(400, "X-MS-PolicyKey is a number")
    return Query(
        said.get("Cmd", ""),
        _version(headers.get("ms-asprotocolversion", "12.1").strip()),
        _device(said.get("DeviceId", "")),
        _kind(said.get("DeviceType", "")),
        int(policy) if policy else None,
        said.get("SaveInSent", "").upper() == "T",
        headers.get("ms-asacceptmultipart", "").strip().upper() == "T",
        {name: said[name] for name in _PARAMETERS.values() if name in said},
    )


def _coded(text: str, headers: Mapping[str, str]) -> Query:
    try:
        octets = base64.b64decode(unquote_to_bytes(text), validate=True)
        version, command, at = octets[0], octets[1], 4
        device, at = _piece(octets, at)
        policy, at = _piece(octets, at)
        kind, at = _piece(octets, at)
        more: dict[int, bytes] = {}
        while at < len(octets):
            more[octets[at]], at = _piece(octets, at + 1)
    except (binascii.Error, IndexError, ValueError):
        raise HttpError(400, "the address cannot be read: a query is plain, or in base64") from None
    if len(policy) not in (0, 4):
        raise HttpError(400, "a policy key has four octets")
    name = device.decode("ascii") if device.isascii() and device.decode("ascii").isprintable() else device.hex()
    options = (more.get(_OPTIONS) or b"\0")[0]
    return Query(
        COMMANDS.get(command, ""),
        _version(f"{version // 10}.{version % 10}"),
        _device(name),
        _kind(kind.decode("utf-8", "replace")),
        int.from_bytes(policy, "little") if policy else None,
        bool(options & _SAVE),
        bool(options & _MULTIPART) or headers.get("ms-asacceptmultipart", "").strip().upper() == "T",
        {_PARAMETERS[tag]: value.decode("utf-8", "replace") for tag, value in more.items() if tag in _PARAMETERS},
    )


def _piece(octets: bytes, at: int) -> tuple[bytes, int]:
    """Octets with their length before them, and where to go on."""
    end = at + 1 + octets[at]
    if end > len(octets):
        raise ValueError("it ends in the middle")
    return octets[at + 1 : end], end


def _version(said: str) -> int:
    if said not in VERSIONS:
        raise HttpError(400, f"MS-ASProtocolVersion {said[:10]!r}: there are {', '.join(VERSIONS)}")
    return int(said.replace(".", ""))


def _device(said: str) -> str:
    if not _DEVICE.match(said):
        raise HttpError(400, "DeviceId is wanted: 1 to 64 letters and digits")
    return said


def _kind(said: str) -> str:
    if not said or len(said) > 64 or not said.isprintable():
        raise HttpError(400, "DeviceType is wanted: 1 to 64 letters and digits")
    return said
