"""Passwords at rest: hash and check them, derive SCRAM keys, make app passwords, remember what was just checked.

1. Every password goes through SASLprep before it is hashed, so that PLAIN and SCRAM agree on what was typed.
2. Nothing here keeps a password: the memory of checked passwords holds hashes under a key that dies with the process.
3. A stored value never shows in a `repr`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import os
import secrets
import stringprep
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal

import argon2

Digest = Literal["sha1", "sha256"]
DIGESTS: Final[tuple[Digest, ...]] = ("sha1", "sha256")
SCRAM_KINDS: Final[Mapping[str, Digest]] = {"scram-sha-1": "sha1", "scram-sha-256": "sha256"}
"""How the keys are called where they are stored; those of an app password have `app-` in front."""
NO_SALTS: Final[Mapping[Digest, bytes]] = MappingProxyType({})
Require = Literal["any", "lettersAndNumbers", "lettersAndNumbersAndSpecial"]

MAX_LENGTH: Final = 1024
ITERATIONS: Final = 60_000  # the largest round number that Cyrus SASL clients accept (65,536 is their limit)
SALT_BYTES: Final = 16
_SCRAM_NAMES: Final[dict[Digest, str]] = {"sha1": "SCRAM-SHA-1", "sha256": "SCRAM-SHA-256"}
_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
_APP_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # without l, o, 0 and 1, which look alike
_APP_SCHEME: Final = "{APP-SHA256}"


class BadPassword(ValueError):
    """This text cannot be a password; the message says why, and never repeats it."""


class UnknownScheme(ValueError):
    """The stored value is of a kind that cannot be checked; the message names the kind."""


# --- What was typed -------------------------------------------------------------------------------------------------


def saslprep(text: str, *, unassigned: bool = True) -> str:
    """The one form of a name or password that may be typed in several. RFC 4013; BadPassword when it is not allowed.

    Code points that Unicode 3.2 did not know (emoji, say) pass unless `unassigned` is False: RFC 3454 §7 allows them
    in queries, and refusing to store what every login would accept helps nobody.
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in text if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(_prohibited(char) for char in prepared):
        raise BadPassword("It has a control character or another one that cannot be typed reliably; leave that out.")
    if not unassigned and any(stringprep.in_table_a1(char) for char in prepared):
        raise BadPassword("It has a character that Unicode 3.2 does not know; leave that out.")
    if any(stringprep.in_table_d1(char) for char in prepared) and not _right_to_left(prepared):
        raise BadPassword("It mixes right-to-left with left-to-right letters; use one direction.")
    return prepared


def _prohibited(char: str) -> bool:
    return (
        stringprep.in_table_c12(char)
        or stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
    )


def _right_to_left(text: str) -> bool:
    """Whether text with a right-to-left letter keeps to RFC 3454 §6: at both ends such a letter, within no Latin."""
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(stringprep.in_table_d2(char) for char in text)


def _octets(password: str) -> bytes:
    """The octets to hash. BadPassword when it is empty, too long or not allowed by SASLprep."""
    if len(password) > MAX_LENGTH:
        raise BadPassword(f"It is longer than {MAX_LENGTH} characters; use a shorter one.")
    prepared = saslprep(password)
    if not prepared:
        raise BadPassword("It is empty; type at least one character.")
    return prepared.encode()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a new password must be."""

    min_length: int = 8
    max_length: int = MAX_LENGTH
    require: Require = "any"


def problems(password: str, address: str, policy: Policy | None = None) -> tuple[str, ...]:
    """All that speaks against this new password, one sentence each; empty when it is fine."""
    rule = policy or Policy()
    longest = min(rule.max_length, MAX_LENGTH)
    if len(password) > longest:
        return (f"The password is longer than {longest} characters; use a shorter one.",)
    try:
        prepared = _octets(password).decode()
    except BadPassword as error:
        return (f"The password is not usable. {error}",)
    found = []
    if len(prepared) < rule.min_length:
        found.append(f"The password has {len(prepared)} characters; use at least {rule.min_length}.")
    if prepared.casefold() in {address.casefold(), address.partition("@")[0].casefold()}:
        found.append("The password is the address or its first part; choose something else.")
    if rule.require != "any" and not (any(map(str.isalpha, prepared)) and any(map(str.isdecimal, prepared))):
        found.append("The password needs both letters and digits.")
    if rule.require == "lettersAndNumbersAndSpecial" and all(map(str.isalnum, prepared)):
        found.append("The password needs a character that is neither letter nor digit.")
    return tuple(found)


# --- SCRAM keys -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What the server keeps to check one password by SCRAM, and to prove itself. RFC 5802 §3."""

    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """The keys of one account for one digest; several pairs when app passwords share its salt."""

    digest: Digest
    iterations: int
    salt: bytes = field(repr=False)
    pairs: tuple[KeyPair, ...] = field(repr=False)

    def text(self) -> str:
        """The first pair as it is stored, RFC 5803."""
        salt, stored, server = map(_b64, (self.salt, self.pairs[0].stored_key, self.pairs[0].server_key))
        return f"{_SCRAM_NAMES[self.digest]}${self.iterations}:{salt}${stored}:{server}"


