"""Second factors: codes of an authenticator (TOTP, RFC 6238), and codes on paper for who has lost it or a key.

1. A code is good once: the store notes the step of the one that was used, and takes none of that step or before.
2. The authenticator's secret is stored sealed with the site's, codes on paper as digests.
3. Who has a second factor signs in with the password where one can be asked for it, which is the webmail; programs
   that only know passwords get app passwords.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import pyotp

from groupware.directory.api import KeyAnswer, Second
from groupware.directory.sealed import seal, unseal
from groupware.model.errors import NotFound
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR, Credential
from groupware.store.api import Store

TOTP: Final = "totp"
RECOVERY: Final = "recovery"
KEY: Final = "key"
"""A security key or passkey: `groupware.directory.keys`."""
GUARDS: Final = frozenset({TOTP, KEY})
"""Who has a secret of one of these kinds is asked for it beside the password."""
RECOVERY_CODES: Final = 10
ISSUER: Final = "Postroom"
STEP_SECONDS: Final = 30
DRIFT: Final = 1
"""Steps by which the clock of an authenticator may differ."""
_USE: Final = b"postroom: secrets of authenticators"
_CODE: Final = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """One for an authenticator, in base32: 160 bits, as RFC 4226 §4 recommends."""
    return pyotp.random_base32()


def uri(secret: str, address: str) -> str:
    """What an authenticator reads, as text or from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=address, issuer_name=ISSUER)


def seal_secret(secret: str, site: bytes) -> str:
    """The stored form."""
    return seal(secret, site, _USE)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Which step's code this is, of those that an authenticator may show now; None: of none."""
    plain = "".join(code.split())
    if not _CODE.fullmatch(plain):
        return None
    totp, current = pyotp.TOTP(secret, interval=STEP_SECONDS), int(now.timestamp()) // STEP_SECONDS
    steps = range(current - DRIFT, current + DRIFT + 1)
    found = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), plain)]
    return found[-1] if found else None


def begins(step: int) -> datetime:
    """When a step begins."""
    return datetime.fromtimestamp(step * STEP_SECONDS, UTC)


def authenticator(stored: Sequence[Credential], code: str, site: bytes, now: datetime) -> tuple[Credential, int] | None:
    """Of which authenticator this is the code, and of which step."""
    for each in stored:
        secret = unseal(each.value, site, _USE) if each.kind == TOTP else None
        step = step_of(secret, code, now) if secret is not None else None
        if step is not None:
            return each, step
    return None


def recovery_digest(code: str) -> str:
    """What is stored of a code on paper, which has 80 random bits as an app password has; typed like one, too."""
    plain = "".join(char for char in code[:100].lower() if char.isalnum())
    return sha256(b"postroom recovery code\0" + plain.encode(errors="surrogatepass")).hexdigest()


def on_paper(stored: Sequence[Credential], code: str) -> Credential | None:
    """Which code on paper this is."""
    digest = recovery_digest(code)
    codes = [each for each in stored if each.kind == RECOVERY]
    return next((each for each in codes if hmac.compare_digest(each.value, digest)), None)


@dataclass(frozen=True, slots=True)
class Checks:
    """The second factors of one account, put to the test."""

    store: Store
    site: bytes
    account: AccountId
    stored: Sequence[Credential]

    async def is_right(self, given: Second) -> bool:
        """Whether what was given is one of them, and has not been used before."""
        if given.key is not None:
            return await self._key(given.key)
        code, now = given.code or "", datetime.now(UTC)
        found = authenticator(self.stored, code, self.site, now)
        if found is not None:
            return await self._spend(found[0], begins(found[1]))
        paper = on_paper(self.stored, code)
        return paper is not None and await self._tear(paper)

    async def _key(self, answer: KeyAnswer) -> bool:
        from groupware.directory import keys  # it brings WebAuthn along, which few need

        found = keys.answered(answer, [each.value for each in self.stored if each.kind == KEY], self.site)
        if found is None:
            return False
        which = next(each for each in self.stored if (each.kind, each.value) == (KEY, found.value))
        return await self._spend(which, found.asked)

    async def _spend(self, which: Credential, moment: datetime) -> bool:
        return await self.store.write(OPERATOR, lambda tx: tx.spend_credential(self.account, which.id, moment))

    async def _tear(self, paper: Credential) -> bool:
        try:
            await self.store.write(OPERATOR, lambda tx: tx.drop_credential(self.account, paper.id))
        except NotFound:
            return False
        return True
