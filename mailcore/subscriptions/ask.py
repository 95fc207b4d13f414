"""Asks another server for a calendar: whether it has changed, and for all of it then."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from groupware.model.source import CalendarSource
from mailcore.server.asking import REDIRECTED, Asked, TooLarge, asked, body_of, taken_apart
from mailcore.server.dns import DnsError, Resolver
from mailcore.server.reach import NotPublic
from mailcore.server.sections_subscriptions import SubscriptionsSection

if TYPE_CHECKING:
    import httpx

REDIRECTIONS: Final = 5
MEDIA: Final = "text/calendar, application/calendar+xml;q=0, text/plain;q=0.5, */*;q=0.1"
_LONGEST_TAG: Final = 1000
_WORDS: Final = {
    401: "its server wants a password",
    403: "its server does not give it to us",
    404: "there is nothing at this address",
    410: "it has been taken away for good",
    429: "its server is asked too often",
}


_CODES: Final = {401: "wantsPassword", 403: "notGiven", 404: "notThere", 410: "takenAway", 429: "tooOften"}


class NotThere(Exception):
    """The calendar does not come; the text says why, to its owner."""

    def __init__(self, why: str, code: str, *, gone: bool = False, pause: float = 0.0) -> None:
        """`code`: for pages in other languages. `gone`: for good. `pause`: seconds that its server wants to be left
        alone."""
        super().__init__(why)
        self.code, self.gone, self.pause = code, gone, pause


@dataclass(frozen=True, slots=True)
class Answer:
    """What came."""

    octets: bytes | None
    """None: it is as it was."""
    etag: str = ""
    changed: str = ""
    """Last-Modified."""
    charset: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """What asking works with."""

    dns: Resolver
    section: SubscriptionsSection
    context: ssl.SSLContext


def known(source: CalendarSource) -> bool:
    """Whether what is here is what was there; after a failure all is read again, with what there is to say of it."""
    return bool(source.digest) and not source.tries


async def ask(asking: Asking, source: CalendarSource) -> Answer:
    """The calendar as it is there. `NotThere`."""
    import httpx  # large, and needed by who subscribes to something

    url, section = source.url, asking.section
    try:
        async with asyncio.timeout(section.fetch_timeout):
            for _ in range(REDIRECTIONS + 1):
                found = await _once(asking, source, url)
                if isinstance(found, Answer):
                    return found
                url = found
    except NotPublic:
        raise NotThere(
            f"{host_of(url)} is no server of the Internet", "notPublic"
        ) from None  # where it is, is nobody's business
    except httpx.TimeoutException:
        raise NotThere(f"{host_of(url)} was silent for {section.answer_timeout} seconds", "silent") from None
    except TimeoutError:
        raise NotThere(f"it had not come after {section.fetch_timeout} seconds", "silent") from None
    except TooLarge:
        raise NotThere(f"it is larger than {section.max_size} KB", "tooLarge") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, DnsError) as error:
        why = f"{host_of(url)} cannot be asked: {str(error) or type(error).__name__}"
        raise NotThere(why, "unreachable") from None
    raise NotThere(f"it is redirected more than {REDIRECTIONS} times", "circles")


async def _once(asking: Asking, source: CalendarSource, url: str) -> Answer | str:
    """What comes, or where it is instead."""
    section = asking.section
    async with asked(
        asking.dns,
        _checked(url, section),
        _headers(source),
        seconds=section.answer_timeout,
        private=section.private,
        context=asking.context,
    ) as answer:
        if answer.status_code in REDIRECTED:
            return urljoin(url, str(answer.headers.get("location", "")))
        if answer.status_code == 304 and known(source):
            return Answer(None, source.etag, source.changed)
        if answer.status_code != 200:
            raise _refused(answer)
        octets = await body_of(answer, section.max_size * 1024)
        tags = (str(answer.headers.get(name, "")) for name in ("etag", "last-modified"))
        etag, changed = (each if len(each) <= _LONGEST_TAG else "" for each in tags)
        return Answer(octets, etag, changed, answer.charset_encoding or "")


def _checked(url: str, section: SubscriptionsSection) -> Asked:
    found = taken_apart(url, section.ports)
    if found is None:
        if taken_apart(url, ()) is not None:
            raise NotThere(f"{host_of(url)}: its port is none that this server asks others at", "portClosed")
        raise NotThere("it leads to where no calendar is asked for", "noCalendar")
    return found


def _headers(source: CalendarSource) -> dict[str, str]:
    """What is asked: only for what is not here already (RFC 9110 §13.1)."""
    headers = {"accept": MEDIA}
    if known(source) and source.etag:
        headers["if-none-match"] = source.etag
    if known(source) and source.changed:
        headers["if-modified-since"] = source.changed
    return headers


def _refused(answer: httpx.Response) -> NotThere:
    status = answer.status_code
    text = f"{_WORDS.get(status, 'its server does not have it for us now')} (it answers {status})"
    wait = str(answer.headers.get("retry-after", ""))
    code = _CODES.get(status, "answersNo")
    return NotThere(text, code, gone=status == 410, pause=float(wait) if wait.isdecimal() and len(wait) < 7 else 0.0)


def host_of(url: str) -> str:
    """The server that an address names."""
    try:
        return urlsplit(url).hostname or "the server"
    except ValueError:
        return "the server"
