"""Categories of Outlook and the keywords of IMAP: any words for people, and back, as keywords that IMAP can send.

A sign that a keyword may not have is written as `=` and the octets of its UTF-8 in hexadecimal, as in quoted-printable.
Keywords that begin with `$` are for programs, and no categories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 255
_ODD: Final = re.compile(r"[^!#$&'+,\-./0-9:;<>?@A-Z\[^_`a-z|}~]|\A\$")
_CODED: Final = re.compile(r"(?:=[0-9A-F]{2})+")


def keyword_of(category: str) -> str:
    """The keyword; "" for what is too long, or nothing at all."""
    found = _ODD.sub(lambda sign: "".join(f"={octet:02X}" for octet in sign[0].encode("utf-8", "replace")), category)
    return found if len(found) <= LONGEST else ""


def category_of(keyword: str) -> str:
    """What people read."""
    return _CODED.sub(lambda found: bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace"), keyword)


def categories_in(keywords: Iterable[str]) -> list[str]:
    """The categories among keywords, in order."""
    return sorted(category_of(each) for each in keywords if not each.startswith("$"))
