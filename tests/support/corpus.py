"""The test data: real and nasty messages, calendars, cards. Beside the repository, or where POSTROOM_CORPUS says."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

CORPUS = Path(os.environ.get("POSTROOM_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")


def path(name: str) -> Path:
    """A file of the corpus, `mail/cpython/msg_01.txt`; FileNotFoundError says where the corpus was looked for."""
    found = CORPUS / name
    if not found.exists():
        raise FileNotFoundError(f"{found} is missing: put the test data there or set POSTROOM_CORPUS to where it is.")
    return found


def read(name: str) -> bytes:
    """The octets of a file of the corpus."""
    return path(name).read_bytes()


@cache
def messages() -> tuple[str, ...]:
    """The names of all mail messages, in order."""
    manifest = path("mail/MANIFEST.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in manifest]
    return tuple(sorted("mail/" + entry["path"] for entry in entries if entry["role"] == "message"))
