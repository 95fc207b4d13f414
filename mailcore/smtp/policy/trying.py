"""What a dry run of rules is made of, as it is asked for on the command line and in WebAdmin."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from groupware.model.errors import GroupwareError, Refused
from groupware.store.api import ReadTx
from mailcore.server.config import Config
from mailcore.server.dns import Resolver
from mailcore.server.events import EventLog
from mailcore.smtp.policy.access import is_elsewhere
from mailcore.smtp.policy.countries import Atlas
from mailcore.smtp.policy.engine import Ruleset, compiled
from mailcore.smtp.policy.lookups import looked_up
from mailcore.smtp.policy.rules import Rule, for_domain, read
from mailcore.smtp.policy.trial import LookUp, Step
from mailcore.smtp.policy.variables import Value, declared, setting


def known_rules(tx: ReadTx, given: Sequence[Rule] | None = None, domain: str = "") -> Ruleset:
    """The rules to try: those that hold, with `given` in the place of the server's or of a domain's.

    Who administers that domain alone tries its rules alone.
    """
    if given is not None and not domain:
        return compiled(given)
    server = tx.administers()
    domains = {name: [read(each) for each in of] for name, of in tx.domain_policies().items()} if server else {}
    if domain:
        own = [read(each) for each in tx.policy(domain)] if given is None else [for_domain(each) for each in given]
        domains[domain.lower()] = own
    return compiled([read(each) for each in tx.policy()] if server else (), domains)


def recipient(tx: ReadTx, address: str) -> tuple[str, bool, bool]:
    """The address, whether it is of this server, whether it leads anywhere."""
    try:
        targets = tx.resolve(address)
    except GroupwareError:
        return address, True, False
    return address, not is_elsewhere(address, targets), bool(targets)


def assumed(text: str, given: str) -> tuple[str, Value]:
    """What is taken to be so besides, as `NAME=VALUE`; `given` is where it stood. `Refused`."""
    name, sign, value = text.partition("=")
    try:
        variable, name = declared(name.strip())
        if not sign:
            raise ValueError(f"write {name}=VALUE")
        return name, tuple(value.split(",")) if variable.kind == "texts" else setting(variable, value)
    except ValueError as error:
        raise Refused(f"{given} {text[:80]}: {error}") from None


def looking_up(config: Config, dns: Resolver, ip: str, log: EventLog) -> LookUp:
    """What is asked elsewhere about a client's address, each thing once."""
    atlas = Atlas(config.data / file if (file := config.smtp.countries.file) is not None else None, log)
    known = dict[str, Value]()

    async def look_up(asked: Collection[str]) -> Mapping[str, Value]:
        countries = await atlas.countries() if "country" in asked else None
        if countries is not None:
            known["country"] = countries.of(ip)
        return await looked_up(dns, ip, asked, known, log)

    return look_up


def told(step: Step) -> Mapping[str, object]:
    """A step for people."""
    return {
        "event": step.event,
        "about": step.about,
        "rules": [rule.name for rule in step.decision.matched],
        "does": [str(action) for action in step.decision.actions],
    }
