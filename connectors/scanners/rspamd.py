"""rspamd over HTTP: `/checkv2` of its normal worker, `/learnspam` and `/learnham` of its controller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from connectors.scanners.report import MOST_TOLD, Change, Letter, Report, Unavailable, Wish, one_line
from connectors.scanners.wire import MOST_ANSWER

_WISHES: Final[Mapping[str, Wish]] = {
    "no action": "accept",
    "add header": "junk",
    "rewrite subject": "junk",
    "quarantine": "quarantine",
    "greylist": "accept",  # a hint for its own greylisting, which says `soft reject` when it means it
    "soft reject": "later",
    "reject": "reject",
    "discard": "discard",
}
_MOST_CHANGES: Final = 50


@dataclass(frozen=True, slots=True)
class Rspamd:
    """An rspamd. `url`: where messages are checked; `teacher`: where it learns, "" for nowhere."""

    name: str
    url: str
    teacher: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 30

    async def scan(self, letter: Letter) -> Report:
        """Score, threshold, rules, what it would do, and the changes of the header that it asks for. `Unavailable`."""
        said = await self._post(self.url.rstrip("/") + "/checkv2", letter.octets, _headers(letter))
        try:
            return self._report(said)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unavailable(f"{self.name} at {self.url}: its answer cannot be read ({error!r})") from None

    async def learn(self, octets: bytes, *, spam: bool, user: str = "") -> None:
        """Tells it that the message is spam, or is none. `Unavailable`."""
        if self.teacher:
            verb = "/learnspam" if spam else "/learnham"
            who = [("Deliver-To", user)] if user else []
            await self._post(self.teacher.rstrip("/") + verb, octets, who, known=(208,))

    def _report(self, said: Mapping[str, Any]) -> Report:
        symbols = said.get("symbols") or {}
        counted = [name for name, each in symbols.items() if float(each.get("score", 0))]
        messages = said.get("messages") or {}
        text = one_line(str(messages.get("smtp_message", ""))) if isinstance(messages, dict) else ""
        return Report(
            self.name,
            _WISHES.get(str(said["action"]), "accept"),
            float(said["score"]),
            float(said["required_score"]),
            rules=tuple(one_line(str(name)) for name in sorted(counted)[:MOST_TOLD]),
            text=text,
            changes=_changes(said.get("milter") or {}),
        )

    async def _post(
        self, url: str, octets: bytes, headers: list[tuple[str, str]], known: tuple[int, ...] = ()
    ) -> dict[str, Any]:
        if self.password:
            headers = [*headers, ("Password", self.password)]
        encoded = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers]
        try:
            async with (
                httpx.AsyncClient(timeout=self.seconds, trust_env=False) as client,
                client.stream("POST", url, content=octets, headers=encoded) as answer,
            ):
                body = await _bounded(answer)
                if answer.status_code != 200 and answer.status_code not in known:
                    told = one_line(body.decode("utf-8", "replace"))
                    raise Unavailable(f"{self.name} at {url} says {answer.status_code} {told}")
            found = json.loads(body or b"{}")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            what = one_line(str(error)) or type(error).__name__
            raise Unavailable(f"{self.name} at {url}: {what}") from None
        if not isinstance(found, dict):
            raise Unavailable(f"{self.name} at {url}: its answer is no object")
        return found


def _headers(letter: Letter) -> list[tuple[str, str]]:
    """What it is told of how the message came."""
    told = [
        ("From", letter.sender),
        ("IP", letter.peer),
        ("Helo", letter.hello),
        ("User", letter.user),
        ("Queue-Id", letter.message),
        ("MTA-Name", letter.host),
        *(("Rcpt", each) for each in letter.recipients),
        *([("Deliver-To", letter.recipients[0])] if len(letter.recipients) == 1 else []),
    ]
    return [(name, one_line(value)) for name, value in told if value]


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MOST_ANSWER:
            raise ValueError("its answer is too long")
    return body


def _changes(milter: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes of the header. A value is a text, an object with `value`, or a list of such."""
    found: list[Change] = []
    for name, index in (milter.get("remove_headers") or {}).items():
        found.append(Change(str(name), None, int(index)))
    for name, given in (milter.get("add_headers") or {}).items():
        for each in given if isinstance(given, list) else [given]:
            value = each.get("value", "") if isinstance(each, dict) else each
            found.append(Change(str(name), one_line(str(value))))
    return tuple(found[:_MOST_CHANGES])
