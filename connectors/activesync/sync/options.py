"""What a device wants of a collection: how much, how far back, in which form. MS-ASCMD §2.2.3.125, MS-ASAIRS §2.2.2."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.activesync.element import Element
from connectors.activesync.errors import NO_SUCH_PART, EasError

PLAIN, HTML, MIME = 1, 2, 4
WINDOW: Final = 100
MOST_WINDOW: Final = 512
_DAY: Final = 86_400
AGES: Final[Mapping[int, int]] = {
    1: _DAY,
    2: 3 * _DAY,
    3: 7 * _DAY,
    4: 14 * _DAY,
    5: 31 * _DAY,
    6: 92 * _DAY,
    7: 183 * _DAY,
}
"""Seconds that a FilterType goes back."""
_TRUNCATIONS: Final = {0: 0, 1: 512, 2: 1024, 3: 2048, 4: 5120, 5: 10_240, 6: 20_480, 7: 51_200, 8: 102_400}
_MIME_TRUNCATIONS: Final = {0: 0, 1: 4096, 2: 5120, 3: 7168, 4: 10_240, 5: 20_480, 6: 51_200, 7: 102_400}
_MOST_PREFERENCES: Final = 8


@dataclass(frozen=True, slots=True)
class Preference:
    """One form of a body that a device takes."""

    type: int
    size: int | None = None
    """Octets up to which it is wanted; None: all of it."""
    all_or_none: bool = False
    preview: int = 0
    """Characters."""


@dataclass(frozen=True, slots=True)
class Options:
    """Those of one collection; what a request does not say is as it was."""

    filter: int = 0
    client_wins: bool = False
    mime: int = 0
    """MIMESupport: 0 never, 1 of what is signed or encrypted, 2 always."""
    bodies: Sequence[Preference] = ()
    parts: Sequence[Preference] = ()
    """Of BodyPart."""
    supported: Sequence[str] | None = None
    """Fields of contacts and events that the device handles; None: it has not said, and so it is all."""

    def facts(self) -> dict[str, Any]:
        """As it is kept beside the state."""
        return {
            "filter": self.filter,
            "wins": self.client_wins,
            "mime": self.mime,
            "bodies": [[each.type, each.size, each.all_or_none, each.preview] for each in self.bodies],
            "parts": [[each.type, each.size, each.all_or_none, each.preview] for each in self.parts],
            "supported": None if self.supported is None else list(self.supported),
        }

    def handled(self, known: Collection[str]) -> Collection[str]:
        """Those of the fields that are to go where the device leaves them out. MS-ASCMD §2.2.3.179."""
        return known if self.supported is None else [each for each in self.supported if each in known]


def options_in(facts: Mapping[str, Any]) -> Options:
    """Those that were kept."""
    if not facts:
        return Options()
    bodies, parts = ([Preference(*each) for each in facts.get(name, ())] for name in ("bodies", "parts"))
    return Options(facts["filter"], facts["wins"], facts["mime"], bodies, parts, facts.get("supported"))


def options_of(said: Sequence[Element], before: Options) -> Options:
    """What the Options elements of a request come to; none: as before. One for SMS is left aside. `EasError`."""
    found = [each for each in said if each.value("AirSync:Class") != "SMS"]
    if not found:
        return before
    one = found[0]
    bodies = tuple(preferences(one, "AirSyncBase:BodyPreference"))
    mime_size = _MIME_TRUNCATIONS.get(one.number("AirSync:MIMETruncation", 8))
    bodies = tuple(
        replace(each, size=mime_size) if each.type == MIME and each.size is None else each for each in bodies
    )
    if not bodies and one.child("AirSync:Truncation") is not None:
        bodies = (Preference(PLAIN, _TRUNCATIONS.get(one.number("AirSync:Truncation", 9))),)
    return Options(
        one.number("AirSync:FilterType"),
        one.value("AirSync:Conflict") == "0",
        one.number("AirSync:MIMESupport"),
        bodies,
        tuple(part_preferences(one)),
        before.supported,
    )


def preferences(said: Element, name: str) -> Sequence[Preference]:
    """The forms of a body that an element names, as it names them."""
    return [
        Preference(
            each.number("AirSyncBase:Type", PLAIN),
            each.number("AirSyncBase:TruncationSize") if each.child("AirSyncBase:TruncationSize") is not None else None,
            each.flag("AirSyncBase:AllOrNone"),
            min(each.number("AirSyncBase:Preview"), 255),
        )
        for each in said.all(name)[:_MOST_PREFERENCES]
    ]


def part_preferences(said: Element) -> Sequence[Preference]:
    """The forms of BodyPart, which is HTML alone. `EasError`. MS-ASAIRS §2.2.2.11."""
    found = preferences(said, "AirSyncBase:BodyPartPreference")
    if any(each.type != HTML for each in found):
        raise EasError(NO_SUCH_PART, "BodyPart is HTML (Type 2)")
    return found


def cutoff(filter_: int, now: int) -> int:
    """From when on mail is wanted, in microseconds since 1970; 0: all of it. It moves once a day."""
    back = AGES.get(filter_, 0)
    return (now // _DAY * _DAY - back) * 1_000_000 if back else 0
