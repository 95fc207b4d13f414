"""Posts one message to a push service (RFC 8030 §5), or to a receiver of the client's own.

Strangers name where to: only https, only addresses of the Internet (unless the configuration says otherwise; see
`mailcore.server.asking`), no detours; what a push service answers is not read, what a receiver does within a bound.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from mailcore.push.encryption import Keys, encrypted
from mailcore.push.vapid import authorization
from mailcore.server.asking import TooLarge, asked, body_of, taken_apart
from mailcore.server.dns import DnsError, Resolver
from mailcore.server.reach import NotPublic

if TYPE_CHECKING:
    import httpx

LONGEST_URL: Final = 2000
SECONDS: Final = 15.0
TTL: Final = 24 * 3600
"""Seconds that a push service keeps a message for a client that is not there."""
LONGEST_PAUSE: Final = 24 * 3600
LONGEST_ANSWER: Final = 64 * 1024
"""Octets that a receiver may answer."""
Verdict = Literal["sent", "later", "gone"]
_GONE: Final = (404, 410)
_SAID: Final[Mapping[Verdict, str]] = {
    "sent": "the receiver has it",
    "later": "the receiver does not say that it has it",
    "gone": "the receiver wants no more",
}


class BadUrl(ValueError):
    """Messages are not posted to such a place."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who takes messages by an agreement of its protocol instead of RFC 8030; it may be reached by plain HTTP where the
    configuration allows addresses of one's own network."""

    headers: Mapping[str, str]
    """What goes along."""
    verdict: Callable[[bytes], Verdict]
    """What its answer means."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message."""

    url: str
    payload: bytes
    media: str
    keys: Keys | None
    topic: str = ""
    """A later message of the same topic replaces one that has not been fetched."""
    urgency: str = "normal"
    receiver: Receiver | None = None
    """Who takes it; None: a push service."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    verdict: Verdict
    text: str = ""
    pause: float = 0.0
    """Seconds that the push service asks to wait."""


def checked(url: str, *, plain: bool = False) -> str:
    """The URL, if messages may go there at all; `plain`: also without TLS. `BadUrl`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("it is no URL") from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadUrl(f"it has {LONGEST_URL} plain characters at most")
    schemes = ("https", "http") if plain else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or port == 0:
        raise BadUrl("it begins with https:// and a host, without a user")
    return url


@dataclass(slots=True)
class Sender:
    """Posts messages in the name of the site."""

    dns: Resolver
    secret: bytes = field(repr=False)
    contact: str
    private: bool = False
    """Whether push services may be at addresses of one's own network."""
    context: ssl.SSLContext | None = None

    async def send(self, post: Post) -> Result:
        """Posts it."""
        import httpx  # large, and needed by who has clients that want to be told

        try:
            async with asyncio.timeout(SECONDS):
                return await self._post(post)
        except (BadUrl, NotPublic) as error:
            return Result("gone", str(error))
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            OSError,
            DnsError,
            TooLarge,
        ) as error:  # a TimeoutError is an OSError
            return Result("later", str(error) or type(error).__name__)

    async def _post(self, post: Post) -> Result:
        at = taken_apart(checked(post.url, plain=self.private and post.receiver is not None), ports=())
        if at is None:
            raise BadUrl("it is no URL")
        body = post.payload if post.keys is None else encrypted(post.payload, post.keys)
        headers = {"content-type": post.media if post.keys is None else "application/octet-stream"}
        headers |= post.receiver.headers if post.receiver is not None else self._web_push(post)
        context = self.context or ssl.create_default_context()
        async with asked(
            self.dns, at, headers, seconds=SECONDS, private=self.private, method="POST", body=body, context=context
        ) as answer:
            found = _result(answer)
            if post.receiver is None or found.verdict != "sent":
                return found
            return Result(verdict := post.receiver.verdict(await body_of(answer, LONGEST_ANSWER)), _SAID[verdict])

    def _web_push(self, post: Post) -> Mapping[str, str]:
        headers = {
            "ttl": str(TTL),
            "urgency": post.urgency,
            "authorization": authorization(self.secret, post.url, self.contact, time.time()),
        }
        if post.keys is not None:
            headers["content-encoding"] = "aes128gcm"
        if post.topic:
            headers["topic"] = post.topic
        return headers


def _result(answer: httpx.Response) -> Result:
    status = answer.status_code
    if 200 <= status < 300:
        return Result("sent", str(status))
    if status in _GONE:
        return Result("gone", f"the answer is {status}")
    said = answer.headers.get("retry-after", "")
    pause = min(int(said), LONGEST_PAUSE) if said.isascii() and said.isdecimal() and len(said) < 8 else 0
    return Result("later", f"the answer is {status}", float(pause))
