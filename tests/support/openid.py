"""An OpenID provider over HTTP, as small as it can be: discovery, keys, introspection, and tokens on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

AUDIENCE = "postroom"


class Provider:
    """What it has given out, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.keys: list[Key] = [ECKey.generate_key("P-256", {"kid": "first"})]
        self.opaque: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.authorized: list[str] = []
        self.broken = False
        self.discovery = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/keys",
            "introspection_endpoint": f"{self.issuer}/introspect",
        }

    def claims(self, email: str = "alice@example.test", **more: Any) -> dict[str, Any]:
        """What a good token says; None takes a claim out."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": AUDIENCE, "exp": now + 600, "scope": "openid mail", "email": email, **more}
        return {name: value for name, value in said.items() if value is not None}

    def token(self, email: str = "alice@example.test", **more: Any) -> str:
        """A token signed with the newest key."""
        key = self.keys[-1]
        header = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256", "kid": key.kid}
        return jwt.encode(header, self.claims(email, **more), key)

    def handed_out(self, name: str, email: str = "alice@example.test", **more: Any) -> str:
        """A token that only the provider can read."""
        self.opaque[name] = {"active": True, **self.claims(email, **more)}
        return name

    def rotate(self) -> None:
        """A new key; the old ones are gone."""
        self.keys = [RSAKey.generate_key(2048, {"kid": f"key {time.time_ns()}"})]

    def answer(self, path: str, form: bytes) -> dict[str, Any] | None:
        """The JSON at a path."""
        if path == "/.well-known/openid-configuration":
            return self.discovery
        if path == "/keys":
            return dict(KeySet(self.keys).as_dict(private=False))
        if path == "/introspect":
            (token,) = parse_qs(form.decode())["token"]
            return self.opaque.get(token, {"active": False})
        return None


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that runs on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.asked.append(self.path)
            made.authorized.append(self.headers.get("Authorization", ""))
            found = None if made.broken else made.answer(self.path, form)
            octets = json.dumps(found).encode()
            self.send_response(200 if found is not None else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def section(made: Provider, more: str = "") -> str:
    """The configuration's section for it."""
    return f'[openid]\nenable = true\nissuer = "{made.issuer}"\naudience = ["{AUDIENCE}"]\nscope = ["mail"]\n{more}\n'
