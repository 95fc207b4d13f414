"""Contacts in the version of vCard that a client asks for, and of their properties those that it asks for."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from connectors.dav.errors import DavError
from connectors.dav.xml import CARDDAV, DAV, Element
from groupware.contacts.versions.convert import VERSIONS, in_version, version_of
from groupware.model.content import Component, parse, serialized
from groupware.model.errors import Malformed

_TYPES: Final = ("text/vcard", "text/x-vcard", "text/directory")
_UNSUPPORTED: Final = "<A:supported-address-data/>"
_INCONVERTIBLE: Final = "<A:supported-address-data-conversion/>"
_RANGE: Final = re.compile(r"\s*([\w.+*-]+/[\w.+*-]+)\s*((?:;[^,]*)?)\s*(?:,|$)")
_PARAM: Final = re.compile(r";\s*([\w-]+)\s*=\s*\"?([^\";\s]*)\"?")
CACHE_OCTETS: Final = 32 * 1024 * 1024
"""Of cards as given and as converted, in each process."""


class Converted:
    """Cards in the other version than they are stored in, the last ones kept: the same octets give the same again."""

    __slots__ = ("_kept", "_lock", "_most", "octets")

    def __init__(self, most: int = CACHE_OCTETS) -> None:
        self._kept: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._most = most
        self.octets = 0
        """Of what is kept."""

    def in_version(self, body: bytes, version: str) -> bytes:
        """The card in a version; "": as it is stored."""
        if not version or version_of(body) == version:
            return body
        key = (version, body)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = in_version(body, version)
        if len(body) + len(made) <= self._most // 16:
            self._keep(key, made)
        return made

    def _keep(self, key: tuple[str, bytes], made: bytes) -> None:
        with self._lock:
            if key not in self._kept:
                self.octets += len(key[1]) + len(made)
            self._kept[key] = made
            while self.octets > self._most:
                (_, body), old = self._kept.popitem(last=False)
                self.octets -= len(body) + len(old)


def version_wanted(wanted: Element) -> str:
    """The version that an `address-data` names; "" where it names none (RFC 6352 §10.4). `DavError`."""
    kind = wanted.get("content-type", "text/vcard").partition(";")[0].strip().lower()
    version = wanted.get("version", "").strip()
    if kind not in _TYPES or (version and version not in VERSIONS):
        text = f"contacts are given as text/vcard of version {' or '.join(VERSIONS)}, not as {kind[:60]} {version[:20]}"
        raise DavError(403, text.rstrip(), _UNSUPPORTED)
    return version


def version_accepted(accept: str) -> str:
    """The version that an Accept field names; "" where any will do (RFC 6352 §5.1.1.1). `DavError` 406."""
    best, version, refused = 0.0, "", ""
    for found in _RANGE.finditer(accept[:2000]):
        params = {name.lower(): value for name, value in _PARAM.findall(found[2])}
        weight = _weight(params.get("q", "1"))
        said = params.get("version", "") if found[1].lower() in _TYPES else ""
        if said and said not in VERSIONS:
            refused = said
        elif weight > best:
            best, version = weight, said
    if refused and not best:
        text = f"vCard {refused[:20]}: contacts are given in version {' or '.join(VERSIONS)}"
        raise DavError(406, text, _INCONVERTIBLE)
    return version


def _weight(said: str) -> float:
    try:
        return min(max(float(said), 0.0), 1.0)
    except ValueError:
        return 0.0


def version_asked(root: Element) -> str:
    """The version as which a query looks at contacts: the one that its answer shows. `DavError`."""
    wanted = root.find(f"{{{DAV}}}prop/{{{CARDDAV}}}address-data")
    return "" if wanted is None else version_wanted(wanted)


def card_lens(wanted: Element, cards: Converted) -> Callable[[bytes], bytes]:
    """How contacts are told by an `address-data`. `DavError`."""
    version = version_wanted(wanted)
    props = {each.get("name", "").upper(): each.get("novalue", "no") == "yes" for each in _props(wanted)}
    if not props:
        return lambda body: cards.in_version(body, version)
    props = {"VERSION": False, "UID": False, **props}
    return lambda body: _cut(cards.in_version(body, version), props)


def _props(wanted: Element) -> list[Element]:
    return wanted.findall(f"{{{CARDDAV}}}prop")


def _cut(body: bytes, props: dict[str, bool]) -> bytes:
    """The properties of those names alone; `GROUP.NAME` is one of that group. Where it says so, without the value."""
    try:
        cards = parse(body)
    except Malformed:
        return body
    told = []
    for card in cards:
        lines = []
        for line in card.lines:
            name = f"{line.group.upper()}.{line.name}" if f"{line.group.upper()}.{line.name}" in props else line.name
            if name in props:
                lines.append(line._replace(value="") if props[name] else line)
        told.append(Component(card.name, card.at, lines, card.parts))
    return serialized(told)
