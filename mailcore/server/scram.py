"""SCRAM's messages and proofs, from octets to octets: RFC 5802, RFC 7677, channel binding RFC 5929.

The state of an exchange lives in `sasl.py`; here is what each message says and whether its proof holds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from groupware.directory.password import ITERATIONS, SALT_BYTES, Digest, KeyPair, ScramKeys

_NONCE: Final = re.compile(r"[!-+\--~]{1,256}")
_SASLNAME: Final = re.compile(r"(?:[^=,\0]|=2C|=3D){1,1024}")
_BINDING: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


class NotBound(Exception):
    """The client is bound to another channel than the server: somebody may be between them. RFC 5802 §6."""


class Malformed(ValueError):
    """The message does not follow RFC 5802; the text says where."""


@dataclass(frozen=True, slots=True)
class First:
    """A client's first message. `flag` is "n", "y" or "p"; `binding` names the type asked for with "p"."""

    header: str
    flag: str
    binding: str
    authzid: str
    name: str
    nonce: str
    bare: str


def read_first(data: bytes) -> First:
    """What the client's first message says, RFC 5802 §7. Malformed when it does not parse."""
    parts = _text(data).split(",", 2)
    if len(parts) != 3:
        raise Malformed("The GS2 header needs two commas.")
    flag, authzid, bare = parts
    binding = ""
    if flag.startswith("p="):
        flag, binding = "p", flag[2:]
        if not _BINDING.fullmatch(binding):
            raise Malformed("The name of the channel binding is not one.")
    elif flag not in {"n", "y"}:
        raise Malformed("The GS2 header must begin with n, y or p=.")
    if authzid and not authzid.startswith("a="):
        raise Malformed("The authorization name must be written a=.")
    fields = bare.split(",")
    if fields[0].startswith("m="):
        raise Malformed("A mandatory extension is asked for, and none is known.")
    if len(fields) < 2 or not fields[0].startswith("n=") or not fields[1].startswith("r="):
        raise Malformed("The message must hold n= and then r=.")
    nonce = fields[1][2:]
    if not _NONCE.fullmatch(nonce):
        raise Malformed("The nonce must be 1 to 256 printable characters.")
    header = ",".join(parts[:2]) + ","
    return First(
        header, flag, binding, _saslname(authzid[2:]) if authzid else "", _saslname(fields[0][2:]), nonce, bare
    )


def server_first(first: First, keys: ScramKeys, nonce: str) -> str:
    """The answer to the first message: both nonces, the salt, the number of iterations."""
    salt = base64.b64encode(keys.salt).decode()
    return f"r={first.nonce}{nonce},s={salt},i={keys.iterations}"


def check_final(first: First, sent: str, keys: ScramKeys, bound: bytes, data: bytes) -> tuple[bytes, KeyPair] | None:
    """The server's own proof and the keys that fitted; None when the client's proof is wrong.

    `sent` is what `server_first` gave, `bound` the channel binding's data ("" unless asked for with p).
    Malformed when the message does not parse, or repeats the nonce wrongly; NotBound.
    """
    without, mark, encoded = _text(data).rpartition(",p=")
    fields = without.split(",")
    if not mark or len(fields) < 2 or not fields[0].startswith("c=") or not fields[1].startswith("r="):
        raise Malformed("The message must hold c=, r= and at last p=.")
    if fields[1] != sent.partition(",")[0]:
        raise Malformed("The nonce is not the one of this exchange.")
    if not hmac.compare_digest(_octets(fields[0][2:]), first.header.encode() + bound):
        raise NotBound("The channel binding does not fit this connection: somebody may be listening in.")
    proof = _octets(encoded)
    signed = f"{first.bare},{sent},{without}".encode()
    found = None
    for pair in keys.pairs:
        if _proves(pair, keys.digest, signed, proof):
            found = pair
    if found is None:
        return None
    return b"v=" + base64.b64encode(hmac.digest(found.server_key, signed, keys.digest)), found


def _proves(pair: KeyPair, digest: Digest, signed: bytes, proof: bytes) -> bool:
    signature = hmac.digest(pair.stored_key, signed, digest)
    if len(proof) != len(signature):
        return False
    client_key = bytes(left ^ right for left, right in zip(proof, signature, strict=True))
    return hmac.compare_digest(hashlib.new(digest, client_key).digest(), pair.stored_key)


def fake_keys(name: str, digest: Digest, secret: bytes) -> ScramKeys:
    """Keys for a name that does not exist: always the same salt, so that it looks like one that does; no proof fits.

    `secret` must be the same on all nodes and after a restart, or the salt of an unknown name would change.
    """
    salt = hmac.digest(secret, f"{digest}:{name.casefold()}".encode(), "sha256")[:SALT_BYTES]
    size = hashlib.new(digest).digest_size
    pair = KeyPair(secrets.token_bytes(size), secrets.token_bytes(size))
    return ScramKeys(digest, ITERATIONS, salt, (pair,))


def end_point_binding(certificate: bytes) -> bytes:
    """The tls-server-end-point data of a DER certificate: its hash, by its own algorithm or SHA-256. RFC 5929 §4.1.

    ValueError when the octets are no certificate.
    """
    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    name = algorithm.name if algorithm is not None and algorithm.name not in {"md5", "sha1"} else "sha256"
    return hashlib.new(name, certificate).digest()


def _saslname(text: str) -> str:
    if not _SASLNAME.fullmatch(text):
        raise Malformed("A name is empty, too long, or has a bare = or comma.")
    return text.replace("=2C", ",").replace("=3D", "=")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("The message is not UTF-8.") from error


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("A value is not base64.") from error
