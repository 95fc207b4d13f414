"""However a message is changed, its parts are still found where they are now."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.mime.summary import summarize
from mailcore.sieve.actions import AddHeader, DeleteHeader
from mailcore.sieve.letter import Letter, applied
from mailcore.sieve.message import read

MESSAGE = (
    b"X-A: 1\r\nSubject: s\r\nX-A: 2\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n--b\r\n"
    b"Content-Type: text/html\r\n\r\n<p>t</p>\r\n--b--\r\n"
)
MESSAGES = st.sampled_from(
    [MESSAGE, MESSAGE.replace(b"\r\n", b"\n"), b"", b"\r\nbody", b"X-A: 1", b"no header", b"X-A: 1\n\n"]
)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "last", "delete", "put", "enclose"]), st.integers(1, 5)), max_size=6)


@settings(deadline=None)
@given(MESSAGES, STEPS)
def test_each_part_keeps_its_octets(octets: bytes, steps: list[tuple[str, int]]) -> None:
    letter = Letter(read(octets))
    bodies = {at: _part(letter, at) for at in range(1, len(letter.parts))}
    for step, number in steps:
        before = letter.octets
        count = len(letter.named.get(b"x-a", ()))
        if step in ("add", "last"):
            added = AddHeader("X-A", "x", last=step == "last")
            letter.add(added)
            assert letter.octets == applied(before, added)
            assert len(letter.named[b"x-a"]) == count + 1
        elif step == "delete" and number <= count:
            deleted = DeleteHeader("X-A", (number,))
            letter.delete(deleted)
            assert letter.octets == applied(before, deleted)
            assert len(letter.named.get(b"x-a", ())) == count - 1
        elif step == "put" and number < len(letter.parts) and letter.parts[number] is not None:
            gone = [at for at in letter.under(number) if at != number]
            letter.put(number, b"X-New: 1\r\n\r\nnew")
            bodies[number] = b"X-New: 1\r\n\r\nnew"
            assert all(letter.parts[at] is None for at in gone)
            for around in range(1, number):
                part = letter.parts[around]
                if part is not None and part.body_end > (letter.parts[number] or part).header_start:
                    bodies[around] = _part(letter, around)
        elif step == "enclose":
            letter.enclose(b"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\n", b"\r\n--z--\r\n")
        for at, body in bodies.items():
            assert letter.parts[at] is None or _part(letter, at) == body
        header, body = letter.header, letter.body
        assert header + body == letter.octets


def _part(letter: Letter, at: int) -> bytes:
    part = letter.parts[at]
    assert part is not None
    return letter.octets[part.header_start : part.body_end]


def test_the_header_of_the_message_is_where_a_fresh_look_finds_it() -> None:
    letter = Letter(read(MESSAGE))
    letter.add(AddHeader("X-B", "y"))
    letter.put(1, b"\r\nmore and more")
    letter.enclose(b"Subject: outer\r\n\r\n", b"")
    letter.add(AddHeader("X-C", "z", last=True))
    assert letter.header == letter.octets[: summarize(letter.octets).parts[0].body_start]
    assert [field.name for field in letter.fields] == [b"Subject", b"X-C"]


def test_a_field_on_a_message_without_a_header_gets_the_blank_line() -> None:
    assert applied(b"only text\r\n", AddHeader("X-A", "1")) == b"X-A: 1\r\n\r\nonly text\r\n"
    assert applied(b"", AddHeader("X-A", "1")) == b"X-A: 1\r\n\r\n"
    assert applied(b"X-B: 2", AddHeader("X-A", "1", last=True)) == b"X-B: 2\r\nX-A: 1\r\n"
