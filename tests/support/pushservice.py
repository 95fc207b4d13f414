"""A push service that takes messages over TLS, and reads what only a client could (RFC 8291), with code of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailcore.push.sender import Sender
from mailcore.push.worker import Desk, Teller, keep
from mailcore.server.parts import Parts
from tests.support.certificates import Authority

HOST = "push.example.test"


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Device:
    """Where a client gets its messages: its keys."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def p256dh(self) -> str:
        return b64(self.point)

    @property
    def secret(self) -> str:
        return b64(self.auth)

    def opened(self, body: bytes) -> bytes:
        """What a message says."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size <= 4096 and len(body) <= 4096
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = _hkdf(self.auth, shared, b"WebPush: info\x00" + self.point + sender, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert plain.endswith(b"\x02")
        return plain[:-1]


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()[:length]


def signed_by(authorization: str, audience: str) -> str:
    """The public key that a VAPID field is rightly signed with. RFC 8292."""
    scheme, _, rest = authorization.partition(" ")
    fields = dict(each.strip().split("=", 1) for each in rest.split(","))
    assert scheme == "vapid"
    head, claims, signature = fields["t"].split(".")
    said, raw = json.loads(unb64(claims)), unb64(signature)
    assert said["aud"] == audience and said["sub"].startswith("mailto:")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(fields["k"]))
    encoded = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(encoded, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    return fields["k"]


@dataclass
class Taken:
    """A message as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """What came, and what is answered."""

    port: int = 0
    taken: asyncio.Queue[Taken] = field(default_factory=asyncio.Queue)
    answers: list[str] = field(default_factory=list)
    """The next status lines; 201 when there is none."""
    body: bytes = b""
    """What is answered besides."""

    def url(self, path: str = "/device") -> str:
        return f"https://{HOST}:{self.port}{path}"

    async def next(self, within: float = 10) -> Taken:
        return await asyncio.wait_for(self.taken.get(), within)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        await self.taken.put(Taken(head[0].split(" ")[1], headers, body))
        status = self.answers.pop(0) if self.answers else "201 Created"
        said = f"HTTP/1.1 {status}\r\ncontent-length: {len(self.body)}\r\nconnection: close\r\n\r\n"
        writer.write(said.encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def push_service(context: ssl.SSLContext) -> AsyncIterator[PushService]:
    made = PushService()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Names:
    """The addresses of hosts."""

    known: dict[str, tuple[str, ...]] = field(default_factory=lambda: {HOST: ("127.0.0.1",)})

    async def addresses(self, host: str) -> tuple[str, ...]:
        return self.known.get(host, ())


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[None]:
    """The worker runs."""
    task = asyncio.create_task(keep(desk))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def desk_of(parts: Parts, tellers: Mapping[str, Teller], context: ssl.SSLContext | None) -> Desk:
    """A desk without long pauses."""
    sender = Sender(cast(Any, Names()), parts.secret, "postmaster@example.test", True, context)
    return Desk(parts.store, parts.bus, sender, tellers, parts.log("PUSH"), 0.05, 0.05, 0.05)


def contexts(authority: Authority) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the service, and for who trusts it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*authority.sign("push", HOST))
    return server, ssl.create_default_context(cafile=str(authority.ca_file))
