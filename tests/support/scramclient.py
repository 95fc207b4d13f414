"""A SCRAM client written from RFC 5802 alone, sharing no code with the server."""

from __future__ import annotations

import base64
import hashlib
import hmac


class ScramClient:
    """Says the client's two messages and checks the server's proof."""

    def __init__(self, name: str, password: str, algorithm: str, nonce: str = "clientnonce") -> None:
        self.name, self.password, self.algorithm, self.nonce = name, password, algorithm, nonce
        self.header, self.bound = "n,,", b""
        self.expected = b""

    def first(self) -> bytes:
        self.bare = f"n={self.name.replace('=', '=3D').replace(',', '=2C')},r={self.nonce}"
        return (self.header + self.bare).encode()

    def final(self, challenge: bytes) -> bytes:
        server_first = challenge.decode()
        fields = dict(part.split("=", 1) for part in server_first.split(","))
        assert fields["r"].startswith(self.nonce)
        salt = base64.b64decode(fields["s"])
        salted = hashlib.pbkdf2_hmac(self.algorithm, self.password.encode(), salt, int(fields["i"]))
        client_key = hmac.new(salted, b"Client Key", self.algorithm).digest()
        stored = hashlib.new(self.algorithm, client_key).digest()
        bound = base64.b64encode(self.header.encode() + self.bound).decode()
        without = f"c={bound},r={fields['r']}"
        signed = f"{self.bare},{server_first},{without}".encode()
        signature = hmac.new(stored, signed, self.algorithm).digest()
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        server_key = hmac.new(salted, b"Server Key", self.algorithm).digest()
        self.expected = b"v=" + base64.b64encode(hmac.new(server_key, signed, self.algorithm).digest())
        return f"{without},p={base64.b64encode(proof).decode()}".encode()
