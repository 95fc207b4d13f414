"""How fetching from elsewhere went: in words, with a code before them for pages that say it in another language.

It is kept as `[code] words`, as IMAP has it of its responses (RFC 9051 §7.1).
"""

from __future__ import annotations

import re
from typing import Final

_CODED: Final = re.compile(r"\[([A-Za-z]{1,40})\] (.*)", re.DOTALL)


def coded(text: str, code: str) -> str:
    """Both, as they are kept; `code` may be ""."""
    return f"[{code}] {text}" if code else text


def apart(said: str) -> tuple[str, str]:
    """The words, and the code of what is kept; "": it has none."""
    found = _CODED.fullmatch(said)
    return (found[2], found[1]) if found is not None else (said, "")
