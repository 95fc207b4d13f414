"""SpamAssassin's daemon. The protocol is `spamd/PROTOCOL` in SpamAssassin's distribution, version 1.5."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from connectors.scanners.report import MOST_TOLD, Letter, Report, Unavailable, one_line
from connectors.scanners.wire import connected

_STATUS: Final = re.compile(rb"SPAMD/[\d.]+ (\d+) ([^\r\n]*)\r\n")
_SPAM: Final = re.compile(rb"(?im)^Spam: *(?:True|False|Yes|No) *; *(-?[\d.]+) */ *(-?[\d.]+)")
_WORDS: Final = re.compile(r"[^\w.@+-]")


@dataclass(frozen=True, slots=True)
class Spamd:
    """A spamd. `user`: whose preferences hold when the message is for several."""

    name: str
    address: str
    seconds: float = 60
    user: str = ""

    async def scan(self, letter: Letter) -> Report:
        """Score, threshold, and the rules that counted. `Unavailable`."""
        only = letter.recipients[0] if len(letter.recipients) == 1 else ""
        answer = await self._ask(b"SYMBOLS", letter.octets, user=only)
        found = _SPAM.search(answer)
        if found is None:
            raise Unavailable(f"{self.name} at {self.address} gives no score")
        score, threshold = float(found[1]), float(found[2])
        rules = answer.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").strip()
        names = tuple(one_line(rule) for rule in rules.split(",")[:MOST_TOLD] if rule.strip())
        return Report(self.name, "junk" if score >= threshold else "accept", score, threshold, rules=names)

    async def learn(self, octets: bytes, *, spam: bool, user: str = "") -> None:
        """Tells it that the message is spam, or is none (it has to run with --allow-tell). `Unavailable`."""
        kind = b"spam" if spam else b"ham"
        await self._ask(b"TELL", octets, b"Message-class: " + kind + b"\r\nSet: local\r\n", user=user)

    async def _ask(self, verb: bytes, octets: bytes, fields: bytes = b"", *, user: str = "") -> bytes:
        whose = _WORDS.sub("", user or self.user)
        head = b"%b SPAMC/1.5\r\nContent-length: %d\r\n%b" % (verb, len(octets), fields)
        if whose:
            head += b"User: %b\r\n" % whose.encode()
        async with connected(self.name, self.address, self.seconds) as wire:
            await wire.send(head + b"\r\n", octets)
            wire.writer.write_eof()
            answer = await wire.all()
        status = _STATUS.match(answer)
        if status is None or status[1] != b"0":
            said = status[2] if status is not None else answer[:200]
            raise Unavailable(f"{self.name} at {self.address} says {one_line(said.decode('utf-8', 'replace'))!r}")
        return answer
