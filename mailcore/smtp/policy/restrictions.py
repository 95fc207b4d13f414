"""To whom somebody may send, and from whom somebody takes mail: `sendRestriction`, `receiveRestriction`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from groupware.model.errors import GroupwareError
from groupware.model.principal import Principal
from groupware.model.screening import fits
from groupware.store.api import ReadTx
from mailcore.queue.plans import Targets
from mailcore.smtp.reply import Reply


def allowed(policy: str, exceptions: str, own_domain: str, other: str, *, trusted: bool = True) -> bool:
    """Whether `other` is somebody to have to do with. `trusted`: whether it is known that the address is real."""
    if policy == "anyDomain" and not exceptions:
        return True
    domain, own = other.rpartition("@")[2].lower(), own_domain.lower()
    if policy == "anyDomain":
        welcome = True
    elif policy == "localDomain":
        welcome = trusted and domain == own
    elif policy == "localDomainAndSubdomains":
        welcome = trusted and (domain == own or domain.endswith(f".{own}"))
    else:
        welcome = False
    return welcome != fits(exceptions, other)


def unwelcome(sender: str, recipients: Sequence[tuple[str, Targets]], *, trusted: bool) -> dict[str, Reply]:
    """The recipients that take no mail from the sender, each with the reply that says so.

    Reports (<>) always come through: they are about what somebody has sent. What a group says is `forbidden`'s.
    """
    found: dict[str, Reply] = {}
    for address, targets in recipients:
        if not sender or isinstance(targets, GroupwareError) or len(targets) != 1:
            continue
        own = (targets[0].address or address).rpartition("@")[2]
        if not allowed(*targets[0].takes_from, own, sender, trusted=trusted):
            found[address] = Reply(550, "5.7.1", f"<{address}> takes no mail from <{sender}> (receiveRestriction).")
    return found


def forbidden(
    who: Principal | None, sender: str, recipients: Sequence[tuple[str, Targets]]
) -> Callable[[ReadTx], dict[str, Reply]] | None:
    """Work that gives the recipients whom the sender's settings or a group's forbid; None: there is none to ask."""
    groups = [address for address, targets in recipients if sender and _is_group(targets)]
    if who is None and not groups:
        return None

    def work(tx: ReadTx) -> dict[str, Reply]:
        found: dict[str, Reply] = {}
        for address in groups:
            if not tx.group_takes(address, sender, proven=who is not None):
                found[address] = Reply(550, "5.7.1", f"<{address}> takes no mail from <{sender}> (receiveEmailFrom).")
        if who is not None:
            found |= _sending(tx, who, [address for address, _ in recipients])
        return found

    return work


def _is_group(targets: Targets) -> bool:
    return not isinstance(targets, GroupwareError) and any(each.group is not None for each in targets)


def _sending(tx: ReadTx, who: Principal, recipients: Sequence[str]) -> dict[str, Reply]:
    policy, exceptions = (str(tx.setting(f"send{each}", who.account).value) for each in ("Restriction", "Exceptions"))
    own = who.name.rpartition("@")[2]
    return {
        to: Reply(550, "5.7.1", f"<{to}>: the settings of {who.name} forbid it to send there (sendRestriction).")
        for to in recipients
        if not allowed(policy, exceptions, own, to)
    }
