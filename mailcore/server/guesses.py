"""Guessing at passwords: growing pauses, then a temporary block, in bounded memory.

Three memories of failures: of a peer with a name, of a peer, of a name. A name under attack is closed to strangers
only: a peer that has lately logged in under it still may, so nobody can lock a user out from afar.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mailcore.server.clock import Clock

REMEMBERED: Final = 20_000  # entries of each memory; the one longest untouched goes first
NAME_MAX: Final = 256
NEWS_SECONDS: Final = 3600.0  # that a peer is known is told again after so long

Tell = Callable[[bool, str, str], None]  # (whether the login worked, peer, name)

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """When guessing is answered with pauses and blocks; times in seconds."""

    first_delay: float = 0.5  # doubles with every failure
    max_delay: float = 15.0
    interval: float = 600.0  # failures further apart than this are not one attack
    peer_failures: int = 30  # a peer is blocked at this many; 0: never
    name_failures: int = 100  # a name is closed to strangers at this many; 0: never
    block_time: float = 900.0
    known_for: float = 30 * 86400.0  # a peer that logged in counts as known to that name for so long


@dataclass(slots=True)
class _Strikes:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Guesses:
    """What all services know of failed logins. Each process of a server hears of those that the others have seen."""

    __slots__ = ("_clock", "_known", "_limits", "_names", "_pairs", "_peers", "_tell")

    def __init__(self, limits: GuessLimits, clock: Clock, tell: Tell | None = None) -> None:
        """`tell` hears of what is seen here, for the other processes; None: this one is the only one."""
        self._limits, self._clock, self._tell = limits, clock, tell
        self._pairs: OrderedDict[tuple[str, str], _Strikes] = OrderedDict()
        self._peers: OrderedDict[str, _Strikes] = OrderedDict()
        self._names: OrderedDict[str, _Strikes] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def adopt(self, limits: GuessLimits) -> None:
        """Go on under other limits; what is remembered stays."""
        self._limits = limits

    def failed(self, peer: str, name: str) -> float:
        """Note a failed login; the seconds to wait before the answer."""
        if self._tell is not None:
            self._tell(False, peer, name)
        return self._note_failed(peer, name)

    def _note_failed(self, peer: str, name: str) -> float:
        limits, name = self._limits, _plain(name)
        pair = self._strike(self._pairs, (peer, name), 0)
        of_peer = self._strike(self._peers, peer, limits.peer_failures)
        self._strike(self._names, name, limits.name_failures)
        doublings = min(max(pair.count, of_peer.count // 4) - 1, 30)
        return float(min(limits.first_delay * 2 ** max(doublings, 0), limits.max_delay))

    def succeeded(self, peer: str, name: str) -> None:
        """Note a login that worked: this peer is known to this name, and its slips with it are forgotten.

        The peer's own count stays: an attacker who owns one account must not be able to clear it.
        """
        key = (peer, _plain(name))
        is_news = key in self._pairs or self._clock.monotonic() - self._known.get(key, float("-inf")) > NEWS_SECONDS
        if is_news and self._tell is not None:
            self._tell(True, peer, name)
        self._note_succeeded(key)

    def heard(self, ok: bool, peer: str, name: str) -> None:
        """Note what another process has seen."""
        if ok:
            self._note_succeeded((peer, _plain(name)))
        else:
            self._note_failed(peer, name)

    def state(self) -> tuple[Any, ...]:
        """All that is remembered, for `take` in another process of this machine."""
        strikes = (self._pairs, self._peers, self._names)
        copied = (tuple((key, each.count, each.last, each.until) for key, each in memory.items()) for memory in strikes)
        return (*copied, tuple(self._known.items()))

    def take(self, state: tuple[Any, ...]) -> None:
        """Remember what another process does. ValueError for what `state` did not make."""
        pairs, peers, names, known = state
        self._pairs, self._peers, self._names = _memory(pairs), _memory(peers), _memory(names)
        self._known = OrderedDict(known)

    def _note_succeeded(self, key: tuple[str, str]) -> None:
        self._pairs.pop(key, None)
        now = self._clock.monotonic()
        self._known[key] = now
        _touch(self._known, key)

    def blocked(self, peer: str, name: str) -> float:
        """Seconds for which a login must be refused unchecked; 0: check it."""
        now, key = self._clock.monotonic(), (peer, _plain(name))
        left = self.peer_blocked(peer)
        known = self._known.get(key)
        if known is not None and now - known < self._limits.known_for:
            return left
        of_name = self._names.get(key[1])
        return max(left, of_name.until - now if of_name is not None else 0.0)

    def peer_blocked(self, peer: str) -> float:
        """Seconds for which every login of this peer must be refused; 0: none is."""
        strikes = self._peers.get(peer)
        return max(strikes.until - self._clock.monotonic(), 0.0) if strikes is not None else 0.0

    def _strike(self, memory: OrderedDict[K, _Strikes], key: K, limit: int) -> _Strikes:
        now = self._clock.monotonic()
        strikes = memory.setdefault(key, _Strikes())
        if now - strikes.last > self._limits.interval:
            strikes.count = 0
        strikes.count, strikes.last = strikes.count + 1, now
        if limit and strikes.count >= limit:
            strikes.until = now + self._limits.block_time
        _touch(memory, key)
        return strikes


def _memory(state: Iterable[tuple[K, int, float, float]]) -> OrderedDict[K, _Strikes]:
    return OrderedDict((key, _Strikes(count, last, until)) for key, count, last, until in state)


def _touch(memory: OrderedDict[K, V], key: K) -> None:
    memory.move_to_end(key)
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)


def _plain(name: str) -> str:
    return name[:NAME_MAX].casefold()
