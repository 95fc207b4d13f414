"""Macros of SPF records. RFC 7208 §7."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from mailcore.server.rules import Address

_EXPAND: Final = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|([%_\-]))")
_PLAIN: Final = {"%": "%", "_": " ", "-": "%20"}
_LONGEST_NAME: Final = 253


@dataclass(frozen=True, slots=True)
class Macros:
    """What the letters stand for."""

    ip: Address
    sender: str
    helo: str
    domain: str
    validated: str = "unknown"
    """The name of the peer that was validated."""
    receiver: str = "unknown"
    now: int = 0

    def value(self, letter: str) -> str:
        """What a letter stands for."""
        local, _, host = self.sender.rpartition("@")
        values = {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": self.domain,
            "i": dotted(self.ip),
            "p": self.validated,
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": self.receiver,
            "t": str(self.now),
        }
        return values[letter]


def dotted(ip: Address) -> str:
    """The address as the macro `i` has it: nibbles apart for IPv6."""
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return ".".join(ip.exploded.replace(":", ""))


def wants_name(text: str) -> bool:
    """Whether the validated name of the peer is needed to expand this."""
    return "%{p" in text.lower()


def expand(text: str, macros: Macros) -> str:
    """The text with its macros expanded; it follows the grammar."""

    def one(match: re.Match[str]) -> str:
        if match[5]:
            return _PLAIN[match[5]]
        value = macros.value(match[1].lower())
        if match[2] or match[3] or match[4]:
            parts = re.split(f"[{re.escape(match[4] or '.')}]", value)
            if match[3]:
                parts.reverse()
            value = ".".join(parts[-int(match[2]) :] if match[2] else parts)
        return quote(value, safe="-._~") if match[1].isupper() else value

    return _EXPAND.sub(one, text)


def expand_domain(text: str, macros: Macros) -> str:
    """The same for a domain name: labels too many fall off at the left. RFC 7208 §7.3."""
    name = expand(text, macros).removesuffix(".")
    while len(name) > _LONGEST_NAME and "." in name:
        name = name.partition(".")[2]
    return name
