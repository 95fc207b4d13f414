"""To whom somebody may send, and from whom somebody takes mail: `sendRestriction`, `receiveRestriction`. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from groupware.model.errors import GroupwareError
from groupware.model.ids import AccountId
from groupware.model.principal import Principal
from groupware.store.api import ReadTx
from mailcore.queue.intake import Targets
from mailcore.smtp.reply import Reply


def allowed(policy: str, exceptions: str, own_domain: str, other: str, *, trusted: bool = True) -> bool:
    """Whether `other` is somebody to have to do with. `trusted`: whether it is known that the address is real."""
    domain, own = other.rpartition("@")[2].lower(), own_domain.lower()
    if policy == "anyDomain":
        fits = True
    elif policy == "localDomain":
        fits = trusted and domain == own
    elif policy == "localDomainAndSubdomains":
        fits = trusted and (domain == own or domain.endswith(f".{own}"))
    else:
        fits = False
    return fits != any(pattern.match(other.lower()) for pattern in _patterns(exceptions))


@lru_cache(maxsize=1000)
def _patterns(text: str) -> Sequence[re.Pattern[str]]:
    """A word without @ is a domain."""
    words = (word.lower() if "@" in word or "*" in word else f"*@{word.lower()}" for word in text.split())
    return [re.compile(fnmatch.translate(word.replace("[", "[[]"))) for word in words]


def forbidden(
    who: Principal | None, sender: str, recipients: Sequence[tuple[str, Targets]]
) -> Callable[[ReadTx], dict[str, Reply]]:
    """Work that gives the recipients that a restriction forbids, each with the reply that says whose it is."""

    def work(tx: ReadTx) -> dict[str, Reply]:
        found: dict[str, Reply] = {}
        for address, targets in recipients:
            reply = _sending(tx, who, address) or _receiving(tx, who, sender, address, targets)
            if reply is not None:
                found[address] = reply
        return found

    return work


def _sending(tx: ReadTx, who: Principal | None, to: str) -> Reply | None:
    if who is None or _fits(tx, "send", who.account, who.name, to):
        return None
    return Reply(550, "5.7.1", f"<{to}>: the settings of {who.name} forbid it to send there (sendRestriction).")


def _receiving(tx: ReadTx, who: Principal | None, sender: str, to: str, targets: Targets) -> Reply | None:
    """Reports (<>) always come through: they are about what somebody has sent."""
    if not sender or isinstance(targets, GroupwareError):
        return None
    if not tx.group_takes(to, sender, proven=who is not None):
        return Reply(550, "5.7.1", f"<{to}> takes no mail from <{sender}> (receiveEmailFrom).")
    for each in targets:
        if each.kind not in ("account", "list") or each.account is None or len(targets) > 1:
            continue
        if not _fits(tx, "receive", each.account, each.address or to, sender, trusted=who is not None):
            return Reply(550, "5.7.1", f"<{to}> takes no mail from <{sender}> (receiveRestriction).")
    return None


def _fits(tx: ReadTx, way: str, account: AccountId, own: str, other: str, *, trusted: bool = True) -> bool:
    policy = str(tx.setting(f"{way}Restriction", account).value)
    exceptions = str(tx.setting(f"{way}Exceptions", account).value)
    if policy == "anyDomain" and not exceptions:
        return True
    return allowed(policy, exceptions, own.rpartition("@")[2], other, trusted=trusted)
