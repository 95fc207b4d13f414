"""The scanner: where headers and parts begin and end, in good messages and broken ones; and its bounds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from groupware.mime.scan import DEEPEST, MOST_PARTS, scan


def bodies(octets: bytes) -> list[tuple[int, str, bytes]]:
    """Depth, kind and body of each part."""
    return [(node.depth, node.kind, octets[node.body_start : node.body_end]) for node in scan(octets)]


def leaves(octets: bytes) -> list[bytes]:
    return [body for _, kind, body in bodies(octets) if kind == "leaf"]


def test_the_line_end_before_a_delimiter_belongs_to_it() -> None:
    for end in (b"\n", b"\r\n"):
        octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n\n--b--\nend\n".replace(
            b"\n", end
        )
        assert leaves(octets) == [b"one", b"two" + end]


def test_a_closed_multipart_keeps_its_epilogue_out_of_its_parts() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b--\nepi\n--b\n\nno part\n"
    assert leaves(octets) == [b"one"]
    assert bodies(octets)[0][2].endswith(b"no part\n")


def test_a_missing_end_ends_with_the_octets_or_with_the_outer_delimiter() -> None:
    outer = b"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\n"
    assert leaves(outer + b"one\n--o\n\ntwo") == [b"one", b"two"]


def test_the_inner_of_two_equal_boundaries_counts() -> None:
    header = b"Content-Type: multipart/mixed; boundary=b\n\n"
    octets = header + b"--b\n" + header + b"--b\n\none\n--b--\n--b\n\ntwo"
    assert bodies(octets)[2:] == [(2, "leaf", b"one"), (1, "leaf", b"two")]


def test_a_boundary_that_begins_like_another_is_another() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=ab\n\n--ab\n\none\n--abc\n--a\ntwo\n--ab--"
    assert leaves(octets) == [b"one\n--abc\n--a\ntwo"]


def test_space_and_words_behind_a_delimiter_are_nothing() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--b word\n\ntwo\n--b-- bye\nepilogue"
    assert leaves(octets) == [b"one", b"two"]


def test_a_delimiter_in_the_middle_of_a_line_is_text() -> None:
    assert leaves(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none --b\n --b\n--b--") == [b"one --b\n --b"]


def test_parts_without_header_or_body() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nContent-Type: text/html\n--b\n\n\n--b--"
    assert leaves(octets) == [b"", b"", b"", b""]
    assert [node.media.sub for node in scan(octets)[1:]] == [b"plain", b"plain", b"html", b"plain"]


def test_a_message_inside_a_message_inside_a_part() -> None:
    octets = b"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: x\n\ntext"
    assert bodies(octets)[1:] == [(1, "message", b"Subject: x\n\ntext"), (2, "leaf", b"text")]


@pytest.mark.parametrize(
    ("octets", "body"),
    [
        (b"Subject: x\n\ntext\n", b"text\n"),
        (b"Subject: x\r\n\r\ntext\r\n", b"text\r\n"),
        (b"Subject: x\n\r\ntext\n", b"text\n"),
        (b"Subject: x\n folded\n \n\ntext\n", b"text\n"),
        (b"\ntext\n", b"text\n"),
        (b"Subject: x", b""),
        (b"Subject: x\n", b""),
        (b"no header at all\nFrom: here on\n\nx", b"no header at all\nFrom: here on\n\nx"),
        (b"Subject: x\nno blank line\nmore\n\nx", b"no blank line\nmore\n\nx"),
        (b"From ann@x Mon Jan  1 2024\nSubject: x\n\ntext", b"text"),
        (b"Subject: x\nnot a field\nTo: ann@x\n\ntext", b"text"),
        (b"Subject : space before the colon\n\ntext", b"text"),
        (b"Subj\xc3\xa4t: eight bit\n\ntext", b"Subj\xc3\xa4t: eight bit\n\ntext"),
    ],
)
def test_where_the_header_ends(octets: bytes, body: bytes) -> None:
    assert leaves(octets) == [body]


def test_a_delimiter_ends_a_header_without_a_blank_line_even_with_a_colon_in_it() -> None:
    octets = b'Content-Type: multipart/mixed; boundary="a:b"\n\n--a:b\nContent-Type: text/html\n--a:b\n\ntwo\n--a:b--\n'
    assert leaves(octets) == [b"", b"two"]


def test_nesting_deeper_than_the_bound_is_a_leaf() -> None:
    octets = b"Content-Type: message/rfc822\n\n" * 500
    nodes = scan(octets)
    assert len(nodes) == DEEPEST + 1
    assert (nodes[-1].kind, nodes[-1].media.name) == ("leaf", "application/octet-stream")
    many = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (depth, depth) for depth in range(500))
    assert max(node.depth for node in scan(many + b"\nx")) <= DEEPEST


def test_parts_beyond_the_bound_are_text() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (MOST_PARTS + 50)
    nodes = scan(octets)
    assert len(nodes) == MOST_PARTS
    assert nodes[-1].body_end == len(octets)
    messages = octets.replace(b"\n\nx\n", b"\nContent-Type: message/rfc822\n\nA: b\n\nx\n")
    assert len(scan(messages)) <= MOST_PARTS


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "dashes": lambda n: b'Content-Type: multipart/mixed; boundary="-"\n\n' + b"\n--" * n,
    "delimiters": lambda n: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * n,
    "no blank line": lambda n: b"Subject: x\nrubbish\n" + b"more rubbish\n" * n,
    "fields": lambda n: b"a:\n" * n,
    "folds": lambda n: b"Subject: x\n" + b" \n" * n,
    "recipients": lambda n: b"To: a@b\n" * n,
    "commas": lambda n: b"To: " + b"a," * n,
    "open quotes": lambda n: b"To: " + b'\\"' * n,
    "open comments": lambda n: b"To: " + b"(" * n,
    "angles": lambda n: b"To: " + b"<" * n,
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a" * n,
    "parameters": lambda n: b"Content-Type: text/plain" + b";a=b" * n,
    "bare parameters": lambda n: b"Content-Type: text/plain" + b" a=b" * n,
    "references": lambda n: b"References: " + b"<" * n,
    "brackets": lambda n: b"Subject: " + b"[a]" * n,
    "replies": lambda n: b"Subject: " + b"re: " * n,
    "tags": lambda n: b"Content-Type: text/html\n\n" + b"<style" * n,
    "entities": lambda n: b"Content-Type: text/html\n\n" + b"&#" * n,
    "quotes": lambda n: b"\n" + b">\n" * n,
    "base64 padding": lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"=" * n,
    "header of a part": lambda n: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nA: b\nx\n" * n,
    "deep": lambda n: b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (d % 99, d % 99) for d in range(n)
    ),
    "date": lambda n: b"Date: " + b"(" * n,
    "disposition": lambda n: b"Content-Disposition: " + b'a"' * n,
    "language": lambda n: b"Content-Language: " + b"en," * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_time_in_proportion_to_its_length(name: str) -> None:
    from groupware.mime.summary import summarize
    from groupware.mime.text import header_texts, text_of

    def seconds(octets: bytes) -> float:
        best = 9.0
        for _ in range(2):
            start = time.perf_counter()
            text_of(octets, summarize(octets).parts)
            header_texts(octets, summarize(octets).parts)
            best = min(best, time.perf_counter() - start)
        return best

    small, large = HOSTILE[name](4_000), HOSTILE[name](64_000)
    assert seconds(large) < 0.1 + 16 * 8 * seconds(small)
