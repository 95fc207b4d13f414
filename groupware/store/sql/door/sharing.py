"""`groupware.store.api.sharing` over SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from groupware.model.ids import AccountId, FolderId
from groupware.model.link import Bearer, Link
from groupware.model.principal import Principal
from groupware.model.rights import Explanation, Grant, Right
from groupware.model.sharing import AccessRequest, Notice, ShareState
from groupware.store.api import Where

from .. import access_requests, grants, links, sharing
from ..tx import Tx


class Sharing(Tx):
    __slots__ = ()

    def grants(self, at: Where) -> Sequence[Grant]:
        return grants.grants(self, at)

    def explain(self, at: Where, actor: str) -> Explanation:
        return grants.explain(self, at, actor)

    def links(self, at: Where) -> Sequence[Link]:
        return links.links(self, at)

    def bearer(self, digest: str) -> Bearer:
        return links.bearer(self, digest)

    def anyone(self) -> Principal:
        return links.anyone(self)

    def share_states(self) -> Mapping[FolderId, ShareState]:
        return sharing.states(self)

    def delegations(self) -> Sequence[tuple[AccountId, str, Right]]:
        return sharing.delegations(self)

    def notices(self) -> Sequence[Notice]:
        return sharing.notices(self)

    def access_requests(self) -> Sequence[AccessRequest]:
        return access_requests.requests(self)

    def inherited(self, at: Where, actor: str) -> Right:
        return grants.inherited(self, at, actor)

    def grant(
        self,
        at: Where,
        grantee: str,
        allow: Right,
        deny: Right = Right.NONE,
        expires: datetime | None = None,
        reason: str = "",
        *,
        keep: Right = Right.NONE,
    ) -> None:
        grants.grant(self, at, grantee, allow, deny, expires, reason, keep=keep)

    def share(self, at: Where, grantee: str, rights: Right, keep: Right = Right.NONE, title: str = "") -> None:
        sharing.share(self, at, grantee, rights, keep, title)

    def answer_share(self, at: FolderId, *, accept: bool) -> None:
        sharing.answer(self, at, accept=accept)

    def drop_notice(self, number: int) -> None:
        sharing.drop(self, number)

    def ask_access(self, whom: str, path: str, wanted: Right, text: str = "") -> None:
        access_requests.ask(self, whom, path, wanted, text)

    def answer_access(self, number: int, at: FolderId | None, rights: Right = Right.NONE) -> None:
        access_requests.answer(self, number, at, rights)

    def withdraw_request(self, number: int) -> None:
        access_requests.withdraw(self, number)

    def put_link(self, at: Where, digest: str, rights: Right, expires: datetime | None = None, label: str = "") -> Link:
        return links.put(self, at, digest, rights, expires, label)

    def drop_link(self, at: Where, ident: str) -> None:
        links.drop(self, at, ident)
