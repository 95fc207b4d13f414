"""The If header (RFC 4918 §10.4): lists of states, of the resource itself or of others that are named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from connectors.dav.errors import DavError

LONGEST_IF: Final = 8000
_STATE: Final = r"""\s*+(?:(?P<not>not)\b\s*+)?(?:<(?P<token>[^<>\s]+)>|\[(?P<tag>(?:W/)?"[^"\]]*")\])"""
_PLAIN: Final = re.sub(r"\?P<\w+>", "?:", _STATE)
_ONE: Final = re.compile(_STATE, re.IGNORECASE)
_LIST: Final = re.compile(rf"\s*(?:<(?P<path>[^<>\s]+)>\s*)?\((?P<inside>(?:{_PLAIN})++)\s*\)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class State:
    """One condition: a lock token that is on a resource, or its entity tag; `holds` False: that is not."""

    holds: bool
    token: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class States:
    """A list of conditions, all of which are to be met."""

    path: str
    """Of the resource that is meant; "": the one of the request."""
    all: tuple[State, ...]


def conditions(header: str) -> list[States]:
    """The lists of an If header, one of which is to be met. `DavError` 400."""
    if len(header) > LONGEST_IF:
        raise DavError(400, f"If has more than {LONGEST_IF} characters")
    found: list[States] = []
    at, path = 0, ""
    while at < len(header) or not found:
        one = _LIST.match(header, at)
        if one is None:
            raise DavError(400, f"If cannot be read at character {at}: {header[at : at + 60]!r}")
        at, path = one.end(), one["path"] or path  # a path is of all the lists behind it
        states = (
            State(not each["not"], each["token"] or "", each["tag"] or "") for each in _ONE.finditer(one["inside"])
        )
        found.append(States(path, tuple(states)))
    return found


def submitted(lists: list[States]) -> frozenset[str]:
    """The lock tokens that the header names, in whatever list."""
    return frozenset(each.token for states in lists for each in states.all if each.token)
