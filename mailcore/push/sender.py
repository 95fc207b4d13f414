"""Posts one message to a push service. RFC 8030 §5.

Strangers name where to: only https, only addresses of the Internet (unless the configuration says otherwise; see
`mailcore.server.asking`), no detours, and what comes back is not read.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from mailcore.push.encryption import Keys, encrypted
from mailcore.push.vapid import authorization
from mailcore.server.asking import asked, taken_apart
from mailcore.server.dns import DnsError, Resolver
from mailcore.server.reach import NotPublic

if TYPE_CHECKING:
    import httpx

LONGEST_URL: Final = 2000
SECONDS: Final = 15.0
TTL: Final = 24 * 3600
"""Seconds that a push service keeps a message for a client that is not there."""
LONGEST_PAUSE: Final = 24 * 3600
_GONE: Final = (404, 410)


class BadUrl(ValueError):
    """Messages are not posted to such a place."""


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


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    verdict: Literal["sent", "later", "gone"]
    text: str = ""
    pause: float = 0.0
    """Seconds that the push service asks to wait."""


def checked(url: str) -> str:
    """The URL, if messages may go there at all. `BadUrl`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("it is no URL") from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadUrl(f"it has {LONGEST_URL} plain characters at most")
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or port == 0:
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
        except (httpx.HTTPError, httpx.InvalidURL, OSError, DnsError) as error:  # a TimeoutError is an OSError
            return Result("later", str(error) or type(error).__name__)

    async def _post(self, post: Post) -> Result:
        at = taken_apart(checked(post.url), ports=())
        if at is None:
            raise BadUrl("it is no URL")
        body = post.payload if post.keys is None else encrypted(post.payload, post.keys)
        headers = {
            "content-type": post.media if post.keys is None else "application/octet-stream",
            "ttl": str(TTL),
            "urgency": post.urgency,
            "authorization": authorization(self.secret, post.url, self.contact, time.time()),
        }
        if post.keys is not None:
            headers["content-encoding"] = "aes128gcm"
        if post.topic:
            headers["topic"] = post.topic
        context = self.context or ssl.create_default_context()
        async with asked(
            self.dns, at, headers, seconds=SECONDS, private=self.private, method="POST", body=body, context=context
        ) as answer:
            return _result(answer)


def _result(answer: httpx.Response) -> Result:
    status = answer.status_code
    if 200 <= status < 300:
        return Result("sent", str(status))
    if status in _GONE:
        return Result("gone", f"the push service answered {status}")
    said = answer.headers.get("retry-after", "")
    pause = min(int(said), LONGEST_PAUSE) if said.isascii() and said.isdecimal() and len(said) < 8 else 0
    return Result("later", f"the push service answered {status}", float(pause))
