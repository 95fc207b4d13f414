"""The rules that hold now: read from the store once, and again when the bus says that they have changed."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from groupware.model.errors import Refused, TryAgain
from groupware.model.policy import StoredRule
from groupware.model.principal import OPERATOR
from groupware.store.api import POLICY, Bus, Store, Watch
from mailcore.server.events import EventLog
from mailcore.smtp.policy.engine import Ruleset, compiled
from mailcore.smtp.policy.rules import Rule, for_domain, read


class Rulebook:
    """The rules for one service of this process. While nothing changes, asking costs no look at the database."""

    def __init__(self, store: Store, bus: Bus, log: EventLog) -> None:
        self._store, self._bus, self._log = store, bus, log
        self._watch: Watch | None = None
        self._rules: Ruleset | None = None
        self._stale = True

    async def current(self) -> Ruleset:
        """The rules that hold. While the database is away, those that held before; TryAgain when there are none."""
        if self._watch is None:
            self._watch = self._bus.watch([POLICY])
            weakref.finalize(self, self._watch.close)
        if await self._watch.changed(0):
            self._stale = True
        if self._stale:
            self._stale = False
            try:
                self._rules = await self._read()
            except BaseException as error:
                self._stale = True
                if self._rules is None or not isinstance(error, TryAgain):
                    raise
        if self._rules is None:  # somebody else is reading them for the first time
            return await self._read()
        return self._rules

    async def _read(self) -> Ruleset:
        kept, domains = await self._store.read(OPERATOR, lambda tx: (tx.policy(), tx.domain_policies()))
        usable = {
            id(of): self._usable(of, name) for name, of in domains.items()
        }  # aliases have the list of their domain
        return compiled(self._usable(kept), {name: usable[id(of)] for name, of in domains.items()})

    def _usable(self, kept: Sequence[StoredRule], domain: str = "") -> Sequence[Rule]:
        found: list[Rule] = []
        for each in kept:
            try:
                found.append(for_domain(read(each)) if domain else read(each))
            except (Refused, ValueError) as error:
                self._log.error("policy_rule_unusable", rule=each.name, domain=domain, why=str(error))
        return found
