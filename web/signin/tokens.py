"""Tokens of browsers: the cookie that holds one, and what proves that a page of our own sends a request.

1. A cookie's token is random, and stored as its digest alone.
2. The proof (`X-CSRF-Token`) is made of the token and the site's secret: a page of ours is told it, no other page can
   read it or make one, and there is nothing to store (decision 248).
3. A password that a browser remembers goes along with what any page sends: pages of ours alone write (decision 399).
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

PROOF: Final = "x-csrf-token"
_OCTETS: Final = 32
_LONGEST: Final = 100
_SESSION, _VISIT = "postroom", "postroom-visit"


def new_token() -> str:
    """A token that nobody guesses."""
    return token_urlsafe(_OCTETS)


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return sha256(token.encode()).hexdigest()


def proof_of(secret: bytes, token: str) -> str:
    """What a page of ours sends along with the cookie of that token."""
    return hmac.new(secret, b"page of the browser that has " + token.encode(), sha256).hexdigest()


def session_token(connection: HTTPConnection, *, secure: bool) -> str:
    """The token of the session that the browser names; "" without one."""
    return _cookie(connection, _name(_SESSION, secure))


def visit_token(connection: HTTPConnection, *, secure: bool) -> str:
    """The token of a browser that is not signed in yet; "" without one."""
    return _cookie(connection, _name(_VISIT, secure))


def set_session(answer: Response, token: str, seconds: int | None, *, secure: bool) -> None:
    """Gives the browser its session's token, until it is closed or for so many seconds; what it had before is gone."""
    _set(answer, _name(_SESSION, secure), token, seconds, secure)
    answer.delete_cookie(_name(_VISIT, secure), path="/", secure=secure, httponly=True, samesite="strict")


def set_visit(answer: Response, token: str, *, secure: bool) -> None:
    """Gives a browser a token with which it may sign in."""
    _set(answer, _name(_VISIT, secure), token, None, secure)


def drop_session(answer: Response, *, secure: bool) -> None:
    """Takes the session's token off the browser."""
    answer.delete_cookie(_name(_SESSION, secure), path="/", secure=secure, httponly=True, samesite="strict")


def proven(connection: HTTPConnection, secret: bytes, token: str) -> bool:
    """Whether a page of ours sends this, for the browser that has the token."""
    given = connection.headers.get(PROOF, "")
    return bool(token) and hmac.compare_digest(given.encode(), proof_of(secret, token).encode())


def of_our_pages(connection: HTTPConnection, *, named: bool = False) -> bool:
    """Whether nothing says that a page of another site asks; `named`: the page has to be named, and to be ours."""
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin is None:
        return not named
    try:
        return urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower() != ""
    except ValueError:
        return False


def by_another_site(connection: HTTPConnection) -> bool:
    """Whether a page of another site sends this, with the password that the browser remembers for us (RFC 7617 §4).

    What a browser adds on has an origin that is no site, and shows by itself that it may.
    """
    if not connection.headers.get("authorization", "").lower().startswith("basic "):
        return False
    origin = connection.headers.get("origin")
    if origin is None or origin == "null" or origin.lower().startswith(("http:", "https:")):
        return not of_our_pages(connection)
    return False


def _name(of: str, secure: bool) -> str:
    """`__Host-`: no other host of the domain can set it."""
    return f"__Host-{of}" if secure else of


def _cookie(connection: HTTPConnection, name: str) -> str:
    found = connection.cookies.get(name, "")
    return found if found.isascii() and len(found) <= _LONGEST else ""


def _set(answer: Response, name: str, token: str, seconds: int | None, secure: bool) -> None:
    answer.set_cookie(name, token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")
