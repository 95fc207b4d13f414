"""What JSON has to look like: small checks put together. Each raises `Misshapen`, which says where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], None]
MOST_MEMBERS: Final = 10_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")
_VENDOR: Final = re.compile(r"[a-z0-9.-]+:.")


class Misshapen(ValueError):
    """What is wrong, and where: a pointer from the outermost object."""

    def __init__(self, why: str, way: str = "") -> None:
        super().__init__(why)
        self.why, self.way = why, way

    def at(self, name: str) -> Misshapen:
        """The same, seen from one level further out."""
        return Misshapen(self.why, f"{name}/{self.way}" if self.way else name)


def text(value: Any) -> None:
    """A string without control characters other than line ends and tabs."""
    if not isinstance(value, str):
        raise Misshapen("a string is wanted")
    if _CONTROL.search(value):
        raise Misshapen("it holds a control character")


def filled(value: Any) -> None:
    """A string that is not empty."""
    text(value)
    if not value.strip():
        raise Misshapen("it may not be empty")


def number(value: Any) -> None:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Misshapen("a whole number that is not negative is wanted")


def integer(value: Any) -> None:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misshapen("a whole number is wanted")


def flag(value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Misshapen("true or false is wanted")


def anything(value: Any) -> None:
    """What nobody looks into, as long as no string in it holds a control character."""
    if isinstance(value, str):
        text(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            text(name)
            anything(each)
    elif isinstance(value, list):
        for each in value:
            anything(each)


def matching(pattern: str, what: str) -> Check:
    """A string of that form."""
    form = re.compile(rf"(?:{pattern})\Z")

    def check(value: Any) -> None:
        if not isinstance(value, str) or not form.match(value):
            raise Misshapen(what)

    return check


UTC: Final = matching(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{1,9})?Z", "2027-01-31T12:00:00Z is wanted")
LOCAL: Final = matching(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d", "2027-01-31T12:00:00 is wanted")


def one_of(*words: str) -> Check:
    """One of some strings."""

    def check(value: Any) -> None:
        if value not in words:
            raise Misshapen(f"one of {', '.join(words)} is wanted")

    return check


def listed(inner: Check) -> Check:
    """A list of those."""

    def check(value: Any) -> None:
        if not isinstance(value, list) or len(value) > MOST_MEMBERS:
            raise Misshapen(f"a list of at most {MOST_MEMBERS} is wanted")
        for at, each in enumerate(value):
            _inside(inner, str(at), each)

    return check


def mapped(inner: Check, *, ids: bool = False) -> Check:
    """An object whose members are those; `ids`: their names are ids."""

    def check(value: Any) -> None:
        if not isinstance(value, Mapping) or len(value) > MOST_MEMBERS:
            raise Misshapen(f"an object of at most {MOST_MEMBERS} members is wanted")
        for name, each in value.items():
            text(name)
            if ids and not _KEY.match(name):
                raise Misshapen(f"{name[:60]!r} is no id")
            _inside(inner, name, each)

    return check


def true(value: Any) -> None:
    """True, and nothing else."""
    if value is not True:
        raise Misshapen("true is wanted")


FLAGS: Final = mapped(true)
"""A set, as JSON has it."""


def thing(known: Mapping[str, Check], needed: tuple[str, ...] = (), *, closed: bool = False) -> Check:
    """An object with these members; `closed`: with no others but those of vendors (`example.com:name`)."""

    def check(value: Any) -> None:
        if not isinstance(value, Mapping):
            raise Misshapen("an object is wanted")
        for name in needed:
            if value.get(name) is None:
                raise Misshapen(f"{name} is missing")
        for name, each in value.items():
            if closed and name not in known and not _VENDOR.match(name):
                raise Misshapen("there is no such property", name)
            if each is not None:
                _inside(known.get(name, anything), name, each)

    return check


def _inside(check: Check, name: str, value: Any) -> None:
    try:
        check(value)
    except Misshapen as error:
        raise error.at(name) from None
