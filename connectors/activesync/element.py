"""Elements: what a request and an answer are made of, whatever form they are sent in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Element:
    """One element: its page and name (`AirSync:Sync`), and either elements in it, a text or octets."""

    name: str
    children: list[Element] = field(default_factory=list)
    text: str = ""
    octets: bytes | None = None
    """Opaque data."""

    def child(self, name: str) -> Element | None:
        """The first element of that name in it."""
        return next((each for each in self.children if each.name == name), None)

    def all(self, name: str) -> list[Element]:
        """The elements of that name in it."""
        return [each for each in self.children if each.name == name]

    def value(self, name: str, default: str = "") -> str:
        """The text of the first element of that name in it, or `default`."""
        found = self.child(name)
        return default if found is None else found.text

    def flag(self, name: str, default: bool = False) -> bool:
        """Whether an element of that name says so: one that is empty does, as 1 does."""
        found = self.child(name)
        return default if found is None else found.text.strip() in ("", "1")

    def number(self, name: str, default: int = 0) -> int:
        """The number in the first element of that name; `default` where none is, or one that cannot be."""
        text = self.value(name).strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else default

    def walk(self) -> Iterator[Element]:
        """It and everything in it."""
        yield self
        for each in self.children:
            yield from each.walk()


Content = str | bytes | int | bool | Element | Iterable[Element] | None


def el(name: str, *content: Content) -> Element:
    """An element with what is given in it: elements (those that are None are left out), or one text or octets."""
    made = Element(name)
    for each in content:
        if each is None:
            continue
        if isinstance(each, Element):
            made.children.append(each)
        elif isinstance(each, bytes):
            made.octets = each
        elif isinstance(each, bool):
            made.text = "1" if each else "0"
        elif isinstance(each, str | int):
            made.text = str(each)
        else:
            made.children.extend(each)
    return made


def some(name: str, content: str | bytes | int | None) -> Element | None:
    """The element, unless there is nothing to say in it."""
    return None if content is None or content in ("", b"") else el(name, content)
