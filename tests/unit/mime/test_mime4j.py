"""Against mime4j's event trees of its own and the MIME-tools messages: structure, field counts, bodies raw and decoded.

Where we differ, the table says why, and what we say is asserted.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

from groupware.mime.headers import fields
from groupware.mime.parts import Part
from groupware.mime.sections import children, decoded
from groupware.mime.summary import summarize
from tests.support import corpus

Row = tuple[int, str, int]
"""Depth, kind, number of header fields."""

ROOT = corpus.path("mail/mime4j")
NAMES = sorted(str(path.relative_to(ROOT))[:-4] for path in ROOT.glob("*/*.msg") if path.with_suffix(".xml").exists())

LEAF = "a multipart without a single delimiter line is shown as text, rather than as nothing"
ENCODED = "a message/rfc822 must not be encoded (RFC 2046 §5.2.1); IMAP can tell offsets only of what is there"
TEXT = "text without a blank line before it is text, not a broken header"
TREES: dict[str, tuple[str, list[Row]]] = {
    "mimetools-testmsgs/badbound": (LEAF, [(0, "leaf", 21)]),
    "mimetools-testmsgs/multi-2gifs-base64": (ENCODED, [(0, "message", 3), (1, "leaf", 0)]),
    "testmsgs/base64encoded-rfc822message": (ENCODED, [(0, "message", 4), (1, "leaf", 0)]),
    "testmsgs/base64encoded-rfc822message-nested": (ENCODED, [(0, "message", 4), (1, "leaf", 0)]),
    "testmsgs/malformedHeader-nocrlfcrlf": (TEXT, [(0, "leaf", 1)]),
    "testmsgs/missing-boundary": (LEAF, [(0, "leaf", 1)]),
    "testmsgs/missing-inner-boundary": (LEAF, [(0, "multipart", 1), (1, "leaf", 1), (1, "leaf", 1)]),
    "testmsgs/missing-inner-start-boundary": (LEAF, [(0, "multipart", 1), (1, "leaf", 1), (1, "leaf", 1)]),
    "testmsgs/multipartnopart": (LEAF, [(0, "leaf", 5)]),
    "testmsgs/very-long-boundary": (
        "a boundary cannot end in a space (RFC 2046 §5.1.1), and space behind a delimiter is nothing",
        [(0, "multipart", 1), (1, "leaf", 2), (1, "leaf", 0), (1, "leaf", 0)],
    ),
}
# The body of the root that mime4j drops or cuts: how ours begins.
BODIES = {
    "mimetools-testmsgs/hdr-fakeout": "The header is not properly terminated",
    "testmsgs/basic-plain-with-bad-header-separator": "This is a very simple message with a simple body",
    "testmsgs/malformedHeader-noheader": "This is a simple message not having headers.\nThe whole text",
    "testmsgs/malformedHeaderStartsBody-nocrlfcrlf": "This is an invalid header\nAnotherHeader:",
    "testmsgs/malformedHeaderStartsBody-noheader": "This is a simple message not having headers.\nThe whole text",
}


def theirs(name: str) -> list[tuple[Row, str]]:
    """mime4j's tree: a row and the text of the body for each part. The files name no encoding: octets stay octets."""
    octets = (ROOT / f"{name}.xml").read_bytes()
    return _rows(Xml.fromstring(b'<?xml version="1.0" encoding="iso-8859-1"?>' + octets), 0)


def _rows(element: Xml.Element, depth: int) -> list[tuple[Row, str]]:
    header = element.find("header")
    kind, inner = next(
        (kind, found) for kind in ("multipart", "message", "body") if (found := element.find(kind)) is not None
    )
    count = 0 if header is None else len(header.findall("field"))
    row = (depth, "leaf" if kind == "body" else kind, count)
    if kind == "message":
        return [(row, ""), *_rows(inner, depth + 1)]
    found = [(row, (inner.text or "").strip() if kind == "body" else "")]
    for part in inner.findall("body-part"):
        found += _rows(part, depth + 1)
    return found


def ours(name: str) -> list[tuple[Row, str]]:
    octets = (ROOT / f"{name}.msg").read_bytes()
    found = []
    for part in summarize(octets).parts:
        body = octets[part.body_start : part.body_end].decode("latin-1").replace("\r\n", "\n").strip()
        count = len(fields(octets[part.header_start : part.body_start]))
        found.append(((part.depth, str(part.kind), count), body if part.kind == "leaf" else ""))
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TREES and name not in BODIES])
def test_structure_and_bodies(name: str) -> None:
    assert ours(name) == theirs(name)


@pytest.mark.parametrize("name", TREES)
def test_structure_where_we_differ(name: str) -> None:
    reason, tree = TREES[name]
    found = [row for row, _ in ours(name)]
    assert found == tree, reason
    assert found != [row for row, _ in theirs(name)], "no longer differs: take it out of the table"


@pytest.mark.parametrize("name", BODIES)
def test_text_without_a_blank_line_before_it_is_not_lost(name: str) -> None:
    (row, body), *rest = ours(name)
    assert (row, rest) == (theirs(name)[0][0], [])
    assert body.startswith(BODIES[name])
    assert body != theirs(name)[0][1], "no longer differs: take it out of the table"


DECODED = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*/*_decoded_*.*"))
_DECODED_NAME = re.compile(r"(.*)_decoded_1((?:_\d+)*)\.(?:txt|bin)\Z")
# Decoded parts that differ for the reasons above, or for this one:
CONTENTS = {
    "mimetools-testmsgs/multi-frag_decoded_1_3_2.bin": "padding does not end base64 that goes on behind it",
    "testmsgs/multipartemptypart_decoded_1_2.txt": "the XML has one part, the decoded form two",
}


def part_at(parts: tuple[Part, ...], numbers: list[int]) -> Part | None:
    at = 0
    for number in numbers:
        inner = list(children(parts, at))
        if number > len(inner):
            return None
        at = inner[number - 1]
    return parts[at]


@pytest.mark.parametrize("name", DECODED)
def test_decoded_parts(name: str) -> None:
    found = _DECODED_NAME.match(name)
    assert found is not None
    octets = (ROOT / f"{found[1]}.msg").read_bytes()
    part = part_at(summarize(octets).parts, [int(number) for number in found[2].split("_")[1:]])
    content = None if part is None else decoded(octets, part).replace(b"\r\n", b"\n").rstrip()
    same = content == (ROOT / name).read_bytes().replace(b"\r\n", b"\n").rstrip()
    assert same or name in CONTENTS or found[1] in TREES or found[1] in BODIES
    assert not (same and name in CONTENTS), "no longer differs: take it out of the table"


def test_all_files_with_an_expected_tree_are_read() -> None:
    assert len(NAMES) == 53
    assert all(Path(ROOT / f"{name}.msg").exists() for name in (*TREES, *BODIES))
