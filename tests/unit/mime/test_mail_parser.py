"""Against what mail-parser says of its messages: part tree with offsets, decoded bodies, header fields.

Each expected file exists for LF and for CRLF line ends. Where we differ, a table says why, and ours is asserted.
"""

from __future__ import annotations

import calendar
import json
import re
from typing import Any

import pytest

from groupware.mime import media
from groupware.mime.addresses import parse, shown
from groupware.mime.charsets import decode
from groupware.mime.headers import date, decode_text, message_ids, unfold
from groupware.mime.lines import crlf
from groupware.mime.sections import decoded
from groupware.mime.summary import summarize
from tests.support import corpus

Json = dict[str, Any]
Row = tuple[int, str, int, int, int]

ROOT = "mail/mail-parser-rs"
NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in corpus.path(ROOT).glob("*/*.eml"))

# Files whose tree we tell differently (LF form): the reason, and our tree as depth, kind, header, body, end.
TREES: dict[str, tuple[str, list[Row]]] = {
    "malformed/000": (
        "parts without a body are parts (RFC 2046 §5.1.1); mail-parser drops the whole multipart",
        [
            (0, "multipart", 0, 48, 159),
            (1, "leaf", 55, 55, 55),
            (1, "leaf", 62, 87, 87),
            (1, "leaf", 94, 119, 119),
            (1, "leaf", 126, 150, 150),
        ],
    ),
    "malformed/001": (
        "'--ab' is the outer boundary and not the inner one, 'a', with a letter behind it; no part holds '--a'",
        [(0, "multipart", 0, 46, 132), (1, "leaf", 51, 96, 96), (1, "leaf", 101, 127, 132)],
    ),
    "malformed/008": (
        "'--ab' ends the inner multipart, whose boundary is 'a'",
        [
            (0, "multipart", 0, 46, 167),
            (1, "multipart", 51, 96, 130),
            (2, "leaf", 100, 126, 130),
            (1, "leaf", 136, 161, 167),
        ],
    ),
    "malformed/012": (
        "an outer delimiter ends all parts within (RFC 2046 §5.1.2), messages too",
        [
            (0, "multipart", 0, 45, 283),
            (1, "multipart", 49, 94, 218),
            (2, "message", 98, 128, 155),
            (3, "leaf", 128, 154, 155),
            (2, "message", 160, 190, 218),
            (3, "leaf", 190, 216, 218),
            (1, "message", 223, 253, 283),
            (2, "leaf", 253, 279, 283),
        ],
    ),
    "malformed/019": (
        "a line that is no field right behind a part's fields is its text: the blank line is missing",
        [
            (0, "multipart", 0, 398, 2804),
            (1, "leaf", 831, 874, 1201),
            (1, "leaf", 1215, 1258, 1397),
            (1, "leaf", 1411, 1454, 1746),
            (1, "leaf", 1760, 1803, 1846),
            (1, "leaf", 1860, 1860, 2235),
            (1, "leaf", 2249, 2292, 2336),
            (1, "leaf", 2350, 2350, 2725),
            (1, "leaf", 2739, 2739, 2762),
            (1, "leaf", 2776, 2776, 2788),
        ],
    ),
    "malformed/020": (
        "of two Content-Types the first counts, as everywhere; mail-parser takes the last",
        [
            (0, "multipart", 0, 233, 995),
            (1, "multipart", 255, 416, 767),
            (2, "leaf", 454, 526, 739),
            (2, "leaf", 766, 767, 767),
            (1, "leaf", 789, 868, 970),
        ],
    ),
    "rfc/008": (
        "a message/rfc822 must not be encoded (RFC 2046 §5.2.1); IMAP can tell offsets only of what is there",
        [
            (0, "multipart", 0, 83, 1648),
            (1, "leaf", 126, 199, 253),
            (1, "message", 297, 424, 1603),
            (2, "leaf", 424, 424, 1603),
        ],
    ),
    "thirdparty/005": (
        "a delimiter begins a line; 'invalid--1--' is text",
        [
            (0, "multipart", 0, 63, 610),
            (1, "leaf", 67, 145, 171),
            (1, "leaf", 176, 254, 291),
            (1, "leaf", 296, 374, 411),
            (1, "leaf", 416, 492, 517),
            (1, "leaf", 522, 597, 610),
        ],
    ),
    "thirdparty/015": (
        "the outer delimiter ends an attached message that is a header alone",
        [
            (0, "multipart", 0, 10496, 19855),
            (1, "leaf", 10533, 10622, 12146),
            (1, "message", 12184, 12344, 14532),
            (2, "leaf", 12344, 14532, 14532),
            (1, "message", 14569, 14727, 17108),
            (2, "leaf", 14727, 17108, 17108),
            (1, "message", 17145, 17297, 19815),
            (2, "leaf", 17297, 19037, 19815),
        ],
    ),
}
# Decoded bodies that we give otherwise, by file and the index of the part there.
BODIES = {
    ("legacy/026", 2): "8-bit octets in US-ASCII are Windows-1252 rather than U+FFFD",
    ("legacy/052", 0): "8-bit octets in US-ASCII are Windows-1252 rather than U+FFFD",
    ("rfc/000", 5): "text that says it is base64 is decoded; mail-parser gives it as it stands",
    ("rfc/000", 4): "text that says it is base64 is decoded; mail-parser gives it as it stands",
    ("thirdparty/002", 2): "a broken base64 tail yields its whole octets",
    ("thirdparty/002", 3): "a broken base64 tail yields its whole octets",
}


