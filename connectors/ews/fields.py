"""What a property is: where its value comes from, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.ews.things import One
from connectors.ews.wire import Value, Xml, tag
from groupware.mime.addresses import Mailbox


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a kind of items."""

    get: Callable[[One], Any]
    """Its value: what restrictions and sorting look at."""
    show: Callable[[One], Value] | None = None
    """How it is told, where that is not the value."""
    octets: bool = False
    """Whether the octets of a message are needed for it."""

    def shown(self, one: One) -> Value:
        """What stands in the element; None: there is none."""
        if self.show is not None:
            return self.show(one)
        value: Value = self.get(one)
        return value


def micros(value: int) -> datetime:
    """A moment of microseconds since 1970."""
    return datetime.fromtimestamp(value // 1_000_000, UTC)


def seconds(value: int | None) -> datetime | None:
    """A moment of seconds since 1970."""
    try:
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def strings(values: list[str]) -> Xml | None:
    """An array of strings; None for an empty one."""
    return Xml("".join(tag("String", each) for each in values)) if values else None


def mailbox(name: str, address: str) -> Xml:
    """A Mailbox."""
    kind = tag("RoutingType", "SMTP") + tag("MailboxType", "Mailbox" if address else "OneOff")
    return tag("Mailbox", Xml(tag("Name", name or address) + tag("EmailAddress", address or None) + kind))


def mailboxes(people: tuple[Mailbox, ...]) -> Xml | None:
    """Several; None when there is nobody."""
    return Xml("".join(mailbox(each.name, each.address) for each in people)) if people else None


def names(people: tuple[Mailbox, ...]) -> str:
    """The names of people, as DisplayTo has them."""
    return "; ".join(each.name or each.address for each in people)


def words(people: tuple[Mailbox, ...]) -> list[str]:
    """Names and addresses, for who looks for one of them."""
    return [text for each in people for text in (each.name, each.address) if text]
