"""Programs that ask for tokens: each registers itself, and nothing is stored of it. RFC 7591, RFC 8252, decision 287.

A client's identifier is what it said of itself, sealed with the site's secret: whoever shows it has registered here.
All are public clients: nobody takes what a program calls itself for more than that.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

LONGEST_NAME: Final = 100
LONGEST_URI: Final = 500
MOST_URIS: Final = 5
LONGEST_ID: Final = 6000
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_USE: Final = b"program that asks for tokens: "


class BadClient(Exception):
    """What is wrong with a registration or an identifier. `kind` is the error code of RFC 7591 §3.2.2."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A program."""

    name: str
    redirects: tuple[str, ...]

    def returns_to(self, uri: str) -> bool:
        """Whether that is where it may be answered; on loopback any port will do (RFC 8252 §7.3)."""
        return any(uri == each or _same_loopback(uri, each) for each in self.redirects)


def registered(given: Mapping[str, Any], secret: bytes) -> tuple[str, OAuthClient]:
    """The identifier of a client that says this of itself, and the client. `BadClient`."""
    redirects = given.get("redirect_uris")
    if not isinstance(redirects, list) or not 1 <= len(redirects) <= MOST_URIS:
        raise BadClient("invalid_redirect_uri", f"`redirect_uris` is a list of 1 to {MOST_URIS} addresses")
    for each in redirects:
        if not isinstance(each, str) or not is_redirect(each):
            raise BadClient(
                "invalid_redirect_uri",
                "an address to return to is https, http on this device (127.0.0.1, ::1, localhost), or a scheme of "
                "the program's own with a dot in it, as org.example.mail:/back; without a fragment",
            )
    name = given.get("client_name") or _named_by(redirects[0])
    if not isinstance(name, str) or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadClient("invalid_client_metadata", f"`client_name` has up to {LONGEST_NAME} printable characters")
    for member, allowed in (
        ("token_endpoint_auth_method", ("none",)),
        ("grant_types", ("authorization_code", "refresh_token")),
        ("response_types", ("code",)),
    ):
        said = given.get(member, list(allowed))
        if not set(said if isinstance(said, list) else [str(said)]) <= set(allowed):
            raise BadClient("invalid_client_metadata", f"`{member}` can be {' or '.join(allowed)} alone")
    body = json.dumps([name, redirects], separators=(",", ":")).encode()
    return f"{_coded(body)}.{_coded(_mark(body, secret))}", OAuthClient(name, tuple(redirects))


def client_of(ident: str, secret: bytes) -> OAuthClient:
    """The client that has this identifier. `BadClient`."""
    try:
        if len(ident) > LONGEST_ID:
            raise ValueError
        body, mark = (base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in ident.split("."))
        if not hmac.compare_digest(mark, _mark(body, secret)):
            raise ValueError
        name, redirects = json.loads(body)
    except (ValueError, binascii.Error):
        raise BadClient(
            "invalid_client", "this program has not registered here, or elsewhere: it has to do so"
        ) from None
    return OAuthClient(name, tuple(redirects))


def is_redirect(uri: str) -> bool:
    """Whether a program may be answered there. RFC 8252 §7."""
    if len(uri) > LONGEST_URI or not uri.isascii() or not uri.isprintable() or " " in uri or "#" in uri or "\\" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        return host in _LOOPBACK
    return "." in parts.scheme


def _same_loopback(uri: str, known: str) -> bool:
    if not is_redirect(uri):
        return False
    one, other = urlsplit(uri), urlsplit(known)
    here = one.scheme == other.scheme == "http" and one.hostname == other.hostname and one.hostname in _LOOPBACK
    return here and (one.path, one.query) == (other.path, other.query)


def _named_by(uri: str) -> str:
    parts = urlsplit(uri)
    return parts.hostname or parts.scheme


def _mark(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, _USE + body, sha256).digest()


def _coded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