def octets_of(name: str) -> bytes:
    return corpus.read(f"{ROOT}/{name}.eml").replace(b"\r\n", b"\n")


def expected(name: str, form: str) -> Json:
    found: Json = json.loads(corpus.read(f"{ROOT}/{name}{'.crlf' if form == 'CRLF' else ''}.json"))
    return found


def rows(message: Json, at: int = 0, depth: int = 0) -> list[Row]:
    """The tree that mail-parser tells."""
    part = message["parts"][at]
    body = part["body"] if isinstance(part["body"], dict) else {}
    kind = "multipart" if "Multipart" in body else "message" if "Message" in body else "leaf"
    found = [(depth, kind, part["offset_header"], part["offset_body"], part["offset_end"])]
    for child in body.get("Multipart", ()):
        found += rows(message, child, depth + 1)
    if kind == "message":
        found += rows(body["Message"], 0, depth + 1)
    return found


@pytest.mark.parametrize("form", ["LF", "CRLF"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in TREES])
def test_part_tree_and_offsets(name: str, form: str) -> None:
    octets = octets_of(name)
    parts = summarize(crlf(octets) if form == "CRLF" else octets).parts
    ours = [(part.depth, part.kind, part.header_start, part.body_start, part.body_end) for part in parts]
    assert ours == rows(expected(name, form))


@pytest.mark.parametrize("name", TREES)
def test_part_tree_where_we_differ(name: str) -> None:
    reason, tree = TREES[name]
    ours = [(p.depth, p.kind, p.header_start, p.body_start, p.body_end) for p in summarize(octets_of(name)).parts]
    assert ours == tree, reason
    assert ours != rows(expected(name, "LF")), "no longer differs: take it out of the table"


@pytest.mark.parametrize("name", NAMES)
def test_decoded_bodies(name: str) -> None:
    octets = octets_of(name)
    ours = {(part.header_start, part.body_start, part.body_end): part for part in summarize(octets).parts}
    for index, theirs in enumerate(expected(name, "LF")["parts"]):
        part = ours.get((theirs["offset_header"], theirs["offset_body"], theirs["offset_end"]))
        if part is None or not isinstance(theirs["body"], dict):
            assert name in TREES or not isinstance(theirs["body"], dict)
            continue
        content = decoded(octets, part)
        same = True
        for kind, body in theirs["body"].items():
            if kind in ("Text", "Html"):
                same = decode(content, part.charset) == body
            elif kind in ("Binary", "InlineBinary"):
                same = content == bytes(body)
        assert same != ((name, index) in BODIES), (index, content[:80])


@pytest.mark.parametrize("name", NAMES)
def test_main_header_fields(name: str) -> None:
    theirs = {
        field["name"]: field["value"]
        for field in expected(name, "LF")["parts"][0]["headers"]
        if isinstance(field["name"], str) and field["value"] != "Empty"
    }
    summary = summarize(octets_of(name))
    if "message_id" in theirs:
        assert summary.message_id == theirs["message_id"]["Text"]
    if "subject" in theirs:
        assert matches(theirs["subject"]["Text"], summary.subject)
    if "date" in theirs:
        assert summary.date == seconds(theirs["date"]["DateTime"])
    for key, ours in (("from", summary.from_), ("to", summary.to), ("cc", summary.cc), ("bcc", summary.bcc)):
        if key in theirs:
            addresses = boxes(theirs[key]["Address"])
            assert len(addresses) == len(ours)
            for (shown_name, address), mailbox in zip(addresses, ours, strict=True):
                if address:
                    assert matches(shown_name, mailbox.name) and address == mailbox.address
                else:  # `From: Someone`: to mail-parser a name, to ENVELOPE a mailbox without a host
                    assert shown_name == mailbox.address


def matches(theirs: str, ours: str) -> bool:
    """Equal, but for 8-bit octets of no charset: Windows-1252 to us, U+FFFD to mail-parser."""
    return re.fullmatch(re.escape(theirs).replace("\N{REPLACEMENT CHARACTER}", "[\x80-\xff]"), ours) is not None


def boxes(value: Json) -> list[tuple[str, str]]:
    listed = value["List"] if "List" in value else [each for group in value["Group"] for each in group["addresses"]]
    return [(each["name"] or "", each["address"] or "") for each in listed]


def seconds(value: Json) -> int:
    zone = (value["tz_hour"] * 60 + value["tz_minute"]) * (-60 if value["tz_before_gmt"] else 60)
    clock = (value["year"], value["month"], value["day"], value["hour"], value["minute"], value["second"])
    return calendar.timegm(clock) - zone


