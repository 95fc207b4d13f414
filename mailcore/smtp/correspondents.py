"""Whitelists, blacklists, and what becomes of the mail of strangers: a link of the chain of filters.

1. A sender is the address in From. An account's own lists count more than those of its domain and the server, a
   whitelist more than a blacklist, and either of its own more than an address book.
2. Who is on a whitelist is no spam; a message that our checks find forged, that carries a virus, or that is held back,
   is what it is, whoever it says it is from.
3. Reports (<>) and what people here have sent are never a stranger's.
4. It costs nothing where no list has somebody on it and strangers pass, but for what a filter before calls unwanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from groupware.model.addresses import normal
from groupware.model.errors import GroupwareError
from groupware.model.event import Target
from groupware.model.folder import Destination, Role
from groupware.model.ids import AccountId
from groupware.model.principal import DELIVERY
from groupware.model.screening import COLLECTED, FILTERED, Screening, fits
from groupware.store.api import ReadTx, Store
from mailcore.lists.letter import Letter, read
from mailcore.queue.filters import (
    NOTHING,
    Case,
    Disposition,
    Filing,
    Judge,
    Level,
    Refusal,
    Said,
    Verdict,
    disposition_of,
)
from mailcore.server.config import Config
from mailcore.server.parts import Parts
from mailcore.smtp.authentication.results import is_junk
from mailcore.smtp.confirmation import Confirming

Standing = Literal["white", "black", "stranger"]
_HERE: Final = ("account", "list")
_JUNK: Final = Disposition((Filing(Destination(role=Role.JUNK)),))
_KEPT: Final = Disposition((Filing(),))
_FILTERED: Final = Disposition((Filing(Destination(FILTERED, create=True)),))
_INFECTED: Final = 1
"""What a scanner calls a message more than that carries a virus."""


def correspondents(parts: Parts, config: Config, authserv_id: str) -> Correspondents:
    """The link."""
    return Correspondents(parts.store, config.host, authserv_id, Confirming.of(parts, config))


class Correspondents:
    """Judges messages by who has sent them."""

    level: Level = "account"
    priority = 50
    fails: Literal["open", "later"] = "later"
    name = "correspondents"

    def __init__(self, store: Store, host: str, authserv_id: str, confirming: Confirming) -> None:
        self._store, self._host, self._id, self._confirming = store, host, authserv_id, confirming

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        """Those that have something to say of senders."""
        return await self.reviews([each for each in targets if each.screened])

    async def reviews(self, targets: Sequence[Target]) -> Mapping[Target, Judge]:
        """All that have something to say where a filter calls mail unwanted that is from somebody they know."""
        return {each: partial(self._judge, each.account) for each in targets if each.kind in _HERE}

    async def _judge(self, account: AccountId | None, case: Case) -> Verdict:
        now = disposition_of(case.earlier)
        spam, gone = _is_spam(case, now), now.refusal is not None or not (now.filings or now.redirections)
        if account is None or (not case.target.screened and not spam):
            return NOTHING
        letter = replace(read(case.octets), sender=case.sender)
        author = letter.address or normal(case.sender)
        screening, standing = await self._store.glance(DELIVERY, lambda tx: _standing(tx, account, author))
        match standing:
            case "white":
                return self._white(case, author) if spam else NOTHING
            case "black":
                return NOTHING if gone else _black(screening, letter, author)
            case "stranger":
                return NOTHING if spam or gone else await self._stranger(screening, case, letter, author)

    def _white(self, case: Case, author: str) -> Verdict:
        """Kept, whatever scanners think of it."""
        infected = any((each.virus or 0) > _INFECTED for each in case.earlier)
        if infected or is_junk(case.octets[: _header_of(case.octets)], self._id):
            return NOTHING
        return Verdict(_KEPT, said=(Said(f"no spam: {author} is known"),))

    async def _stranger(self, screening: Screening, case: Case, letter: Letter, author: str) -> Verdict:
        if screening.strangers == "pass" or case.by is not None or not case.sender:
            return NOTHING
        said = (Said(f"{author} is a stranger (filteringOption)"),)
        match screening.strangers:
            case "discard":
                return Verdict(Disposition(), said=said)
            case "sendNDR":
                text = f"<{screening.address}> takes mail from people it knows alone."
                return Verdict(Disposition(refusal=Refusal(text, True, not letter.may_be_answered)), said=said)
            case "moveToFilteredEmail":
                return Verdict(_FILTERED, said=said)
        if await self._confirming.confirmed(screening, letter, author):
            seen = Said(f"{author} has confirmed the address: what waited is in the INBOX")
            return Verdict(Disposition((Filing(Destination(role=Role.TRASH)),)), said=(seen,))
        sure = letter.may_be_answered and letter.is_vouched(self._host, self._id) and normal(case.sender) == author
        answers = (self._confirming.question(screening, letter, author),) if sure else ()
        return Verdict(_FILTERED, answers=answers, said=said)


def _is_spam(case: Case, now: Disposition) -> bool:
    """Whether it goes to Junk, or a scanner refuses it: not what a rule says that drops or refuses it."""
    scanners = (each.disposition for each in case.earlier if each.spam is not None and each.disposition is not None)
    return now.unwanted or (now.refusal is not None and any(each.refusal is now.refusal for each in scanners))


def _standing(tx: ReadTx, account: AccountId, author: str) -> tuple[Screening, Standing]:
    found = tx.screening(account)
    if fits(found.whitelist, author):
        return found, "white"
    if fits(found.blacklist, author):
        return found, "black"
    if found.contacts and _is_contact(tx, account, author):
        return found, "white"
    if fits(found.server_whitelist, author):
        return found, "white"
    return found, "black" if fits(found.server_blacklist, author) else "stranger"


def _is_contact(tx: ReadTx, account: AccountId, author: str) -> bool:
    try:
        return any(tx.addressbook_has(account, book, author) for book in ("", COLLECTED))
    except GroupwareError:
        return False  # a list has no address books


def _black(screening: Screening, letter: Letter, author: str) -> Verdict:
    said = (Said(f"{author} is on the blacklist"),)
    match screening.black:
        case "discard":
            return Verdict(Disposition(), said=said)
        case "reject":
            text = f"<{screening.address}> takes no mail from <{author}>."
            return Verdict(Disposition(refusal=Refusal(text, True, not letter.may_be_answered)), said=said)
    return Verdict(_JUNK, said=said)


def _header_of(octets: bytes) -> int:
    end = octets.find(b"\r\n\r\n")
    return len(octets) if end < 0 else end
