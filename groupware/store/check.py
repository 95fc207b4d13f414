"""`postroom check`: looks through everything that is stored, puts right what can be put right, and goes on.

1. It may run beside a working server: what it finds it finds in a snapshot, and a repair looks again before it writes.
2. What cannot be served is moved to the table `quarantine`, never silently deleted.
3. A body that cannot be read just now is told, but nothing is done about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from groupware.model.errors import GroupwareError, NotFound, TryAgain
from groupware.model.ids import BlobId, QueueId
from groupware.model.principal import OPERATOR

from .blobs import hashed
from .frames import unpacked
from .objects import Objects
from .sql import dangling, torn, verify
from .sql.engine import Sql
from .sql.store import SqlStore
from .sql.tx import Tx
from .sql.verify import Fault

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was not as it has to be. `repaired`: it is now, or it is in quarantine."""

    kind: str
    text: str
    repaired: bool = False
    lost: QueueId | None = None
    """The queued message that cannot be sent any more, for whoever asked to give it up: its sender has to be told."""


@dataclass(slots=True)
class Report:
    """What a check has found."""

    bodies: int = 0
    """How many bodies were read."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check(
    store: SqlStore,
    objects: Objects,
    *,
    repair: bool = False,
    bodies: bool = True,
    step: Callable[[int], None] = lambda done: None,
) -> Report:
    """What is wrong with the store; with `repair` it is put right as it is found. Blocks; not for an event loop.

    `bodies` False leaves the octets unread. `step` is told after each page how many bodies were read so far.
    """
    report = Report()
    _hold(store, report, torn.RULES, repair)  # before all else: what no root leads to nobody opens
    if bodies:
        for fault in _bodies(store, objects, report, step):
            _note(store, report, fault, repair)
    _hold(store, report, (dangling.dangling, *verify.RULES), repair)
    return report


def _hold(store: SqlStore, report: Report, rules: Sequence[verify.Rule], repair: bool) -> None:
    for rule in rules:
        with _reading(store) as sql:
            faults = list(rule(sql))
        for fault in faults:
            _note(store, report, fault, repair)


@contextmanager
def _reading(store: SqlStore) -> Iterator[Sql]:
    """A snapshot of the database."""
    with store.database.readers.connect() as connection, connection.begin():
        yield Sql(connection)


def _bodies(store: SqlStore, objects: Objects, report: Report, step: Callable[[int], None]) -> Iterator[Fault]:
    after = ""
    while True:
        with _reading(store) as sql:
            rows = verify.page_of_bodies(sql, after, PAGE)
        if not rows:
            break
        for name, size, body in rows:
            why = _what_is_wrong(objects, BlobId(name), size, body)
            if why is not None:
                yield from _faults(store, BlobId(name), why)
        after = rows[-1][0]
        report.bodies += len(rows)
        step(report.bodies)
    with _reading(store) as sql:
        missing = verify.bodiless(sql)
    for blob in missing:
        yield from _faults(store, blob, "it is not there")


def _what_is_wrong(objects: Objects, blob: BlobId, size: int, body: bytes | None) -> str | None:
    try:
        octets = unpacked(blob, objects.get(blob) if body is None else body)
    except NotFound:
        return "it is lost or damaged"
    except TryAgain as error:
        return f"{_UNKNOWN}{error}"
    if hashed(octets) != blob:
        return "its octets are others than those that were stored"
    if len(octets) != size:
        return f"it has {len(octets)} octets, not {size}"
    return None


_UNKNOWN: Final = "it cannot be read just now: "


def _faults(store: SqlStore, blob: BlobId, why: str) -> Iterator[Fault]:
    with _reading(store) as sql:
        faults = list(verify.broken_body(sql, blob, why))
    for fault in faults:
        yield Fault("body.unknown", fault.text) if why.startswith(_UNKNOWN) else fault


def _note(store: SqlStore, report: Report, fault: Fault, repair: bool) -> None:
    done, more = False, ""
    if repair and fault.repair is not None:
        try:
            store.write_later(OPERATOR, partial(_mend, fault)).result()
            done = True
        except GroupwareError as error:
            more = f"; it could not be repaired: {error}"
    report.findings.append(Finding(fault.kind, fault.text + more, done, fault.queue))


def _mend(fault: Fault, tx: object) -> None:
    assert isinstance(tx, Tx) and fault.repair is not None
    fault.repair(tx)
