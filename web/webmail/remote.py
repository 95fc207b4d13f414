"""What emails point to elsewhere, asked for by the server, so that others learn nothing: pictures, ways out of lists.

1. An address is fetched only with our own seal on it, which is in the bodies that people are given who are signed in.
2. The host is looked up, has to be of the Internet, and the address that was looked at is the one connected to; each
   redirection is looked at anew. Ports 80 and 443 alone, no cookies, no Referer, a picture or nothing.
3. A list is left (RFC 8058) when an email that one may read says where; that is asked once, and followed nowhere.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote, urljoin

from mailcore.server.asking import REDIRECTED, Asked, TooLarge, asked, body_of, taken_apart
from mailcore.server.dns import DnsError, Resolver
from mailcore.server.reach import NotPublic
from web.webmail.body import PICTURES

if TYPE_CHECKING:
    import httpx

Answered: TypeAlias = "AbstractAsyncContextManager[httpx.Response]"
SECONDS: Final = 15.0
OCTETS: Final = 10_000_000
REDIRECTIONS: Final = 4
LONGEST: Final = 4000
AT_ONCE: Final = 24
SEALED_SECONDS: Final = 3600
ONE_CLICK: Final = b"List-Unsubscribe=One-Click"


class NoPicture(Exception):
    """It is not shown; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What was fetched."""

    octets: bytes
    media: str


@dataclass(slots=True)
class Remote:
    """Fetches pictures."""

    dns: Resolver
    secret: bytes = field(repr=False)
    private: bool = False
    """Pictures may be in one's own network too, and at any port."""
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def address(self, url: str) -> str | None:
        """The address under which this server gives a picture; None for what is no address of one."""
        if len(url) > LONGEST or _parts(url, self.private) is None:
            return None
        until = int(time.time()) + SEALED_SECONDS
        return f"/mail/image?until={until}&seal={self._seal(until, url)}&url={quote(url, safe='')}"

    def sealed(self, until: str, seal: str, url: str) -> bool:
        """Whether the seal is ours, and still good."""
        if not until.isascii() or not until.isdigit() or len(until) > 12 or int(until) < time.time():
            return False
        return hmac.compare_digest(seal.encode(), self._seal(int(until), url).encode())

    def _seal(self, until: int, url: str) -> str:
        said = f"picture of an email {until} {url}".encode("utf-8", "replace")
        return hmac.new(self.secret, said, sha256).hexdigest()[:40]

    async def fetch(self, url: str) -> Picture:
        """The picture at an address. `NoPicture`."""
        import httpx  # large; for who looks at pictures from elsewhere

        try:
            async with asyncio.timeout(SECONDS), self._places:
                for _ in range(REDIRECTIONS + 1):
                    found = await self._once(url)
                    if isinstance(found, Picture):
                        return found
                    url = found
        except (NotPublic, httpx.HTTPError, httpx.InvalidURL, OSError, DnsError) as error:  # OSError: TimeoutError too
            raise NoPicture(str(error) or type(error).__name__) from None
        raise NoPicture(f"it is redirected more than {REDIRECTIONS} times")

    async def unsubscribe(self, url: str) -> None:
        """Leaves a mailing list (RFC 8058 §3.2): one POST, which follows nowhere and tells of nobody. `NoPicture`."""
        import httpx

        try:
            async with asyncio.timeout(SECONDS), self._places, self._asked(url, "POST", ONE_CLICK) as answer:
                if not 200 <= answer.status_code < 300:
                    raise NoPicture(f"its server answers {answer.status_code}")
        except (NotPublic, httpx.HTTPError, httpx.InvalidURL, OSError, DnsError) as error:
            raise NoPicture(str(error) or type(error).__name__) from None

    async def _once(self, url: str) -> Picture | str:
        """The picture, or where it is instead."""
        async with self._asked(url) as answer:
            if answer.status_code in REDIRECTED:
                return urljoin(url, str(answer.headers.get("location", "")))
            if answer.status_code != 200:
                raise NoPicture(f"its server answers {answer.status_code}")
            return await _picture(answer)

    def _asked(self, url: str, method: str = "GET", form: bytes | None = None) -> Answered:
        """The answer of the host that was looked at; its body is not read yet."""
        parts = _parts(url, self.private)
        if parts is None:
            raise NoPicture("that is no address where something is asked for")
        headers = {"accept": "image/*" if form is None else "*/*"}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        return asked(self.dns, parts, headers, seconds=SECONDS, private=self.private, method=method, body=form)


async def _picture(answer: httpx.Response) -> Picture:
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in PICTURES:
        raise NoPicture("what is there is no picture")
    try:
        return Picture(await body_of(answer, OCTETS), media)
    except TooLarge as error:
        raise NoPicture(str(error)) from None


def _parts(url: str, any_port: bool) -> Asked | None:
    return taken_apart(url, ()) if any_port else taken_apart(url)
