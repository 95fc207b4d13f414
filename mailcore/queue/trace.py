"""The events of a message's way through the server: one method for each, feeding log line and trace row alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.event import Event, Landing
from groupware.model.ids import AccountId, QueueId
from mailcore.server import log as server_log
from mailcore.server.events import EventLog

MOST_NAMES: Final = 100  # addresses that one line of the log names
_NOTHING: Final[Mapping[str, str | int]] = {}


@dataclass(frozen=True, slots=True)
class Trail:
    """Makes the events of one message."""

    message: str
    """The one message id from connect to delivery."""
    by: AccountId | None = None
    """Who submitted it; None: it came from outside."""

    def received(
        self, sender: str, size: int, recipients: int, *, peer: str = "", helo: str = "", letter: str = "",
        checked: str = "",
    ) -> Event:  # fmt: skip
        """The server has the message and answers for it from now on. `letter`: the Message-ID in its header.

        `checked`: what was found out about its sender, as `spf=pass; dkim=none`.
        """
        facts: dict[str, str | int] = {"from": sender, "size": size, "recipients": recipients}
        more = (("peer", peer), ("helo", helo), ("letter", letter), ("checked", checked))
        facts |= {name: value for name, value in more if value}
        return Event("received", self.by, facts, self.message, {sender: {}} if sender else {}, letter)

    def ruled(self, at: str, rules: str, did: str) -> Event:
        """Rules of the policy fitted it at an event of the dialogue, and what they did."""
        return Event("ruled", self.by, {"at": at, "rules": rules, "did": did}, self.message)

    def discarded(self, to: Sequence[str]) -> Event:
        """Rules have taken these recipients off it; its sender was told that it is taken."""
        return Event("discarded", self.by, {"to": _names(to)}, self.message, dict.fromkeys(to, _NOTHING))

    def delivered(self, to: Mapping[str, Landing]) -> Event:
        """It is in the folders of these recipients."""
        own = {address: _where(at) for address, at in to.items()}
        return Event("delivered", self.by, {"to": _names(list(to))}, self.message, own)

    def queued(self, queue: QueueId, to: Sequence[str]) -> Event:
        """It waits in the queue for these recipients."""
        facts: dict[str, str | int] = {"queue": int(queue), "to": _names(to)}
        return Event("queued", self.by, facts, self.message, dict.fromkeys(to, _NOTHING))

    def undelivered(self, to: str, code: str, why: str) -> Event:
        """It did not get to where this recipient's mail goes; what becomes of it then is another event."""
        return Event("undelivered", self.by, {"to": to, "code": code, "why": why}, self.message, {to: {}})

    def filtered(self, to: str, by: str, did: str, script: str = "", line: int = 0) -> Event:
        """What a filter did for this recipient, or did not do and why."""
        facts: dict[str, str | int] = {"to": to, "did": did}
        facts |= {"filter": by} if by else {}
        facts |= {"script": script} if script else {}
        facts |= {"line": line} if line else {}
        return Event("filtered", self.by, facts, self.message)

    def redirected(self, queue: QueueId, to: Sequence[str]) -> Event:
        """It goes on to these, as the rules of a recipient ask."""
        return Event("redirected", self.by, {"queue": int(queue), "to": _names(to)}, self.message)

    def answered(self, kind: str, to: Sequence[str], answer: str) -> Event:
        """Rules wrote a message because of it; `answer` is the message id of that."""
        return Event("answered", self.by, {"kind": kind, "to": _names(to), "answer": answer}, self.message)

    def quarantined(self, to: Sequence[str], at: Landing, why: str) -> Event:
        """It is held back for these recipients, and lies in that folder."""
        own = {address: _where(at) for address in to}
        return Event("quarantined", self.by, {"to": _names(to), "why": why}, self.message, own)

    def released(self, queue: QueueId, to: Sequence[str], who: str) -> Event:
        """Somebody has released it: it goes to these recipients now."""
        facts: dict[str, str | int] = {"queue": int(queue), "to": _names(to), "who": who}
        return Event("released", self.by, facts, self.message, dict.fromkeys(to, _NOTHING))

    def withheld(self, to: Sequence[str], who: str) -> Event:
        """Somebody has deleted what was held back: these recipients will not get it."""
        return Event("withheld", self.by, {"to": _names(to), "who": who}, self.message, dict.fromkeys(to, _NOTHING))

    def sent(self, to: str, host: str, said: str) -> Event:
        """The next host has it for this recipient, and said so."""
        return Event("sent", self.by, {"to": to, "host": host, "said": said}, self.message, {to: {}})

    def deferred(self, to: str, code: str, why: str, host: str, tries: int) -> Event:
        """It did not get through to this recipient; it will be tried again."""
        facts: dict[str, str | int] = {"to": to, "code": code, "why": why, "host": host, "tries": tries}
        return Event("deferred", self.by, facts, self.message, {to: {}})

    def held(self, to: str, why: str) -> Event:
        """It waits until somebody releases it."""
        return Event("held", self.by, {"to": to, "why": why}, self.message, {to: {}})

    def failed(self, to: str, code: str, why: str, host: str, tries: int) -> Event:
        """It will not get to this recipient."""
        facts: dict[str, str | int] = {"to": to, "code": code, "why": why, "host": host, "tries": tries}
        return Event("failed", self.by, facts, self.message, {to: {}})

    def notice_queued(self, about: str, to: str, notice: str) -> Event:
        """The sender will be told; `notice` is the message id of the report."""
        return Event("notice_queued", self.by, {"about": about, "to": to, "notice": notice}, self.message, {to: {}})

    def revived(self, domain: str, hastened: int) -> Event:
        """It got through to a domain that could not be reached: so many others are tried at once."""
        return Event("domain_revived", self.by, {"domain": domain, "hastened": hastened}, self.message)


def say(log: EventLog, events: Iterable[Event]) -> None:
    """The same events as log lines, once they are committed."""
    current = server_log.current_message()
    for event in events:
        if event.message in ("", current):
            log.info(event.name, **event.facts)
        else:
            with server_log.message(event.message):
                log.info(event.name, **event.facts)


def _where(at: Landing) -> Mapping[str, str | int]:
    return {"folder": int(at.folder), "uid": int(at.uid)}


def _names(addresses: Sequence[str]) -> str:
    """The addresses with spaces between; of very many the first, and how many more there are."""
    named = " ".join(addresses[:MOST_NAMES])
    return named if len(addresses) <= MOST_NAMES else f"{named} and {len(addresses) - MOST_NAMES} more"
