"""Security keys and passkeys as a second factor. WebAuthn, through `fido2`.

A challenge is made for a host, and what belongs to it is sealed with the site's secret and comes back with the answer:
any process of the site can look at that, for five minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from groupware.directory.api import KeyAnswer
from groupware.directory.sealed import seal, unseal
from groupware.model.errors import Refused
from groupware.model.ids import AccountId

LASTS_SECONDS: Final = 300
NAME: Final = "Postroom"
_USE: Final = b"postroom: challenges of security keys"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser is asked, and what comes back with its answer."""

    options: Mapping[str, Any]
    """`PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`."""
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """A right answer: of which key, and when it was asked for."""

    value: str = field(repr=False)
    asked: datetime


def registration(host: str, account: AccountId, address: str, stored: Sequence[str], site: bytes) -> Challenge:
    """Asks for a new key; those that are stored are not offered again."""
    user = PublicKeyCredentialUserEntity(name=address, id=b"%d" % account, display_name=address)
    options, state = _server(host).register_begin(
        user,
        [_data(each) for each in stored],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.DISCOURAGED,
    )
    return Challenge(dict(options)["publicKey"], _sealed(state, f"new {account}", site))


def registered(answer: KeyAnswer, account: AccountId, site: bytes) -> str:
    """What to store of the key that has answered. `Refused`."""
    found = _opened(answer.state, f"new {account}", site)
    if found is None:
        wrong = "the question that the key answers is too old, or was put to somebody else: begin again"
        raise Refused(wrong, "tooLate")
    try:
        data = _server(answer.host).register_complete(found[0], answer.response).credential_data
    except Exception as error:  # what a browser sends may fail in any way that `fido2` has
        raise Refused("the answer of the key is not right: begin again", "wrongKey") from error
    if data is None:
        raise Refused("the key has told nothing of itself: try another one", "wrongKey")
    return websafe_encode(data)


def challenge(host: str, stored: Sequence[str], site: bytes) -> Challenge:
    """Asks for one of the keys that are stored."""
    options, state = _server(host).authenticate_begin(
        [_data(each) for each in stored], user_verification=UserVerificationRequirement.DISCOURAGED
    )
    return Challenge(dict(options)["publicKey"], _sealed(state, "signing in", site))


def answered(answer: KeyAnswer, stored: Sequence[str], site: bytes) -> Answered | None:
    """Which of the stored keys has answered; None when none of them has, or not in time."""
    found = _opened(answer.state, "signing in", site)
    if found is None:
        return None
    known = {_data(each).credential_id: each for each in stored}
    try:
        which = _server(answer.host).authenticate_complete(found[0], [_data(each) for each in stored], answer.response)
    except Exception:  # what a browser sends may fail in any way that `fido2` has
        return None
    value = known.get(which.credential_id)
    return Answered(value, found[1]) if value is not None else None


def _server(host: str) -> Fido2Server:
    return Fido2Server(PublicKeyCredentialRpEntity(name=NAME, id=host))


def _data(stored: str) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(stored))


def _sealed(state: Any, what: str, site: bytes) -> str:
    told = {"state": state, "for": what, "at": datetime.now(UTC).timestamp()}
    return seal(json.dumps(told), site, _USE)


def _opened(sealed: str, what: str, site: bytes) -> tuple[Any, datetime] | None:
    text = unseal(sealed, site, _USE, LASTS_SECONDS)
    told = json.loads(text) if text is not None else {}
    if told.get("for") != what:
        return None
    return told["state"], datetime.fromtimestamp(told["at"], UTC)
