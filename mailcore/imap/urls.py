"""IMAP URLs as CATENATE takes them: octets of the user's own readable messages. RFC 5092, RFC 4469 §3.

    imap://alice@host/Work;UIDVALIDITY=1/;UID=20/;SECTION=1.2/;PARTIAL=0.1024    of this server and this user
    /Work/;UID=20                                                                the same, without saying so
    ;UID=20                                                                      in the selected mailbox

A URL with an authorization of its own (URLAUTH) is none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from mailcore.imap import names

_ABSOLUTE: Final = re.compile(
    r"imap://(?:([^@/;]*)(?:;AUTH=[^@/]*)?@)?([^/:@]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(/.*)\Z", re.I
)
_PATH: Final = re.compile(
    r"(?:/(?P<mailbox>[^;?#]+?)(?:;UIDVALIDITY=(?P<validity>[0-9]{1,10}))?/)?;UID=(?P<uid>[0-9]{1,10})"
    r"(?:/;SECTION=(?P<section>[^;?#]+?))?(?:/;PARTIAL=(?P<start>[0-9]{1,10})(?:\.(?P<count>[0-9]{1,10}))?)?\Z",
    re.I,
)
LONGEST: Final = 8192


@dataclass(frozen=True, slots=True)
class Place:
    """Which octets a URL names. `mailbox` None: the selected one."""

    mailbox: str | None
    validity: int | None
    uid: int
    section: str
    start: int = 0
    count: int | None = None


def read_url(url: str, host: str, user: str) -> Place | None:
    """What the URL names for this user of this server; None when it names nothing that could be looked at."""
    if len(url) > LONGEST or not url.isascii():
        return None
    whole = _ABSOLUTE.match(url)
    if whole is not None:
        if whole[2].lower() != host.lower() or (whole[1] and _text(whole[1]).lower() != user.lower()):
            return None
        url = whole[3]
    found = _PATH.match(url)
    if found is None or (whole is not None and found["mailbox"] is None):
        return None
    try:
        mailbox = names.canonical(_text(found["mailbox"])) if found["mailbox"] is not None else None
        section = _text(found["section"] or "")
    except UnicodeDecodeError:
        return None
    validity, count = found["validity"], found["count"]
    return Place(
        mailbox,
        int(validity) if validity else None,
        int(found["uid"]),
        section,
        int(found["start"] or 0),
        int(count) if count else None,
    )


def _text(escaped: str) -> str:
    return unquote_to_bytes(escaped).decode()
