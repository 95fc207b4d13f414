"""Who may do what in a folder: grants, links, invitations to share, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from groupware.model.ids import AccountId, FolderId
from groupware.model.link import Bearer, Link
from groupware.model.principal import Principal
from groupware.model.rights import Explanation, Grant, Right
from groupware.model.sharing import AccessRequest, Notice, ShareState

from .marks import Where


class ReadSharing(Protocol):
    def grants(self, at: Where) -> Sequence[Grant]:
        """The rows on this very folder. Takes `a`."""
        ...

    def explain(self, at: Where, actor: str) -> Explanation:
        """Which rows decide what `actor` (an address) may do here, in words. Takes `a`."""
        ...

    def links(self, at: Where) -> Sequence[Link]:
        """The links to this very folder, the oldest first. Takes `a`."""
        ...

    def bearer(self, digest: str) -> Bearer:
        """Who comes with the link whose secret has this digest (SHA-256, hexadecimal), and where it leads. `NotFound`.

        Takes `a` on the server: for the service that people come to with links.
        """
        ...

    def anyone(self) -> Principal:
        """Who has not signed in: what is granted to `anyone`, and nothing else."""
        ...

    def share_states(self) -> Mapping[FolderId, ShareState]:
        """What became of the invitations that the asking principal has had by name; only where there was one."""
        ...

    def delegations(self) -> Sequence[tuple[AccountId, str, Right]]:
        """Accounts, with their address, whose root names the asking principal or its groups, and what is allowed."""
        ...

    def notices(self) -> Sequence[Notice]:
        """What the asking principal is told of invitations and answers, the oldest first."""
        ...

    def access_requests(self) -> Sequence[AccessRequest]:
        """What the asking principal has asked others for, and what it is asked for and has not answered."""
        ...

    def inherited(self, at: Where, actor: str) -> Right:
        """What `actor` may do here whatever the rows of this very folder allow. Takes `a`."""
        ...


class WriteSharing(Protocol):
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
        """Sets what one grantee is allowed and denied here; nothing of both removes the row. `a`.

        `keep` are rights that the writer cannot express: what the row says of them stays.
        """
        ...

    def share(self, at: Where, grantee: str, rights: Right, keep: Right = Right.NONE, title: str = "") -> None:
        """Grants it, and invites: an account that has not accepted before gets a notice. `a`. See `grant`."""
        ...

    def answer_share(self, at: FolderId, *, accept: bool) -> None:
        """Answers an invitation, or shows or hides what was granted to oneself by name; its owner is told.

        It stays granted. `NotFound`.
        """
        ...

    def drop_notice(self, number: int) -> None:
        """Takes one of the asking principal's own notices away. `NotFound`."""
        ...

    def ask_access(self, whom: str, path: str, wanted: Right, text: str = "") -> None:
        """Asks somebody of one's own domain (an address) to share a folder of theirs; "" is all of it.

        Whether there is such a folder is not told. `NotFound` when there is nobody to ask; `Refused` when it was
        refused lately, or there have been too many.
        """
        ...

    def answer_access(self, number: int, at: FolderId | None, rights: Right = Right.NONE) -> None:
        """Grants that to who has asked, in a folder of one's own, beside what they have; with None it is refused.

        `NotFound`, `Refused`.
        """
        ...

    def withdraw_request(self, number: int) -> None:
        """Takes back what one has asked for. `NotFound`."""
        ...

    def put_link(self, at: Where, digest: str, rights: Right, expires: datetime | None = None, label: str = "") -> Link:
        """Makes a link to this folder: whoever has the secret of this digest has these rights. `a`.

        `digest`: SHA-256, hexadecimal, of a secret of at least 128 bits. `Refused`, `OverQuota`.
        """
        ...

    def drop_link(self, at: Where, ident: str) -> None:
        """Takes a link away with its grant. `a`. `NotFound`."""
        ...
