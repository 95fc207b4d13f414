"""The chain of filters that a message passes for each recipient here: server, then domain, then account, by priority.

A filter looks at a `Case` and gives a `Verdict`; it stores and sends nothing. What its verdict asks for happens in the
one write that delivers (`sorting`). Whoever adds a scanner or a language of rules declares an entry point
(`[project.entry-points."postroom.filters"]`, name -> `factory(parts, setup)`, a filter or several), and nothing else
changes.

1. What becomes of the message (`Disposition`) is what the last filter says that says anything of it. Where one holds
   it back, none behind is asked; and what somebody has released passes those of server and domain unasked.
2. What a filter adds to the message is seen by those behind it. What it sends, remembers and notes adds up.
3. A filter that breaks is passed over, or has the message wait, as it says itself (`fails`). No message is lost by it.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol, runtime_checkable

from groupware.model.errors import GroupwareError, Refused, TryAgain
from groupware.model.event import Recipient, Target
from groupware.model.flags import Flags
from groupware.model.folder import Destination, Role
from groupware.model.ids import AccountId
from groupware.model.memory import Memory
from mailcore.server.counters import Counters
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts, ServiceSetup, installed_filters

Level = Literal["server", "domain", "account"]
INFECTED: Final = 4
CERTAIN: Final = 100.0
_ORDER: Final[Mapping[Level, int]] = {"server": 0, "domain": 1, "account": 2}


# --- what a filter says ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filing:
    """Into one folder, with these flags."""

    to: Destination | None = None
    """None: where the message goes by itself."""
    flags: Flags = Flags.NONE
    keywords: frozenset[str] = frozenset()
    octets: bytes | None = field(default=None, repr=False)
    """Another message in its stead; None: as it is."""
    inherits: bool = False
    """Wherever the filters before have it go."""


@dataclass(frozen=True, slots=True)
class Redirection:
    """On to another address, from the same sender."""

    address: str
    octets: bytes = field(repr=False)
    whole: bool = False
    """Nothing but marks of who passes it on has been added to it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The sender gets it back."""

    text: str
    early: bool = False
    """By the reply to the client that hands it in, where that can be; else by a report."""
    silent: bool = False
    """No report: a list or a program sent it."""
    later: bool = False
    """Not for good: the client is to come again; what is here already waits, and is looked at again."""

    @property
    def error(self) -> Refused | TryAgain:
        """What it is for who hands the message in."""
        return TryAgain(self.text) if self.later else Refused(self.text)


@dataclass(frozen=True, slots=True)
class Disposition:
    """What becomes of the message. With nothing in it the message is dropped."""

    filings: tuple[Filing, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    refusal: Refusal | None = None
    quarantine: str | None = None
    """Why it is held back, until somebody releases it; None: it is not."""

    @property
    def unwanted(self) -> bool:
        """Whether it is held back, or goes to Junk alone: it is no message that anybody answers or passes on."""
        junk = bool(self.filings) and all(each.to is not None and each.to.role == Role.JUNK for each in self.filings)
        return junk or self.quarantine is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """A message that a filter has written. It goes out from <>, so nothing ever comes back for it."""

    kind: str
    """`vacation`, `notify`, `told`."""
    to: tuple[str, ...]
    """Nobody: it is only filed."""
    octets: bytes = field(repr=False)
    once: Memory | None = None
    """Only if this is not remembered, and it is from now on."""
    copy: Filing | None = None
    """A folder of the owner that gets it too."""
    of: AccountId | None = None
    """Who it is that remembers it; None: the recipient."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a filter did, or did not do and why: a row of the trace and a line of the log."""

    did: str
    script: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one filter wants."""

    disposition: Disposition | None = None
    """None: nothing of that."""
    octets: bytes | None = field(default=None, repr=False)
    """The message from here on: with a scanner's fields in its header."""
    spam: float | None = None
    """Percent, for the rules behind (RFC 5235). Header fields are for people: anybody could have written them."""
    virus: int | None = None
    """1 (none) to 5 (certain)."""
    answers: tuple[Answer, ...] = ()
    memories: tuple[Memory, ...] = ()
    said: tuple[Said, ...] = ()


NOTHING: Final = Verdict()


