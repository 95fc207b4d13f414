"""Links: who holds one may do in one folder what it grants, and is nobody otherwise."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from .ids import FolderId
from .principal import Principal
from .rights import Right

PREFIX = "link:"
"""What the grantee of a link's grant begins with."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a folder, without its secret, which nobody can tell any more."""

    ident: str
    """As a grant names it: `link:4f1c09d2a8b7`."""
    label: str
    rights: Right
    """What the grant on the folder allows; nothing when it has been taken away."""
    created: datetime
    expires: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who comes with a link, and where it leads."""

    who: Principal
    folder: FolderId


def new_secret() -> str:
    """The secret of a new link: 160 bits of chance."""
    return secrets.token_urlsafe(20)


def digest_of(secret: str) -> str:
    """What is stored of a secret: with that much chance in it a plain hash keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()
