"""SASL for every service: octets in, a challenge, credentials or a refusal out. RFC 4422; no sockets.

    exchange = start("PLAIN", offer, lookups)
    outcome = await exchange.step(initial)           # None: the client sent no initial response
    while isinstance(outcome, Challenge):
        send(encode(outcome)); outcome = await exchange.step(decode(line))

PLAIN and LOGIN end in credentials whose password the directory still has to check; the other mechanisms have checked
(`verified`). What a look-up raises (the directory is down) passes through: that is a temporary failure, no refusal.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from groupware.directory.password import MAX_LENGTH, BadPassword, Digest, ScramKeys, saslprep
from mailcore.server import scram
from mailcore.server.scram import Malformed

MAX_MESSAGE: Final = 9000  # octets of one decoded message before anyone is known: tokens are long
MAX_NAME: Final = 320
_DIGESTS: Final[dict[str, Digest]] = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send this (base64) and step on with the answer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who it is, or claims to be while `verified` is False and the password is yet to be checked.

    `act_as` is the authorization name when it differs. `stored_key` tells which SCRAM key fitted: which app password.
    """

    mechanism: str
    name: str
    password: str | None = field(default=None, repr=False)
    act_as: str | None = None
    verified: bool = False
    stored_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """It ends here. SMTP's replies: syntax 501 5.5.2, cancelled 501 5.0.0, unknown 504 5.5.4, privacy 538 5.7.11,
    credentials 535 5.7.8."""

    kind: Literal["syntax", "cancelled", "unknown", "privacy", "credentials"]
    reason: str
    name: str = ""