# --- what a filter looks at -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """One message for one recipient here, or for all elsewhere (a `remote` target)."""

    message: str
    """The message id of log and trace."""
    octets: bytes = field(repr=False)
    """As the filters before have left it, with the trace fields, without Return-Path."""
    sender: str
    recipient: Recipient
    """As it was given; a group's member under its own address, the group in `orcpt`."""
    target: Target
    by: AccountId | None = None
    earlier: tuple[Verdict, ...] = ()
    """What the filters before have said."""
    cleared: bool = False
    """Somebody has released it from quarantine."""


def home_of(case: Case) -> str:
    """The domain that it counts for: the recipient's here, or the sender's when the message leaves."""
    if case.target.kind != "remote":
        return (case.target.address or case.recipient.address).rpartition("@")[2].lower()
    return case.sender.rpartition("@")[2].lower() if case.by is not None else ""


Judge = Callable[[Case], Awaitable[Verdict]]


class Filter(Protocol):
    """A link of the chain."""

    @property
    def name(self) -> str:
        """As the log calls it."""
        ...

    @property
    def level(self) -> Level:
        """Whose filter it is."""
        ...

    @property
    def priority(self) -> int:
        """The lower goes first among those of a level."""
        ...

    @property
    def fails(self) -> Literal["open", "later"]:
        """What a fault of its own means: the message goes on without it, or waits in the queue."""
        ...

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        """Who judges the message for those of its targets that this filter has something to say about.

        Asked once for a message, whoever it is for; it must cost next to nothing where the answer is nobody.
        """
        ...


@runtime_checkable
class Busy(Protocol):
    """A filter that has something to do beside: in Processing, once in each process."""

    async def work(self) -> None:
        """Do it, until cancelled."""
        ...


@runtime_checkable
class Reviewer(Protocol):
    """A filter that also judges what others have judged: it may undo what they say, and has nothing to say else."""

    async def reviews(self, targets: Sequence[Target]) -> Mapping[Target, Judge]:
        """Who judges the message for those of these targets, which filters before have a judge for."""
        ...


FilterFactory = Callable[[Parts, ServiceSetup], Filter | Sequence[Filter]]
"""What an entry point names: it makes one filter, or those of several levels."""
Place = tuple[Filter, Judge | None]
"""A filter, and its judge; None: it is away, and the message may not pass it."""


# --- the chain ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """What the chain has made of one case."""

    disposition: Disposition
    octets: bytes = field(repr=False)
    answers: tuple[tuple[str, Answer], ...] = ()
    """Each with the name of the filter."""
    memories: tuple[Memory, ...] = ()
    said: tuple[tuple[str, Said], ...] = ()
    trouble: GroupwareError | None = None
    """The message has to wait: a filter is away that it may not pass without."""
    spam: bool = False
    """A filter of server or domain has found that."""
    infected: bool = False
    refused_by: str = ""
    """The filter that has it refused."""