def cases(name: str) -> list[tuple[bytes, Any]]:
    """(unfolded value, what mail-parser says): of a header text its first field alone counts."""
    found = []
    for case in json.loads(corpus.read(f"{ROOT}/{name}.json")):
        field = re.match(rb"(?:[^\n]|\n(?=[ \t]))*", case["header"].encode())
        assert field is not None
        found.append((unfold(field[0]), case["expected"]))
    return found


UNSPACED = "[SUSPECTED SPAM]This is the original subject"
TEXTS = {  # what we make of these instead
    b"[SUSPECTED SPAM]=?utf-8?B?VGhpcyBpcyB0aGUgb3JpZ2luYWwgc3ViamVjdA==?=": UNSPACED,
    b"[SUSPECTED SPAM]=?utf-8?B?VGhpcyBpcyB0aGUgb 3JpZ2luYWwgc3ViamVjdA==?=": UNSPACED,
}


@pytest.mark.parametrize(("value", "text"), cases("unstructured"))
def test_unstructured_texts(value: bytes, text: str) -> None:
    # Unfolding keeps the space of a fold (RFC 5322 §2.2.3), mail-parser makes it one.
    assert " ".join(decode_text(value).split()) == " ".join(TEXTS.get(value, text).split())


@pytest.mark.parametrize(("value", "ids"), cases("id"))
def test_message_ids(value: bytes, ids: Any) -> None:
    ids = [ids] if isinstance(ids, str) else ids
    assert list(message_ids(value)) == ["".join(each.split()) for each in ids]


NO_DATES = {b"4 8 15 16 23 42, 4 8 15 16 23 42, 4 8 15 16 23 42,", b"by 2002:aa7:cd10:0:b0:45c:2c83:1208 with SMTP"}


@pytest.mark.parametrize(("value", "moment"), cases("date"))
def test_dates(value: bytes, moment: Json | None) -> None:
    found = date(value)
    if moment is None or any(value.startswith(each) for each in NO_DATES):  # numbers, and a Received field
        assert found is None
        return
    assert found is not None
    zone = found.utcoffset()
    assert zone is not None
    assert found.timestamp() == seconds(moment)
    assert abs(zone.total_seconds()) == (moment["tz_hour"] * 60 + moment["tz_minute"]) * 60


TYPES = {  # what is no media type by RFC 2045 §5.1 is none to us
    b"text/plain/format": "text/plain",
    b"text/plain/format;charset=us-ascii": "text/plain",
    b"text/plain/format ;charset=us-ascii": "text/plain",
    b"test/": None,
    b"text/;charset=us-ascii": None,
}


@pytest.mark.parametrize(("value", "content"), cases("content_type"))
def test_content_types_and_dispositions(value: bytes, content: Json | None) -> None:
    found = media.media(value)
    if value in TYPES:
        assert (found.name if found else None) == TYPES[value]
    elif content is None:
        assert found is None
    elif content["c_subtype"] is None:
        kind = media.disposition(value)
        assert kind is not None and kind[0].decode() == content["c_type"].lower()
    else:
        assert found is not None and found.name == f"{content['c_type']}/{content['c_subtype']}".lower()


WITH_PARAMETERS = [  # mail-parser's answers to the last one are arbitrary
    (value, content["attributes"])
    for value, content in cases("content_type")
    if content and content["attributes"] and value not in TYPES and not value.startswith(b"malicious/attempt")
]


@pytest.mark.parametrize(("value", "attributes"), WITH_PARAMETERS)
def test_parameters(value: bytes, attributes: list[list[str]]) -> None:
    found, kind = media.media(value), media.disposition(value)
    params = found.params if found is not None else kind[1] if kind is not None else ()
    theirs = [each for each in attributes if not each[0].endswith("-language")]  # RFC 2231's language, made a parameter
    for name, text in theirs:
        ours = media.text_of_param(params, name.encode())
        assert "".join(ours.split()) == "".join(text.replace("\0", " ").split())


ADDRESSES = {  # a comment is a name only where there is no other; space and comments in an address are left out
    b"Pete(A nice  \\ ) chap) <pete(his account)@silly .test(his host)>": [("Pete chap)", "pete@silly.test")],
    b"A Group(Some people)        :Chris": [
        ("Chris Jones", "c@public.example"),
        ("", "joe@example.org"),
        ("John", "jdoe@one.test"),
    ],
    b"(Empty list)(start)": [],
    b"Mary Smith <@node.test": [("Mary Smith", "mary@example.net"), ("", "jdoe@test.example")],
    b"John Doe <jdoe@machine(comment).  example>": [("John Doe", "jdoe@machine.example")],
    b"Nathaniel Borenstein <nsb@thumper": [("Nathaniel Borenstein", "nsb@thumper.bellcore.com")],
}


@pytest.mark.parametrize(("value", "listed"), cases("address"))
def test_addresses(value: bytes, listed: Json) -> None:
    theirs = [(name.strip(), address) for name, address in boxes(listed)]
    theirs = next((ours for start, ours in ADDRESSES.items() if value.startswith(start)), theirs)
    assert [(each.name, each.address) for each in shown(parse(value))] == theirs