def derive(password: str, digest: Digest, salt: bytes | None = None, iterations: int = ITERATIONS) -> ScramKeys:
    """The SCRAM keys of a password, RFC 5802 §3. Slow on purpose (some 30 ms): call it in a thread."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac(digest, _octets(password), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", digest)
    pair = KeyPair(hashlib.new(digest, client_key).digest(), hmac.digest(salted, b"Server Key", digest))
    return ScramKeys(digest, iterations, salt, (pair,))


def read_keys(text: str) -> ScramKeys:
    """The keys that `ScramKeys.text` wrote. UnknownScheme when it is something else."""
    scheme, _, rest = text.partition("$")
    digest = next((key for key, name in _SCRAM_NAMES.items() if name == scheme), None)
    if digest is None:
        raise UnknownScheme(f"{scheme[:20]!r} is no stored SCRAM key; set the password again.")
    try:
        cost, keys = rest.split("$")
        iterations, salt = cost.split(":")
        stored, server = (base64.b64decode(part, validate=True) for part in keys.split(":"))
        return ScramKeys(digest, int(iterations), base64.b64decode(salt, validate=True), (KeyPair(stored, server),))
    except ValueError as error:
        raise UnknownScheme(f"A stored {scheme} key is damaged; set the password again.") from error


def together(keys: Sequence[ScramKeys]) -> ScramKeys | None:
    """One value that any of these passwords satisfies; those with another salt than the first are left out."""
    if not keys:
        return None
    first = keys[0]
    same = [
        key for key in keys if (key.digest, key.salt, key.iterations) == (first.digest, first.salt, first.iterations)
    ]
    return replace(first, pairs=tuple(pair for key in same for pair in key.pairs))


def salts_of(stored: Iterable[tuple[str, str]]) -> Mapping[Digest, bytes]:
    """The salts of an account's SCRAM keys, of its password's before those of app passwords: (kind, value) of each."""
    found: dict[Digest, bytes] = {}
    for kind, value in sorted(stored, key=lambda each: each[0].startswith("app-")):
        if kind.removeprefix("app-") in SCRAM_KINDS:
            with suppress(UnknownScheme):
                keys = read_keys(value)
                found.setdefault(keys.digest, keys.salt)
    return found


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


# --- Hashes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sealed:
    """A password as it is stored: its hash, and beside it the keys for SCRAM in the form of RFC 5803."""

    hash: str = field(repr=False)
    scram_sha1: str = field(repr=False)
    scram_sha256: str = field(repr=False)


def seal(password: str, salts: Mapping[Digest, bytes] = NO_SALTS) -> Sealed:
    """What to store for a new password; BadPassword when it cannot be one. About 0.1 s of work: call it in a thread.

    `salts` are those of the account's SCRAM keys, so that its app passwords can be tried beside the new one.
    """
    sha1, sha256 = (derive(password, digest, salts.get(digest)).text() for digest in DIGESTS)
    return Sealed(_HASHER.hash(_octets(password)), sha1, sha256)


def verify(stored: str, password: str) -> bool:
    """Whether this is the password. Knows argon2id, and for imports {SSHA*}, {SHA*} and {PLAIN}; else UnknownScheme."""
    try:
        typed = _octets(password)
    except BadPassword:
        return False
    if stored.startswith("$argon2"):
        try:
            return _HASHER.verify(stored, typed)
        except argon2.exceptions.VerifyMismatchError:
            return False
        except (argon2.exceptions.InvalidHashError, argon2.exceptions.VerificationError) as error:
            raise UnknownScheme("A stored argon2 hash is damaged; set the password again.") from error
    if stored.startswith(_APP_SCHEME):
        return hmac.compare_digest(stored, app_hash(password))
    return _verify_imported(stored, password.encode(errors="surrogatepass"))


def needs_rehash(stored: str) -> bool:
    """Whether the next login should replace the stored value: an import, or made with older parameters."""
    if stored.startswith(_APP_SCHEME):
        return False
    return not stored.startswith("$argon2id$") or _HASHER.check_needs_rehash(stored)


def verify_nobody(password: str) -> bool:
    """False, after as much work as `verify`: for a name that does not exist, so that timing does not tell."""
    verify(_nobody(), password)
    return False


@functools.cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_bytes(16))


_IMPORTED: Final = {
    "SHA": ("sha1", 20),
    "SSHA": ("sha1", 20),
    "SHA256": ("sha256", 32),
    "SSHA256": ("sha256", 32),
    "SHA512": ("sha512", 64),
    "SSHA512": ("sha512", 64),
}


def _verify_imported(stored: str, typed: bytes) -> bool:
    """Check against RFC 2307 forms: {SCHEME} and then base64 of hash and salt, or the text itself."""
    scheme, bracket, value = stored.partition("}")
    scheme = scheme.removeprefix("{").upper()
    if not stored.startswith("{") or not bracket:
        raise UnknownScheme("A stored password names no scheme; set the password again.")
    if scheme in {"PLAIN", "CLEAR", "CLEARTEXT"}:
        return hmac.compare_digest(value.encode(), typed)
    if scheme not in _IMPORTED:
        raise UnknownScheme(
            f"A stored password is of the kind {{{scheme[:20]}}}, which cannot be checked; set it again."
        )
    algorithm, size = _IMPORTED[scheme]
    try:
        octets = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise UnknownScheme(f"A stored {{{scheme}}} password is damaged; set it again.") from error
    salted = scheme.startswith("SS")
    if len(octets) < size or (not salted and len(octets) > size):
        raise UnknownScheme(f"A stored {{{scheme}}} password is damaged; set it again.")
    return hmac.compare_digest(hashlib.new(algorithm, typed + octets[size:]).digest(), octets[:size])


# --- App passwords --------------------------------------------------------------------------------------------------


def new_app_password() -> str:
    """A new password for one device: four groups of four letters and digits, 80 bits, easy to read aloud."""
    letters = [secrets.choice(_APP_LETTERS) for _ in range(16)]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, 16, 4))


def seal_app(password: str, salts: Mapping[Digest, bytes]) -> Mapping[str, str]:
    """What to store for an app password, by kind: its hash, and the keys that let it be used by SCRAM. See `seal`."""
    keys = {f"app-{kind}": derive(password, digest, salts.get(digest)).text() for kind, digest in SCRAM_KINDS.items()}
    return {"app": app_hash(password), **keys}


def app_hash(password: str) -> str:
    """What to store for an app password, the same each time: so an index finds it, however many there are.

    Typed with other spacing or in capitals it is the same password. Eighty random bits need no slow hash.
    """
    plain = "".join(char for char in password[:MAX_LENGTH].lower() if char.isalnum())
    return _APP_SCHEME + hashlib.sha256(b"postroom app password\0" + plain.encode(errors="surrogatepass")).hexdigest()


# --- What was just checked ------------------------------------------------------------------------------------------


class VerifiedPasswords:
    """Passwords that were found right in the last minutes, so that a phone's next login costs no argon2.

    Kept as keyed hashes of account, credential version and password; the key is random and never leaves the process.
    A changed password or a disabled account has another version, so it misses at once. Not for several threads.
    """

    __slots__ = ("_clock", "_entries", "_key", "_seconds", "_size")

    def __init__(self, size: int = 10_000, seconds: float = 300, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._seconds, self._clock = size, seconds, clock
        self._key = os.urandom(32)
        self._entries: OrderedDict[bytes, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, login: tuple[int, int, str]) -> bool:
        """Whether this (account, version, password) was right not long ago."""
        digest = self._digest(*login)
        entry = self._entries.get(digest)
        if entry is None:
            return False
        if entry[0] <= self._clock():
            del self._entries[digest]
            return False
        return True

    def remember(self, account: int, version: int, password: str) -> None:
        """Note that this password is right for this version of the account's credentials."""
        digest = self._digest(account, version, password)
        self._entries[digest] = (self._clock() + self._seconds, account)
        self._entries.move_to_end(digest)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, account: int) -> None:
        """Drop all that is known of one account."""
        for digest in [digest for digest, (_, owner) in self._entries.items() if owner == account]:
            del self._entries[digest]

    def _digest(self, account: int, version: int, password: str) -> bytes:
        text = f"{account}:{version}:{password}".encode(errors="surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()
