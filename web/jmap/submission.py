"""EmailSubmission: what was handed in, how it stands, and what there is of it. RFC 8621 §7."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.model.event import TraceRow
from groupware.model.ids import QueueId
from groupware.model.record import Record, RecordKind
from groupware.model.times import moment_of
from groupware.store.api import ReadTx
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    check_filter,
    chosen,
)
from web.jmap.errors import MethodError
from web.jmap.ids import account_id
from web.jmap.kept import facts_of, number_of, own, state_of, told_changes, turned
from web.jmap.limits import IN_GET
from web.jmap.queries import in_order, passes, query_changes_of, query_of
from web.jmap.turn import Turn

KIND: Final = RecordKind.SUBMISSION
PROPERTIES: Final = (
    "id",
    "identityId",
    "emailId",
    "threadId",
    "envelope",
    "sendAt",
    "undoStatus",
    "deliveryStatus",
    "dsnBlobIds",
    "mdnBlobIds",
)
_KEPT: Final = ("identityId", "emailId", "threadId", "envelope", "sendAt")
_CONDITIONS: Final = ("identityIds", "emailIds", "threadIds", "undoStatus", "before", "after")
_DELIVERED: Final = {"delivered": "yes", "sent": "unknown", "failed": "no"}
"""What an event of the trace says of a recipient; that the next host took it is no more than that."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """One of them."""

    record: Record
    facts: Mapping[str, Any]
    now: datetime

    @property
    def id(self) -> str:
        """Its id."""
        return f"S{self.record.number}"

    def property(self, tx: ReadTx, name: str) -> Any:
        """A property of the EmailSubmission object."""
        if name == "id":
            return self.id
        if name in _KEPT:
            return self.facts[name]
        if name == "undoStatus":
            return self.undo_status(tx)
        return self._delivery(tx) if name == "deliveryStatus" else []

    def undo_status(self, tx: ReadTx) -> str:
        """Whether it can still be taken back."""
        if self.facts.get("canceled"):
            return "canceled"
        waits = bool(self.facts["queue"]) and moment_of(self.facts["sendAt"]) > self.now
        return "pending" if waits and tx.submitted(QueueId(self.facts["queue"])) is not None else "final"

    def _delivery(self, tx: ReadTx) -> Mapping[str, Any]:
        said: Mapping[str, str] = self.facts["replies"]
        found = {to: {"smtpReply": reply, "delivered": "queued", "displayed": "unknown"} for to, reply in said.items()}
        try:
            rows: Sequence[TraceRow] = tx.trace(self.facts["message"])
        except NotFound:
            rows = ()
        for row in rows:
            state = _DELIVERED.get(row.event.name)
            for to in (row.event.parties or _named(row.event.facts.get("to"))) if state is not None else ():
                if to in found:
                    found[to]["delivered"] = state or ""
                    found[to]["smtpReply"] = _reply(row, found[to]["smtpReply"])
        return found


def _named(value: object) -> list[str]:
    return str(value).split() if value else []


def _reply(row: TraceRow, before: str) -> str:
    facts = row.event.facts
    if row.event.name == "sent" and facts.get("said"):
        return str(facts["said"])
    return f"550 {facts.get('code', '5.0.0')} {facts.get('why', '')}"[:500] if row.event.name == "failed" else before


def every(tx: ReadTx, now: datetime) -> dict[str, Submitted]:
    """All of them, the oldest first, by id."""
    return {f"S{each.number}": Submitted(each, facts_of(each), now) for each in tx.records(KIND)}


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`EmailSubmission/get`."""
    wanted, now = chosen(arguments.properties, PROPERTIES), turn.parts.clock.now()

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner, there = own(tx, arguments.account_id), every(tx, now)
        asked = list(there) if arguments.ids is None else arguments.ids
        if len(asked) > IN_GET:
            raise MethodError("requestTooLarge", f"more than {IN_GET} submissions: ask for some")
        return {
            "accountId": account_id(owner),
            "state": state_of(tx, KIND),
            "list": [{name: there[each].property(tx, name) for name in wanted} for each in asked if each in there],
            "notFound": [each for each in asked if each not in there],
        }

    return await turn.read(work)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`EmailSubmission/changes`."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = own(tx, arguments.account_id)
        found = turned(tx, KIND, arguments.since_state, arguments.max_changes)
        told = {name: [f"S{number}" for number in getattr(found, name)] for name in ("created", "updated", "destroyed")}
        return told_changes(account_id(owner), arguments.since_state, state_of(tx, KIND), told)

    return await turn.read(work)


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`EmailSubmission/query`."""
    return await query_of(turn, arguments, partial(_found, arguments, turn.parts.clock.now()))


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`EmailSubmission/queryChanges`."""
    return await query_changes_of(turn, arguments, partial(_found, arguments, turn.parts.clock.now()))


def _found(arguments: QueryArguments | QueryChangesArguments, now: datetime, tx: ReadTx) -> tuple[str, list[str]]:
    account = account_id(own(tx, arguments.account_id))
    check_filter(arguments.filter, _CONDITIONS)
    kept = [each for each in every(tx, now).values() if passes(arguments.filter, partial(_condition, tx, each))]
    return account, [each.id for each in in_order(kept, arguments.sort, _SORTS, "submissions")]


def _condition(tx: ReadTx, each: Submitted, name: str, value: Any) -> bool:
    match name, value:
        case (("identityIds" | "emailIds" | "threadIds"), list()):
            return each.facts[name.removesuffix("s")] in value
        case "undoStatus", str():
            return each.undo_status(tx) == value
        case (("before" | "after"), str()):
            try:
                moment = moment_of(value).astimezone(UTC)
            except ValueError as error:
                raise MethodError("invalidArguments", str(error)) from None
            sent = moment_of(each.facts["sendAt"])
            return sent < moment if name == "before" else sent >= moment
    raise MethodError("unsupportedFilter", f"submissions are not found by {name[:60]!r} like that")


_SORTS: Final[Mapping[str, Callable[[Submitted], str]]] = {
    "emailId": lambda each: str(each.facts["emailId"]),
    "threadId": lambda each: str(each.facts["threadId"]),
    "sentAt": lambda each: str(each.facts["sendAt"]),
}


def record_of(name: str) -> int:
    """The number of the record behind an id; 0 for what is no such id."""
    return number_of(name, "S") or 0
