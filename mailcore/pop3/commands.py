"""Every command, with the states it belongs to and the function that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailcore.pop3 import authorization, transaction
from mailcore.pop3.session import State, Verb

BEFORE: Final[tuple[State, ...]] = ("authorization",)
ANY: Final[tuple[State, ...]] = ("authorization", "transaction")

COMMANDS: Final[Mapping[str, Verb]] = {
    "USER": Verb(authorization.user, BEFORE),
    "PASS": Verb(authorization.password, BEFORE, talks=True),
    "AUTH": Verb(authorization.auth, BEFORE, talks=True),
    "APOP": Verb(authorization.apop, BEFORE, talks=True),
    "STLS": Verb(authorization.stls, BEFORE, talks=True),
    "UTF8": Verb(authorization.utf8, BEFORE),
    "CAPA": Verb(authorization.capa, ANY),
    "LANG": Verb(authorization.lang, ANY),
    "QUIT": Verb(authorization.leave, ANY),
    "STAT": Verb(transaction.stat),
    "LIST": Verb(transaction.listing),
    "UIDL": Verb(transaction.uidl),
    "RETR": Verb(transaction.retr, ready=transaction.retr_ready),
    "TOP": Verb(transaction.top),
    "DELE": Verb(transaction.dele),
    "RSET": Verb(transaction.rset),
    "NOOP": Verb(transaction.noop),
}
