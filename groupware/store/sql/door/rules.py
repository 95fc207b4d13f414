"""`groupware.store.api.rules` over SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from groupware.model.ids import AccountId, FolderId, Uid
from groupware.model.memory import Lesson, Memory, Undo
from groupware.model.occasion import Occasion
from groupware.model.policy import SendUse, StoredRule
from groupware.model.screening import Screening
from groupware.model.script import ActiveScript, StoredScript

from ...api.rules import ScriptOwner
from .. import addressbooks, greylist, held, lessons, memories, occasions, policy, screening, scripts, sending
from ..tx import Tx


class Rules(Tx):
    __slots__ = ()

    def scripts(self, of: ScriptOwner = None) -> Sequence[StoredScript]:
        return scripts.scripts(self, of)

    def script(self, name: str, of: ScriptOwner = None) -> bytes:
        return scripts.script(self, name, of)

    def addressbook_has(self, of: AccountId, book: str, address: str = "") -> bool:
        return addressbooks.has(self, of, book, address)

    def active_scripts(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        return scripts.actives(self, of)

    def scripts_above(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        return scripts.above(self, of)

    def active_script(self, of: ScriptOwner = None) -> tuple[str, bytes] | None:
        return scripts.active(self, of)

    def room_for_script(self, name: str, size: int, of: ScriptOwner = None) -> None:
        scripts.room(self, name, size, of)

    def put_script(self, name: str, octets: bytes, of: ScriptOwner = None) -> None:
        scripts.put(self, name, octets, of)

    def activate_script(self, name: str, of: ScriptOwner = None) -> None:
        scripts.activate(self, name, of)

    def drop_script(self, name: str, of: ScriptOwner = None) -> None:
        scripts.drop(self, name, of)

    def rename_script(self, old: str, new: str, of: ScriptOwner = None) -> None:
        scripts.rename(self, old, new, of)

    def screening(self, of: AccountId) -> Screening:
        return screening.screening(self, of)

    def remembered(self, of: AccountId, kind: str, key: str) -> bool:
        return memories.remembered(self, of, kind, key)

    def remember(self, of: AccountId, what: Memory) -> bool:
        return memories.remember(self, of, what)

    def undos(self, of: AccountId) -> Sequence[Undo]:
        return memories.undos(self, of)

    def put_undo(self, of: AccountId, facts: str) -> int:
        return memories.put_undo(self, of, facts)

    def drop_undo(self, of: AccountId, number: int) -> None:
        memories.drop_undo(self, of, number)

    def lessons(self, limit: int = 100) -> Sequence[Lesson]:
        return lessons.lessons(self, limit)

    def drop_lessons(self, number: int) -> int:
        return lessons.drop_lessons(self, number)

    def teach(self, at: FolderId, uid: Uid, of: AccountId, *, spam: bool) -> bool:
        return held.teach(self, at, uid, of, spam=spam)

    def occasions(self, after: int = 0, limit: int = 100) -> Sequence[Occasion]:
        return occasions.occasions(self, after, limit)

    def settle_occasion(self, which: Occasion, uid: Uid) -> bool:
        return occasions.settle(self, which, uid)

    def drop_occasion(self, number: int) -> None:
        occasions.drop(self, number)

    def policy(self, domain: str = "") -> Sequence[StoredRule]:
        return policy.rules(self, domain)

    def domain_policies(self) -> Mapping[str, Sequence[StoredRule]]:
        return policy.of_domains(self)

    def put_policy(self, rules: Sequence[StoredRule], domain: str = "") -> None:
        policy.put(self, rules, domain)

    def send_use(self, of: AccountId | None = None) -> SendUse:
        return sending.use(self, of)

    def spend(self, of: AccountId, recipients: int, octets: int) -> tuple[SendUse, bool]:
        return sending.spend(self, of, recipients, octets)

    def give_back(self, of: AccountId, recipients: int, octets: int, until: datetime) -> None:
        sending.give_back(self, of, recipients, octets, until)

    def told_of_sending(self, of: AccountId) -> bool:
        return sending.told(self, of)

    def greylist(
        self, network: str, sender: str, recipient: str, *, delay: float, waiting: float, passed: float
    ) -> int:
        return greylist.seconds(self, network, sender, recipient, greylist.Times(delay, waiting, passed))
