"""Admission: what the rules say of a peer, and whether its connections are still within the limits that apply.

Invariants
1. A connection is counted once, under the limits that let it in, and uncounted once, when its admission is left.
2. Only connections that were let in count towards an interval; a refused peer does not keep itself out by trying.
3. Memory is bounded: peers with nothing open are forgotten, the longest unseen first.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, NamedTuple, Protocol

from mailcore.server.clock import Clock
from mailcore.server.guesses import Guesses
from mailcore.server.rules import LIMITS, NO_RULES, Decision, Limits, Rule, Rules, address, decide, peer_key

PEERS_REMEMBERED: Final = 65_536  # in one tally


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a peer is not let in, for the log and for a protocol that says so before it hangs up."""

    kind: Literal["denied", "limit", "blocked"]
    text: str


class Gate(Protocol):
    """The same admission rules for every service."""

    def admit(self, peer: str) -> AbstractContextManager[None] | None:
        """The connection's admission, to be left when it closes; None: close it."""
        ...

    def enter(self, peer: str) -> "Admission | Refusal":
        """As `admit`, with the reason."""
        ...

    def blocked(self, peer: str, name: str) -> float:
        """Seconds for which this login is refused without a look at its password; 0: look."""
        ...

    def failed_login(self, peer: str, name: str) -> float:
        """Note a failed login; the seconds to wait before replying."""
        ...

    def succeeded_login(self, peer: str, name: str) -> None:
        """Note a login that worked."""
        ...


@dataclass(slots=True)
class _Count:
    open: int = 0
    began: float = float("-inf")
    recent: int = 0

    def seen(self, now: float, interval: float) -> int:
        """Connections let in during the interval that runs now."""
        if now - self.began >= interval:
            self.began, self.recent = now, 0
        return self.recent


class Seen(NamedTuple):
    """What counts against a limit: open now, and let in during the interval."""

    open: int
    recent: int


def broken(peer: str, limits: Limits, every: Seen, one: Seen) -> str:
    """The limit that one more connection of `peer` would break, in words; "" if none."""
    if limits.connections and every.open >= limits.connections:
        return f"all {limits.connections} connections are in use"
    if limits.peer_connections and one.open >= limits.peer_connections:
        return f"{peer} already has {limits.peer_connections} connections open"
    if limits.per_interval and every.recent >= limits.per_interval:
        return f"more than {limits.per_interval} connections in {limits.interval} seconds"
    if limits.peer_per_interval and one.recent >= limits.peer_per_interval:
        return f"more than {limits.peer_per_interval} connections of {peer} in {limits.peer_interval} seconds"
    return ""


class Counting(Protocol):
    """The connections counted under one set of limits: in total and per peer, open now and per interval."""

    def over(self, peer: str, limits: Limits, now: float) -> str:
        """The limit that one more connection of `peer` would break, in words; "" if none."""
        ...

    def enter(self, peer: str, limits: Limits, now: float) -> None:
        """Count one connection."""
        ...

    def leave(self, peer: str) -> None:
        """Uncount one connection."""
        ...

    @property
    def open(self) -> int:
        """Connections open now."""
        ...


class Tallies(Protocol):
    """Where counts are kept: in this process, or in a table that several share."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else counts meanwhile."""
        ...

    def of(self, name: str) -> Counting:
        """The counts of that name."""
        ...