Outcome = Challenge | Credentials | Refused
Next = Callable[[bytes | None], Awaitable[tuple[Outcome, "Next | None"]]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What this connection allows. `channel_binding`: type to data, as `tls-server-end-point`; empty: no -PLUS.

    `external` is the name in the client's certificate. `more` adds mechanisms, such as those that take tokens.
    """

    tls: bool
    allow_plain: bool = False
    channel_binding: Mapping[str, bytes] = field(default_factory=dict)
    cram: bool = False
    scram: bool = True
    external: str | None = None
    more: Mapping[str, Next] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookups:
    """How to ask the directory; None for a name that is unknown or disabled.

    `clear` gives the password itself, for CRAM-MD5. `fake_secret` must be the same on all nodes (see scram.fake_keys).
    """

    scram: Callable[[str, Digest], Awaitable[ScramKeys | None]]
    clear: Callable[[str], Awaitable[str | None]]
    fake_secret: bytes = field(repr=False)
    host: str = "localhost"
    nonce: Callable[[], str] = lambda: secrets.token_urlsafe(18)


class Exchange:
    """One attempt to log in. Step until the outcome is no Challenge."""

    __slots__ = ("_next", "mechanism")

    def __init__(self, mechanism: str, first: Next) -> None:
        self.mechanism = mechanism
        self._next: Next | None = first

    async def step(self, data: bytes | Refused | None) -> Outcome:
        """The answer to what the client sent; None when it sent no initial response. A Refused ends the exchange."""
        go, self._next = self._next, None
        if isinstance(data, Refused):
            return data
        if go is None:
            return Refused("syntax", "The exchange is over; begin a new one.")
        if data is not None and len(data) > MAX_MESSAGE:
            return Refused("syntax", f"The message is longer than {MAX_MESSAGE} octets.")
        try:
            outcome, self._next = await go(data)
        except Malformed as error:
            return Refused("syntax", str(error))
        return outcome


def mechanisms(offer: Offer) -> tuple[str, ...]:
    """The mechanisms to announce, the best first."""
    names: list[str] = []
    if offer.scram and offer.tls and offer.channel_binding:
        names += ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]
    if offer.scram:
        names += ["SCRAM-SHA-256", "SCRAM-SHA-1"]
    if offer.cram:
        names.append("CRAM-MD5")
    if offer.tls or offer.allow_plain:
        names += ["PLAIN", "LOGIN"]
    if offer.external:
        names.append("EXTERNAL")
    return (*names, *offer.more)


def start(mechanism: str, offer: Offer, lookups: Lookups) -> Exchange | Refused:
    """A new exchange, or why there is none: the mechanism is unknown, or would send a password in the clear."""
    name = mechanism.upper()
    if name not in mechanisms(offer):
        if name in {"PLAIN", "LOGIN"}:
            return Refused("privacy", f"{name} needs an encrypted connection: start TLS first.")
        return Refused("unknown", "This mechanism is not offered here.")
    if name.startswith("SCRAM-"):
        return Exchange(name, partial(_scram_first, name, offer, lookups))
    plain: Mapping[str, Next] = {
        "PLAIN": _plain,
        "LOGIN": _login,
        "CRAM-MD5": partial(_cram, lookups),
        "EXTERNAL": partial(_external, offer.external or ""),
    }
    return Exchange(name, plain[name] if name in plain else offer.more[name])


def decode(line: bytes, *, initial: bool = False) -> bytes | Refused:
    """The octets of one base64 line; "=" is an empty initial response (RFC 4954 §4), "*" gives up."""
    if line == b"*":
        return Refused("cancelled", "The client gave up.")
    if initial and line == b"=":
        return b""
    if len(line) > MAX_MESSAGE * 4 // 3 + 4:
        return Refused("syntax", f"The message is longer than {MAX_MESSAGE} octets.")
    try:
        octets = base64.b64decode(line, validate=True)
    except binascii.Error:
        return Refused("syntax", "The line is not base64.")
    if len(line) != (len(octets) + 2) // 3 * 4:  # the library overlooks padding that is too long
        return Refused("syntax", "The line is not base64.")
    return octets


def encode(challenge: Challenge) -> bytes:
    """The challenge as one base64 line, without its end."""
    return base64.b64encode(challenge.data)


# --- The mechanisms: each takes the client's message and gives the outcome and what takes the next one --------------


async def _plain(data: bytes | None) -> tuple[Outcome, Next | None]:
    """PLAIN: act-as NUL name NUL password. RFC 4616 §2."""
    if data is None:
        return Challenge(b""), _plain
    parts = data.split(b"\0")
    if len(parts) != 3:
        raise Malformed("PLAIN needs name and password, parted by NUL.")
    act_as, name, password = parts
    return _claimed("PLAIN", name, password, act_as), None


async def _login(data: bytes | None) -> tuple[Outcome, Next | None]:
    """LOGIN: two questions, as Outlook asks for them; the name may come as initial response."""
    if data is None:
        return Challenge(b"Username:"), _login_name
    return await _login_name(data)


async def _login_name(data: bytes | None) -> tuple[Outcome, Next | None]:
    return Challenge(b"Password:"), partial(_login_password, data or b"")


async def _login_password(name: bytes, data: bytes | None) -> tuple[Outcome, Next | None]:
    return _claimed("LOGIN", name, data or b""), None


async def _cram(lookups: Lookups, data: bytes | None) -> tuple[Outcome, Next | None]:
    """CRAM-MD5: the server begins. RFC 2195."""
    if data is not None:
        raise Malformed("CRAM-MD5 takes no initial response.")
    challenge = f"<{lookups.nonce()}.{int(time.time())}@{lookups.host}>".encode()
    return Challenge(challenge), partial(_cram_answer, lookups, challenge)


async def _cram_answer(lookups: Lookups, challenge: bytes, data: bytes | None) -> tuple[Outcome, Next | None]:
    raw, space, digest = (data or b"").rpartition(b" ")
    if not space or len(digest) != 32:
        raise Malformed("CRAM-MD5 needs the name, a space and 32 hexadecimal digits.")
    name = _name(raw)
    if isinstance(name, Refused):
        return name, None
    password = await lookups.clear(name)
    secret = secrets.token_bytes(16) if password is None else password.encode(errors="surrogatepass")
    right = hmac.compare_digest(hmac.digest(secret, challenge, "md5").hex().encode(), digest.lower())
    if password is None or not right:
        return Refused("credentials", "The name or the password is wrong.", name), None
    return Credentials("CRAM-MD5", name, verified=True), None


async def _external(identity: str, data: bytes | None) -> tuple[Outcome, Next | None]:
    """EXTERNAL: the client's certificate says who it is. RFC 4422 appendix A."""
    if data is None:
        return Challenge(b""), partial(_external, identity)
    act_as = _act_as(data, identity)
    if isinstance(act_as, Refused):
        return act_as, None
    return Credentials("EXTERNAL", identity, act_as=act_as, verified=True), None


async def _scram_first(
    mechanism: str, offer: Offer, lookups: Lookups, data: bytes | None
) -> tuple[Outcome, Next | None]:
    """SCRAM's first message: who, and how the channel is bound. RFC 5802 §5, §6."""
    if data is None:
        return Challenge(b""), partial(_scram_first, mechanism, offer, lookups)
    first = scram.read_first(data)
    wrong = _binding_problem(mechanism, offer, first)
    if wrong:
        return Refused("credentials", wrong, first.name[:MAX_NAME]), None
    name = _name(first.name.encode())
    act_as = _act_as(first.authzid.encode(), first.name)
    for part in (name, act_as):
        if isinstance(part, Refused):
            return part, None
    digest = _DIGESTS[mechanism.removesuffix("-PLUS")]
    keys = await lookups.scram(str(name), digest)
    known = (
        keys if keys is not None and keys.digest == digest else scram.fake_keys(str(name), digest, lookups.fake_secret)
    )
    sent = scram.server_first(first, known, lookups.nonce())
    claim = Credentials(mechanism, str(name), act_as=act_as if isinstance(act_as, str) else None, verified=True)
    bound = offer.channel_binding[first.binding] if first.binding else b""
    return Challenge(sent.encode()), partial(_scram_final, claim, first, sent, known, bound)


def _binding_problem(mechanism: str, offer: Offer, first: scram.First) -> str:
    """Why this channel binding cannot be; "" when it can. RFC 5802 §6."""
    if mechanism.endswith("-PLUS"):
        if first.flag != "p":
            return f"{mechanism} needs channel binding, and the client asked for none."
        if first.binding not in offer.channel_binding:
            return f"The channel binding {first.binding} is not offered here."
        return ""
    if first.flag == "p":
        return f"{mechanism} has no channel binding; the client must choose {mechanism}-PLUS."
    if first.flag == "y" and f"{mechanism}-PLUS" in mechanisms(offer):
        return "Somebody on the way hid channel binding from the client."
    return ""


async def _scram_final(
    claim: Credentials, first: scram.First, sent: str, keys: ScramKeys, bound: bytes, data: bytes | None
) -> tuple[Outcome, Next | None]:
    """SCRAM's proof; when it is right the server proves itself, and the client's empty answer ends the exchange."""
    try:
        proven = scram.check_final(first, sent, keys, bound, data or b"")
    except scram.NotBound as error:
        return Refused("credentials", str(error), claim.name), None
    if proven is None:
        return Refused("credentials", "The name or the password is wrong.", claim.name), None
    final, pair = proven
    done = Credentials(claim.mechanism, claim.name, act_as=claim.act_as, verified=True, stored_key=pair.stored_key)
    return Challenge(final), partial(_scram_done, done)


async def _scram_done(done: Credentials, data: bytes | None) -> tuple[Outcome, Next | None]:
    if data:
        raise Malformed("After the server's proof only an empty line may come.")
    return done, None


# --- Names ----------------------------------------------------------------------------------------------------------


def _claimed(mechanism: str, raw_name: bytes, raw_password: bytes, act_as: bytes = b"") -> Credentials | Refused:
    """Name and password as the client claims them, or why they cannot be any."""
    name = _name(raw_name)
    if isinstance(name, Refused):
        return name
    other = _act_as(act_as, name)
    if isinstance(other, Refused):
        return other
    try:
        password = raw_password.decode()
    except UnicodeDecodeError:
        return Refused("credentials", "The password is not UTF-8.", name)
    if not password or len(password) > MAX_LENGTH:
        return Refused("credentials", f"The password is empty or longer than {MAX_LENGTH} characters.", name)
    return Credentials(mechanism, name, password, other)


def _name(raw: bytes) -> str | Refused:
    """The login name, prepared (RFC 4013)."""
    if not raw or len(raw) > MAX_NAME:
        return Refused("credentials", f"The name is empty or longer than {MAX_NAME} octets.")
    try:
        name = saslprep(raw.decode())
    except (UnicodeDecodeError, BadPassword):
        return Refused("credentials", "The name is not UTF-8 or has characters that no name has.")
    return name or Refused("credentials", "The name is empty.")


def _act_as(raw: bytes, name: str) -> str | Refused | None:
    """The authorization name when there is one that differs from the login name."""
    if not raw:
        return None
    other = _name(raw)
    if isinstance(other, Refused) or other.casefold() != name.casefold():
        return other
    return None
