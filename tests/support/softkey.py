"""A security key made of software: what a browser with a key answers, by the text of WebAuthn."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256


class SoftKey:
    """One key for one host."""

    def __init__(self, origin: str) -> None:
        self.origin, self.private = origin, ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `PublicKeyCredentialCreationOptionsJSON`."""
        public = cbor.encode(ES256.from_cryptography_key(self.private.public_key()))
        told = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        about = self._about(options["rp"]["id"], 0x41) + told
        client = self._client("webauthn.create", options["challenge"])
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": about})
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(made)})

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to `PublicKeyCredentialRequestOptionsJSON`."""
        assert any(urlsafe_b64decode(each["id"] + "==") == self.id for each in options["allowCredentials"])
        about = self._about(options["rpId"], 0x01)
        client = self._client("webauthn.get", options["challenge"])
        signed = self.private.sign(about + sha256(client).digest(), ec.ECDSA(SHA256()))
        told = {"clientDataJSON": _text(client), "authenticatorData": _text(about), "signature": _text(signed)}
        return self._answer(told)

    def _about(self, host: str, flags: int) -> bytes:
        return sha256(host.encode()).digest() + bytes([flags]) + bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = _text(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")