class Tally:
    """The connections counted under one set of limits: in total and per peer, open now and per interval."""

    __slots__ = ("_all", "_peers")

    def __init__(self) -> None:
        self._all = _Count()
        self._peers: dict[str, _Count] = {}

    def over(self, peer: str, limits: Limits, now: float) -> str:
        """The limit that one more connection of `peer` would break, in words; "" if none."""
        one = self._peers.get(peer) or _Count()
        every = Seen(self._all.open, self._all.seen(now, limits.interval))
        return broken(peer, limits, every, Seen(one.open, one.seen(now, limits.peer_interval)))

    def enter(self, peer: str, limits: Limits, now: float) -> None:
        """Count one connection."""
        one = self._peers.pop(peer, None) or _Count()
        self._peers[peer] = one  # last in the order: the most lately seen
        for count, interval in ((self._all, limits.interval), (one, limits.peer_interval)):
            count.recent = count.seen(now, interval) + 1
            count.open += 1
        if len(self._peers) > PEERS_REMEMBERED:
            self._forget()

    def leave(self, peer: str) -> None:
        """Uncount one connection."""
        self._all.open -= 1
        self._peers[peer].open -= 1

    @property
    def open(self) -> int:
        """Connections open now."""
        return self._all.open

    def _forget(self) -> None:
        idle = [peer for peer, count in self._peers.items() if not count.open]
        for peer in idle[: PEERS_REMEMBERED // 8]:
            del self._peers[peer]


class LocalTallies:
    """Counts of this process alone."""

    __slots__ = ()

    def locked(self) -> AbstractContextManager[None]:
        """Nothing: one thread counts."""
        return nullcontext()

    def of(self, name: str) -> Counting:
        """New counts."""
        return Tally()


LOCAL: Final = LocalTallies()


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules and the limits of one level."""

    rules: Rules = NO_RULES
    limits: Limits = LIMITS


class Turnstile:
    """One level's policy with its counts: a listener's, or a service's over all of its listeners."""

    __slots__ = ("_by_rule", "_name", "policy", "tallies", "tally")

    def __init__(self, policy: Policy, name: str = "", tallies: Tallies = LOCAL) -> None:
        """`name` is its own among all levels, for counts that are shared."""
        self.policy, self.tallies = policy, tallies
        self._name = name
        self.tally = tallies.of(name)
        self._by_rule: dict[Rule, Counting] = {}

    def adopt(self, policy: Policy) -> None:
        """Go on under another policy; connections that are open stay counted."""
        self.policy = policy
        self._by_rule = {rule: tally for rule, tally in self._by_rule.items() if rule in policy.rules.allow}

    def of(self, rule: Rule) -> Counting:
        """The counts of one allow rule."""
        found = self._by_rule.get(rule)
        if found is None:
            found = self._by_rule[rule] = self.tallies.of(f"{self._name} rule {rule.priority}")
        return found


class Admission(AbstractContextManager[None]):
    """One connection's place; left once, however often it is asked to."""

    __slots__ = ("_peer", "_tallies")

    def __init__(self, peer: str, tallies: tuple[Counting, ...]) -> None:
        self._peer, self._tallies = peer, tallies

    def leave(self) -> None:
        """Give the place back."""
        tallies, self._tallies = self._tallies, ()
        for tally in tallies:
            tally.leave(self._peer)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.leave()


class RuleGate:
    """The gate of one listener: its own level, its service's level, and what is known of guessing peers."""

    __slots__ = ("_clock", "_guesses", "_listener", "_login_only", "_service")

    def __init__(
        self, listener: Turnstile, service: Turnstile, guesses: Guesses, clock: Clock, *, login_only: bool = True
    ) -> None:
        """`login_only`: one can do nothing here without a login, so a peer blocked for guessing is not even let in."""
        self._listener, self._service, self._guesses = listener, service, guesses
        self._clock, self._login_only = clock, login_only

    def admit(self, peer: str) -> AbstractContextManager[None] | None:
        """The connection's admission, to be left when it closes; None: close it."""
        entered = self.enter(peer)
        return entered if isinstance(entered, Admission) else None

    def enter(self, peer: str) -> Admission | Refusal:
        """The connection's admission, or why there is none."""
        known = address(peer)
        key = peer_key(known)
        found = decide(known, self._listener.policy.rules, self._service.policy.rules)
        if not found.admitted:
            rule = found.rule
            named = f"deny rule {rule.priority}" if rule is not None else "a deny rule"
            return Refusal("denied", f"{peer} is refused by {named} of the {found.level}")
        if self._login_only and (left := self._guesses.peer_blocked(key)):
            return Refusal("blocked", f"{peer} is blocked for {left:.0f} more seconds after too many failed logins")
        return self._count(key, found)

    def blocked(self, peer: str, name: str) -> float:
        """Seconds for which this login is refused without a look at its password; 0: look."""
        return self._guesses.blocked(peer_key(address(peer)), name)

    def failed_login(self, peer: str, name: str) -> float:
        """Note a failed login; the seconds to wait before replying."""
        return self._guesses.failed(peer_key(address(peer)), name)

    def succeeded_login(self, peer: str, name: str) -> None:
        """Note a login that worked."""
        self._guesses.succeeded(peer_key(address(peer)), name)

    def _count(self, key: str, found: Decision) -> Admission | Refusal:
        now = self._clock.monotonic()
        counted = self._counted(found)
        with self._service.tallies.locked():
            for tally, limits in counted:
                if over := tally.over(key, limits, now):
                    return Refusal("limit", over)
            for tally, limits in counted:
                tally.enter(key, limits, now)
        return Admission(key, tuple(tally for tally, _ in counted))

    def _counted(self, found: Decision) -> tuple[tuple[Counting, Limits], ...]:
        """Where a connection counts: with the allow rule that let it in, else with the listener and its service."""
        if found.rule is not None:
            level = self._listener if found.level == "listener" else self._service
            return ((level.of(found.rule), found.rule.limits),)
        here, above = self._listener, self._service
        return ((here.tally, here.policy.limits), (above.tally, above.policy.limits))