class Chain:
    """The filters of one process, in their order."""

    __slots__ = ("_counters", "_filters", "_log", "_reviewers", "places")

    def __init__(
        self, filters: Iterable[Filter], log: EventLog, counters: Counters | None = None, at_once: int = 20
    ) -> None:
        self.places = asyncio.Semaphore(at_once)
        """One for each message that is in the filters."""
        self._filters = tuple(sorted(filters, key=lambda each: (_ORDER[each.level], each.priority, each.name)))
        self._reviewers = [each for each in self._filters if isinstance(each, Reviewer)]
        self._log, self._counters = log, counters

    @property
    def beside(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What its filters have to do beside."""
        return [each.work for each in self._filters if isinstance(each, Busy)]

    def __len__(self) -> int:
        """How many filters there are."""
        return len(self._filters)

    async def judges(
        self, targets: Sequence[Target], octets: bytes
    ) -> Mapping[Target, Sequence[tuple[Filter, Judge | None]]]:
        """The judges of those targets that have any; None: this filter is away, and the message may not pass it."""
        found: dict[Target, list[Place]] = {}
        for each in self._filters if targets else ():
            judges: Mapping[Target, Judge | None]
            try:
                judges = await each.judges(targets, octets)
                for reviewer in self._reviewers:
                    if reviewer is each and (others := [one for one in found if one not in judges]):
                        judges = {**judges, **await reviewer.reviews(others)}
            except Exception as error:
                self._failed(each, error)
                judges = dict.fromkeys(targets) if each.fails == "later" else {}
            for target, judge in judges.items():
                found.setdefault(target, []).append((each, judge))
        return found

    async def decide(self, case: Case, judges: Sequence[Place]) -> Decision:
        """What all of them together make of it. Never raises for what a filter does."""
        verdicts: list[tuple[Filter, Verdict]] = []
        for each, judge in judges:
            if case.cleared and each.level != "account":
                continue
            try:
                if judge is None:
                    raise TryAgain(f"the filter {each.name} does not answer; try again later")
                verdict = await judge(case)
            except Exception as error:
                self._failed(each, error, home_of(case))
                if each.fails == "later":
                    return Decision(KEPT, case.octets, trouble=_passing(each, error))
                continue
            verdicts.append((each, verdict))
            octets = case.octets if verdict.octets is None else verdict.octets
            case = replace(case, octets=octets, earlier=(*case.earlier, verdict))
            if verdict.disposition is not None and verdict.disposition.quarantine is not None:
                break
        return _together(verdicts, case.octets)

    def _failed(self, filter: Filter, error: Exception, domain: str = "") -> None:
        if self._counters is not None:
            self._counters.add("FILTER_Error", domain=domain)
        if isinstance(error, GroupwareError):
            self._log.warning("filter_failed", filter=filter.name, why=str(error))
        else:
            told = "".join(traceback.format_exception(error))
            self._log.error("filter_failed", filter=filter.name, traceback=told)


KEPT: Final = Disposition((Filing(),))
"""What becomes of a message of which no filter says anything."""


def chain(parts: Parts, setup: ServiceSetup) -> Chain:
    """The installed filters, made for a service."""
    made: list[Filter] = []
    for load in installed_filters().values():
        factory: FilterFactory = load()
        found = factory(parts, setup)
        made += found if isinstance(found, Sequence) else [found]
    return Chain(made, parts.log("PROCESSING"), parts.counters, setup.config.queue.filtering_threads)


def disposition_of(verdicts: Iterable[Verdict]) -> Disposition:
    """What becomes of a message by what filters say of it one after the other."""
    disposition = KEPT
    for verdict in verdicts:
        if verdict.disposition is not None:
            disposition = _over(disposition, verdict.disposition)
    return disposition


def _together(verdicts: Sequence[tuple[Filter, Verdict]], octets: bytes) -> Decision:
    disposition = disposition_of(verdict for _, verdict in verdicts)
    refusing = [by.name for by, verdict in verdicts if verdict.disposition is not None and verdict.disposition.refusal]
    return Decision(
        disposition,
        octets,
        tuple((by.name, answer) for by, verdict in verdicts for answer in verdict.answers),
        tuple(memory for _, verdict in verdicts for memory in verdict.memories),
        tuple((by.name, said) for by, verdict in verdicts for said in verdict.said),
        spam=any(_is_spam(by, verdict) for by, verdict in verdicts),
        infected=any(_is_infected(verdict) for _, verdict in verdicts),
        refused_by=refusing[-1] if refusing and disposition.refusal is not None else "",
    )


def _is_infected(verdict: Verdict) -> bool:
    """Possibly or certainly so: RFC 5235 §3.2."""
    return (verdict.virus or 0) >= INFECTED


def _is_spam(by: Filter, verdict: Verdict) -> bool:
    """Whether a filter of the server or of a domain says so; what somebody's own rules sort out is their taste."""
    what = verdict.disposition
    wanted = (verdict.spam or 0) < CERTAIN and (what is None or not what.unwanted)
    return not wanted and not _is_infected(verdict) and by.level != "account"


def _over(old: Disposition, new: Disposition) -> Disposition:
    """The newer one; where it inherits, with what the older one says."""
    filings: list[Filing] = []
    inherits = False
    for each in new.filings:
        if not each.inherits:
            filings.append(each)
            continue
        inherits = True
        filings += [_marked(there, each) for there in old.filings]
    if not inherits:
        return replace(new, filings=tuple(filings))
    redirections = (*old.redirections, *new.redirections)
    return Disposition(tuple(filings), redirections, new.refusal or old.refusal)


def _marked(old: Filing, new: Filing) -> Filing:
    """The older filing with the flags of the newer one, and with its octets if it changed them."""
    octets = old.octets if new.octets is None else new.octets
    return Filing(old.to, old.flags | new.flags, old.keywords | new.keywords, octets)


def _passing(filter: Filter, error: Exception) -> GroupwareError:
    """Whatever it was, it is tried again."""
    return error if isinstance(error, TryAgain) else TryAgain(f"the filter {filter.name} failed; try again later")
